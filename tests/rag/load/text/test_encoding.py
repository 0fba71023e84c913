"""Encodings of short texts, labels of the web, and the note where a guess is unsure."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.pdf.open_reader import open_reader
from rag.load.text.encoding import decode, decode_file

WESTERN = [
    "The tenant’s deposit is €250 – payable in May.\n",
    "The café’s deposit is €250 – refundable within 14 days. Müller signs.",
    "It’s the landlord’s duty",
    "Price: €99 – incl. VAT",
    "“Quoted” — said Zoë…",
    "Die Gebühr beträgt 5 Euro für Müller & Söhne.",
    "¿Cuánto cuesta? La niña pagó 5 € en Málaga.",
    "Température : 25 °C, surface 40 m², « oui »",
    "A condição da ação não é fácil, São Paulo.",
    "Åse Sørensen får 5 øre på lørdag.",
    "© 2025 Acme™ – all rights reserved · §5",
    "Öl",
    "The fee is £250 a month, and it’s due.",
    "Hún á heima í Reykjavík, og þar er ný íbúð.",
]


@pytest.mark.parametrize("text", WESTERN)
def test_short_western_text_is_windows_1252_without_a_doubt(text: str) -> None:
    assert decode(text.encode("cp1252")) == (text, "")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Zażółć gęślą jaźń. Umowa została zawarta na czas określony dwóch lat."),
        ("cp1250", "Smlouva se uzavírá na dobu dvou let a může být vypovězena. Cena je pět korun, řádek."),
        ("cp1251", "Привет, как дела? Договор заключён на два года."),
        ("cp1250", "Czynsz wynosi 900 złotych miesięcznie, źródło: księga."),
        ("iso8859_2", "Czynsz wynosi 900 złotych miesięcznie, źródło: księga."),
        ("cp1250", "A bérleti díj kétszáz euró, és őszig tart. Fűtés külön."),
        ("cp1251", "Орендна плата становить 900 євро на місяць."),
        ("koi8_r", "Арендная плата составляет 900 рублей в месяц. Срок два года."),
        ("cp866", "Арендная плата составляет 900 рублей в месяц. Срок два года."),
        ("cp1253", "Το ενοίκιο είναι 900 ευρώ τον μήνα. Η σύμβαση ισχύει δύο έτη."),
        ("cp1255", "שכר הדירה הוא 900 אירו לחודש. החוזה תקף לשנתיים."),
        ("cp437", "Die Gebühr beträgt 5 Euro für Müller & Söhne."),
        ("cp850", "Die Miete für die Wohnung beträgt 800 Euro."),
        ("cp850", "Die Straße ist groß, und die Miete ist hoch."),
        ("cp850", "Il costo è più alto: perché? Città, virtù."),
        ("cp850", "La habitación cuesta 40 euros al año, señor."),
        ("cp437", "Gebühr für Müll: 15 Euro"),
        ("cp437", "The café closes at 9. Naïve résumé."),
        ("cp437", "The fee is £250 a month, at 25 °C ± 2 °C."),
        ("cp437", "┌──┐\r\n│a │\r\n└──┘\r\n"),
        ("mac_roman", "The tenant’s deposit is £250."),
        ("mac_roman", "L’été à Nîmes : 30 °C."),
        ("cp1254", "Kira bedeli aylık 5000 lira. Şubat ayında ödenir, ığdır."),
        ("cp1253", "Το ενοίκιο είναι 500 ευρώ."),
        ("cp1253", "Ο φύλακας είναι ο Νίκος και η πόρτα κλείνει."),
        ("cp1254", "İskele saat dokuzda açılır; Ağustos’ta kapalıdır."),
        ("iso8859_7", "Ενοικιαστής: Μαρία Παπαδοπούλου, η εγγύηση είναι 300 ευρώ."),
        ("cp1255", "שכר הדירה הוא 500 שקלים לחודש."),
        ("cp1257", "Šiaulių namas: nuoma 300 eurų, ąžuolas"),
        ("iso8859_15", "Übung macht den Meister: 3 Stück à 5 €, früh"),
    ],
)
def test_other_single_byte_encodings_are_guessed_with_a_note(encoding: str, text: str) -> None:
    decoded = decode(text.encode(encoding))
    assert decoded is not None
    assert decoded[0] == text
    assert decoded[1].startswith("encoding guessed: ")


def test_a_long_text_in_another_script_needs_no_note() -> None:
    text = "Договор заключён на два года, и каждая сторона может его расторгнуть. " * 12
    assert decode(text.encode("cp1251")) == (text, "")


def test_a_long_text_of_an_old_page_needs_no_note() -> None:
    text = "Die Gebühr für die Wohnung beträgt fünf Euro, und die Kündigung ist möglich. " * 80
    assert decode(text.encode("cp850")) == (text, "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "utf-8", "shift_jis", "euc_jp", "iso2022_jp"])
def test_encodings_that_show_themselves(encoding: str) -> None:
    text = "契約期間は二年間です。賃料は月額十二万円です。"
    assert decode(text.encode(encoding)) == (text, "")


@pytest.mark.parametrize("label", ["iso-8859-1", "latin1", "ascii", "windows-1252"])
def test_a_label_means_what_it_means_on_the_web(tmp_path: Path, label: str) -> None:
    text = "Le prix du café est 3,50 € environ à l'été."
    markup = f"<html><head><meta charset={label}></head><body><p>{text}</p></body></html>"
    path = tmp_path / "l.html"
    path.write_bytes(markup.encode("cp1252"))
    reader = open_reader(path, IngestSettings())
    assert (reader.page(0).text, reader.page(0).reason) == (text, "")


def test_utf_8_wins_over_a_wrong_label() -> None:
    assert decode("déjà vu".encode(), "iso-8859-1") == ("déjà vu", "")
    assert decode("déjà vu".encode("cp1252"), "utf-8") == ("déjà vu", "")
    assert decode("déjà vu".encode("cp1252"), "no-such-label") == ("déjà vu", "")


def test_chinese_and_korean_show_themselves() -> None:
    for encoding, text in (
        ("gbk", "本合同期限为两年。每月租金为九百欧元，押金为两个月租金。"),
        ("big5", "本合約期限為兩年。每月租金為九百歐元，押金為兩個月租金。"),
        ("euc_kr", "임대료는 월 90만 원입니다. 계약 기간은 2년입니다."),
    ):
        assert decode(text.encode(encoding)) == (text, "")


def test_a_last_letter_beyond_ascii_is_no_cut_character() -> None:
    assert decode("Prix du café".encode("cp1252")) == ("Prix du café", "")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_by_its_zeros(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("The tenant’s deposit is €250.".encode(encoding))
    page = open_reader(path, IngestSettings()).page(0)
    assert (page.text, page.reason) == ("The tenant’s deposit is €250.", "")


def test_a_character_that_is_cut_at_the_end_costs_one_character() -> None:
    assert decode("Größe é".encode()[:-1]) == ("Größe \ufffd", "")


def test_a_doubtful_guess_is_noted_on_the_page(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("Привет, как дела?".encode("cp1251"))
    page = open_reader(path, IngestSettings()).page(0)
    assert page.quality == "poor"
    assert page.reason.startswith("encoding guessed: ")


def test_what_no_encoding_makes_text_of_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(range(128, 256)) * 3 + b"\x00\x01\x02" * 50)
    with pytest.raises(DataError, match="not text in any known encoding"):
        decode_file(path)
