"""Formats of one file each: tables, records, messages, books, code and logs."""

from __future__ import annotations

import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.formats import READERS, open_sections
from rag.load.pdf.open_reader import open_reader
from rag.load.sniff import SUFFIXES, kind_of
from rag.load.text.delimited import delimiter_of
from tests.support.parsed_pages import cells, kinds, read, table_of


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'City,Fee\nBern,"1,204"\n"Old ""Town""",5\n'),
        ("a.csv", 'City;Fee\nBern;1,204\n"Old ""Town""";5\n'),
        ("a.tsv", 'City\tFee\nBern\t1,204\n"Old ""Town"""\t5\n'),
        ("a.csv", '\ufeffCity|Fee\nBern|1,204\n"Old ""Town"""|5\n'),
    ],
)
def test_delimited(tmp_path: Path, name: str, text: str) -> None:
    info, (page,) = read(tmp_path / name, text)
    assert info.kind == name[2:]
    assert cells(page, table_of(page)) == [["City", "Fee"], ["Bern", "1,204"], ['Old "Town"', "5"]]
    assert table_of(page).head_rows == 1


def test_csv_with_lines_above_and_figures_alone(tmp_path: Path) -> None:
    _, (page,) = read(tmp_path / "a.csv", "Weather of the year,,\n,,\nStation,Rain,Snow\nBern,5,\n")
    assert kinds(page)[0] == ("paragraph", "", "Weather of the year")
    assert cells(page, table_of(page)) == [["Station", "Rain", "Snow"], ["Bern", "5", ""]]
    _, (page,) = read(tmp_path / "c.csv", "Report of 2025\n\nRegion,Rain\nNorth,5\n")
    assert [kind for kind, _, _ in kinds(page)] == ["paragraph", "table"]
    _, (page,) = read(tmp_path / "d.csv", "Report of 2025\nRegion,Rain\nNorth,5\n")
    assert [kind for kind, _, _ in kinds(page)] == ["paragraph", "table"]
    _, (page,) = read(tmp_path / "e.csv", "sep=;\nName;Age\nAda;36\n")
    assert page.text == "Name | Age\nAda | 36"
    _, (page,) = read(tmp_path / "b.csv", "1,2\n3,4\n")
    assert table_of(page).head_rows == 0


@pytest.mark.parametrize(("text", "mark"), [("a;b\n1,5;2\n", ";"), ("a,b\n1,2\n", ","), ("x\ty\n1,5\t2\n", "\t")])
def test_the_delimiter_is_the_one_the_rows_agree_on(text: str, mark: str) -> None:
    assert delimiter_of(text) == mark


def test_more_cells_than_are_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than 1,000,000 cells"):
        read(tmp_path / "a.csv", "a,b,c,d\n" + "1,2,3,4\n" * 250_001)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '[{"city": "Bern", "fee": 5}, {"city": "Basel", "fee": null, "open": true}]'),
        ("a.jsonl", '{"city": "Bern", "fee": 5}\n{"city": "Basel", "fee": null, "open": true}\n'),
    ],
)
def test_records_are_a_table(tmp_path: Path, name: str, text: str) -> None:
    _, (page,) = read(tmp_path / name, text)
    assert cells(page, table_of(page)) == [["city", "fee", "open"], ["Bern", "5", ""], ["Basel", "", "true"]]
    assert table_of(page).head_rows == 1


def test_json_that_is_no_table_stays_text(tmp_path: Path) -> None:
    text = '{\n  "pump": {"limit": 40},\n\n  "names": ["Ann"]\n}'
    assert read(tmp_path / "a.json", text)[1][0].text == text
    wide = '{"rows": [' + ", ".join(f'{{"n": {n}, "in": [{{"x": 1}}]}}' for n in range(99)) + "]}"
    _, pages = read(tmp_path / "b.json", wide)
    assert '      "n": 42,' in "".join(page.text for page in pages)
    assert read(tmp_path / "c.json", '{"a": broken')[1][0].text == '{"a": broken'
    deep = "[" * 100_000
    assert "".join(page.text for page in read(tmp_path / "d.json", deep)[1]) == deep


@pytest.mark.parametrize("name", ["a.py", "a.log", "a.yaml", "a.toml", "a.sql"])
def test_code_and_logs_stay_as_they_are(tmp_path: Path, name: str) -> None:
    text = "def rent(flat):\n    # 1. look it up\n    return TABLE[flat]  # euro\n\n\na  b\nc  d\ne  f"
    info, (page,) = read(tmp_path / name, text)
    assert (info.kind, page.text) == ("text", text)
    assert {kind for kind, _, _ in kinds(page)} == {"paragraph"}


def test_a_long_log_without_an_empty_line_is_read_in_linear_time(tmp_path: Path) -> None:
    _, pages = read(tmp_path / "a.log", "2025-01-01 12:00:00 INFO pump 7 started\n" * 50_000)
    assert 500 < len(pages) < 1100
    _, pages = read(tmp_path / "a.txt", "word " * 400_000)
    assert 450 < len(pages) < 700


def message() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ann <ann@example.org>", "bo@example.org", "The müller lease"
    mail["Date"] = "Tue, 04 Mar 2025 15:30:00 +0100"
    mail.set_content("Dear Bo,\n\nthe rent is 900 euro.\n")
    mail.add_alternative("<p>Dear Bo, the <b>rent</b></p>", subtype="html")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="lease.pdf")
    return mail


def test_mail(tmp_path: Path) -> None:
    info, (page,) = read(tmp_path / "a.eml", message().as_bytes())
    assert (info.kind, info.title) == ("eml", "The müller lease")
    assert info.metadata == {"author": "Ann <ann@example.org>", "created": "2025-03-04T15:30:00+01:00"}
    assert [text for _, _, text in kinds(page)] == [
        "The müller lease",
        "From: Ann <ann@example.org>",
        "To: bo@example.org",
        "Date: Tue, 04 Mar 2025 15:30:00 +0100",
        "Dear Bo,",
        "the rent is 900 euro.",
        "Attachment: lease.pdf",
    ]


def test_mail_of_html_alone_and_mail_inside_mail(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Outer"
    mail.set_content("<p>Seen <span style='display:none'>evil</span></p>", subtype="html")
    mail.add_attachment(message())
    _, pages = read(tmp_path / "a.eml", mail.as_bytes())
    text = "\n".join(page.text for page in pages)
    assert "evil" not in text
    assert "the rent is 900 euro." in text
    assert pages[-1].label == "Outer > The müller lease"


CHAPTER = """<html xmlns="http://www.w3.org/1999/xhtml"><head><title>One</title>
<link rel="stylesheet" href="../style.css"/></head><body><h1>Of pumps</h1><p>A pump lifts 40 m.</p>
<p class="gone">evil</p></body></html>"""


def book(path: Path, *, chapters: int = 2) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        )
        items = "".join(
            f'<item id="c{n}" href="text/c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(chapters)
        )
        spine = "".join(f'<itemref idref="c{n}"/>' for n in reversed(range(chapters)))
        archive.writestr(
            "OEBPS/book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            "<dc:title>The book of pumps</dc:title><dc:creator>Ann</dc:creator></metadata>"
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        archive.writestr("OEBPS/style.css", ".gone { display: none }")
        for n in range(chapters):
            archive.writestr(f"OEBPS/text/c{n}.xhtml", CHAPTER.replace("40 m", f"{n} m"))
    return path


def test_epub(tmp_path: Path) -> None:
    info, pages = read(book(tmp_path / "b.epub"))
    assert (info.kind, info.title, info.metadata) == ("epub", "The book of pumps", {"author": "Ann"})
    assert [page.text for page in pages] == ["Of pumps\n\nA pump lifts 1 m.", "Of pumps\n\nA pump lifts 0 m."]
    assert pages[0].hidden_text == "evil"


def test_a_damaged_book_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.epub", "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
    with pytest.raises(DataError, match="damaged or encrypted EPUB"):
        read(tmp_path / "b.epub")


def test_a_package_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<w>" + b" " * (40 << 20))
    with pytest.raises(DataError, match=r"unpacks to 40 MiB of XML, more than 32 MiB"):
        open_reader(path, IngestSettings(memory_mb=256))


@pytest.mark.parametrize("name", ["word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"])
def test_entities_that_double_themselves_are_refused(tmp_path: Path, name: str) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><Types>&e11;</Types>')
        archive.writestr("_rels/.rels", f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><x>&e11;</x>')
        archive.writestr(name, "<x/>")
    with pytest.raises(DataError, match="damaged"):
        read(path)


def test_every_suffix_taken_from_a_folder_has_a_reader(tmp_path: Path) -> None:
    for suffix in SUFFIXES - {".pdf", ".docx", ".xlsx", ".pptx", ".epub"}:
        path = tmp_path / f"a{suffix}"
        path.write_text(r"{\rtf1 words}" if suffix == ".rtf" else "words of a file")
        kind = kind_of(path)
        assert kind in READERS
        if suffix not in (".eml", ".rtf"):
            assert "words" in open_sections(path, kind, IngestSettings()).page(0).text
