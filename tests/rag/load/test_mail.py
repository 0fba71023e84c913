"""Messages: their heads in one order above their text, and what is attached."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.mail import read_mail, unwrapped
from tests.support.parsed_pages import check

LIMITS = IngestSettings()


def message(subject: str = "Rent of May") -> EmailMessage:
    mail = EmailMessage()
    mail["To"], mail["From"] = "Emil <emil@b.example>", "Ada <ada@a.example>"
    mail["Date"] = "Wed, 01 May 2024 10:00:00 +0200"
    if subject:
        mail["Subject"] = subject
    mail.set_content("The rent rose.\n\nIt is 950 now.\n")
    return mail


def read(path: Path, content: bytes) -> tuple[str, dict[str, str], str]:
    path.write_bytes(content)
    reader = read_mail(path, LIMITS)
    pages = [reader.page(index) for index in range(reader.info.n_pages)]
    for page in pages:
        check(page)
    return reader.info.title, dict(reader.info.metadata), "\n\n".join(page.text for page in pages)


def test_heads_stand_in_one_order_above_the_text(tmp_path: Path) -> None:
    title, metadata, text = read(tmp_path / "a.eml", message().as_bytes())
    assert title == "Rent of May"
    assert metadata["author"] == "Ada <ada@a.example>"
    assert metadata["created"] == "2024-05-01T10:00:00+02:00"
    assert text == (
        "Rent of May\n\nFrom: Ada <ada@a.example>\nTo: Emil <emil@b.example>\n"
        "Date: Wed, 01 May 2024 10:00:00 +0200\n\nThe rent rose.\n\nIt is 950 now."
    )


def test_encoded_heads_are_decoded_and_folded_ones_are_one_line(tmp_path: Path) -> None:
    raw = b"Subject: =?utf-8?q?Z=C3=BCrich?=\n and more\nFrom: a@b.example\n\nRent.\n"
    title, _, text = read(tmp_path / "a.eml", raw)
    assert title == "Zürich and more"
    assert text.startswith("Zürich and more\n")


def test_plain_text_is_taken_before_markup(tmp_path: Path) -> None:
    mail = message()
    mail.add_alternative("<p>other words</p>", subtype="html")
    _, _, text = read(tmp_path / "a.eml", mail.as_bytes())
    assert "The rent rose." in text
    assert "other words" not in text


def test_what_is_attached_is_named_and_not_read(tmp_path: Path) -> None:
    mail = message()
    mail.add_attachment(b"secret", maintype="application", subtype="pdf", filename="lease.pdf")
    mail.add_attachment(b"secret", maintype="image", subtype="png")
    _, _, text = read(tmp_path / "a.eml", mail.as_bytes())
    assert text.endswith("Attachment: lease.pdf\n\nAttachment: image/png")
    assert "secret" not in text


def test_hidden_markup_of_a_message_is_hidden(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Rent"
    mail.set_content("<p>seen</p><p style='display:none'>evil</p>", subtype="html")
    _, _, text = read(tmp_path / "a.eml", mail.as_bytes())
    assert "seen" in text
    assert "evil" not in text


def test_a_date_that_is_none_is_left_out(tmp_path: Path) -> None:
    raw = b"Subject: Rent\nDate: some day\n\nThe rent rose.\n"
    _, metadata, text = read(tmp_path / "a.eml", raw)
    assert not metadata.get("created")
    assert "The rent rose." in text


@pytest.mark.parametrize(
    "content",
    [
        b"\n\n",
        b"MIME-Version: 1.0\nContent-Type: text/plain\n\n \n",
        b"Subject: \nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n--x--\n",
    ],
)
def test_a_message_without_a_word_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(content)
    with pytest.raises(DataError, match="holds no message"):
        read_mail(path, LIMITS)


def test_heads_of_bytes_without_an_encoding_are_guessed_as_text_is(tmp_path: Path) -> None:
    title, _, _ = read(tmp_path / "a.eml", "Subject: Loyer de l'été\nFrom: a@b.example\n\nLe loyer.\n".encode("cp1252"))
    assert title == "Loyer de l'été"
    title, _, _ = read(tmp_path / "b.eml", "Subject: Miete für Mai\nFrom: a@b.example\n\nDie Miete.\n".encode())
    assert title == "Miete für Mai"


def test_a_quoted_paragraph_has_one_mark() -> None:
    text = "It is 950.\nOn Monday Ada wrote:\n> What is the rent,\n> and since when?\n>\n> Ada\n>> older\nBye"
    assert unwrapped(text) == (
        "It is 950.\nOn Monday Ada wrote:\n\n> What is the rent,\nand since when?\n\n> Ada\n\n>> older\n\nBye"
    )
    assert unwrapped("a > b\nc") == "a > b\nc"


def test_flowed_lines_are_one_line() -> None:
    text = "The rent \nis 950 \neuro.\nNext line\n> quoted \n> too\n-- \nAda"
    assert unwrapped(text, flowed=True) == "The rent is 950 euro.\nNext line\n\n> quoted too\n\n-- \nAda"
    assert unwrapped("re \nnt", flowed=True, drops_blank=True) == "rent"


def test_parts_that_a_viewer_shows_below_each_other_are_read(tmp_path: Path) -> None:
    mail = message()
    mail.add_attachment(b"secret", maintype="application", subtype="pdf", filename="lease.pdf")
    second = EmailMessage()
    second.set_content("Sent from the quay.\n")
    mail.attach(second)
    _, _, text = read(tmp_path / "a.eml", mail.as_bytes())
    assert text.endswith("Attachment: lease.pdf\n\nSent from the quay.")
