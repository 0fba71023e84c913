"""A whole Word document: order of its parts, running lines, notes, links, properties, damage."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE

from core.errors import DataError
from core.settings import IngestSettings
from core.types import Page
from rag.load.office.word import PARSER, read_docx
from rag.load.sections import SectionReader
from tests.support.parsed_pages import check, kinds, pages_of

LIMITS = IngestSettings()


def saved(path: Path, make: Callable[[Document], None]) -> Path:
    document = docx.Document()
    make(document)
    document.save(str(path))
    return path


def pages(reader: SectionReader) -> list[Page]:
    read = [reader.page(index) for index in range(reader.info.n_pages)]
    for page in read:
        check(page)
    return read


def test_headers_come_first_and_footers_last_each_once(tmp_path: Path) -> None:
    def make(document: Document) -> None:
        document.sections[0].header.paragraphs[0].text = "Lease SH-2291"
        document.sections[0].footer.paragraphs[0].text = "Confidential"
        document.add_heading("Rent", 1)
        document.add_paragraph("The rent is $900.")
        second = document.add_section()
        second.header.is_linked_to_previous = second.footer.is_linked_to_previous = False
        second.header.paragraphs[0].text = "Lease SH-2291"  # the same again
        second.footer.paragraphs[0].text = "Page 7"  # a bare number is none
        document.add_paragraph("Pets are allowed.")

    (page,) = pages(read_docx(saved(tmp_path / "a.docx", make), LIMITS))
    assert [(kind, text) for kind, _, text in kinds(page)] == [
        ("header", "Lease SH-2291"),
        ("heading", "Rent"),
        ("paragraph", "The rent is $900."),
        ("paragraph", "Pets are allowed."),
        ("footer", "Confidential"),
    ]


def test_facts_of_the_file(tmp_path: Path) -> None:
    def make(document: Document) -> None:
        document.core_properties.title = "Lease of a flat"
        document.core_properties.author = "Ada Lint"
        document.add_paragraph("The rent is $900.")

    info = read_docx(saved(tmp_path / "a.docx", make), LIMITS).info
    assert (info.kind, info.unit, info.title, info.n_pages) == ("docx", "section", "Lease of a flat", 1)
    assert info.metadata["author"] == "Ada Lint"
    assert info.parser == PARSER and PARSER.startswith("python-docx ")


def test_targets_of_links_stand_behind_their_words(tmp_path: Path) -> None:
    def make(document: Document) -> None:
        paragraph = document.add_paragraph("Write to ")
        relation = document.part.relate_to("https://a.example/desk", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        link = paragraph._p.makeelement(docx.oxml.ns.qn("w:hyperlink"), {docx.oxml.ns.qn("r:id"): relation})
        link.append(paragraph.add_run("the desk")._r)
        paragraph._p.append(link)

    (page,) = pages(read_docx(saved(tmp_path / "a.docx", make), LIMITS))
    assert page.text == "Write to the desk (https://a.example/desk)"


def test_an_empty_document_is_opened_and_has_no_text(tmp_path: Path) -> None:
    (page,) = pages(read_docx(saved(tmp_path / "a.docx", lambda _: None), LIMITS))
    assert (page.text, page.quality) == ("", "empty")


def without(source: Path, path: Path, member: str) -> Path:
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(path, "w") as target:
        for name in archive.namelist():
            if name != member:
                target.writestr(name, archive.read(name))
    return path


def replaced(source: Path, path: Path, member: str, content: bytes) -> Path:
    with zipfile.ZipFile(without(source, path, member), "a") as target:
        target.writestr(member, content)
    return path


@pytest.mark.parametrize("member", ["word/document.xml", "[Content_Types].xml", "_rels/.rels"])
def test_a_package_without_its_main_parts_is_named_as_damaged(tmp_path: Path, member: str) -> None:
    path = without(saved(tmp_path / "whole.docx", lambda _: None), tmp_path / "a.docx", member)
    with pytest.raises(DataError, match="damaged Word document") as raised:
        read_docx(path, LIMITS)
    assert raised.value.path == str(path)


@pytest.mark.parametrize("content", [b"", b"<w:document", b"\xff\xfe", b"<html/>"])
def test_a_body_that_is_no_word_is_named_as_damaged(tmp_path: Path, content: bytes) -> None:
    whole = saved(tmp_path / "whole.docx", lambda _: None)
    with pytest.raises(DataError, match="damaged"):
        read_docx(replaced(whole, tmp_path / "a.docx", "word/document.xml", content), LIMITS)


def test_entities_of_a_part_are_not_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the key of the safe")

    def make(document: Document) -> None:
        document.sections[0].footer.paragraphs[0].text = "Confidential"
        document.add_paragraph("The rent is $900.")

    whole = saved(tmp_path / "whole.docx", make)
    with zipfile.ZipFile(whole) as archive:
        footer = archive.read("word/footer1.xml").decode()
    declared = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    footer = footer.replace("?>", f"?>{declared}", 1).replace("Confidential", "Confidential &e;")
    path = replaced(whole, tmp_path / "a.docx", "word/footer1.xml", footer.encode())
    try:
        read = "".join(page.text + page.hidden_text for page in pages(read_docx(path, LIMITS)))
    except DataError as error:
        read = str(error)
    assert "key of the safe" not in read


def test_a_comment_stands_behind_the_paragraph_that_it_is_made_on(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("The price of copper is 8,900 euro.")
    document.add_comment(paragraph.runs, text="Check it with the supplier.", author="Lena", initials="L")
    document.add_paragraph("Zinc is cheaper.")
    document.save(str(tmp_path / "c.docx"))
    (page,) = pages_of(tmp_path / "c.docx")
    assert kinds(page) == [
        ("paragraph", "", "The price of copper is 8,900 euro."),
        ("annotation", "", "Lena: Check it with the supplier."),
        ("paragraph", "", "Zinc is cheaper."),
    ]
