"""Fields, form fields and symbols of Word documents, element by element."""

from __future__ import annotations

import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from rag.load.office.fields import form_value, link_of, symbol


@pytest.mark.parametrize(
    ("instruction", "target"),
    [
        (' HYPERLINK "https://a.example/x" ', "https://a.example/x"),
        ('hyperlink "mailto:a@b.example" \\o "write"', "a@b.example"),
        (' HYPERLINK \\l "_Toc1"', ""),
        (' HYPERLINK "javascript:x()"', ""),
        (" PAGE ", ""),
    ],
)
def test_links(instruction: str, target: str) -> None:
    assert link_of(instruction) == target


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("<w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox>", "☒"),
        ("<w:checkBox><w:default w:val='1'/></w:checkBox>", "☒"),
        ("<w:checkBox><w:default w:val='1'/><w:checked w:val='0'/></w:checkBox>", "☐"),
        ("<w:ddList><w:result w:val='1'/><w:listEntry w:val='day'/><w:listEntry w:val='night'/></w:ddList>", "night"),
        ("<w:ddList><w:listEntry w:val='day'/><w:listEntry w:val='night'/></w:ddList>", "day"),
        ("<w:textInput/>", ""),
    ],
)
def test_form_fields(data: str, value: str) -> None:
    mark = parse_xml(f"<w:fldChar {nsdecls('w')} w:fldCharType='begin'><w:ffData>{data}</w:ffData></w:fldChar>")
    assert form_value(mark) == value


@pytest.mark.parametrize(
    ("font", "code", "sign"),
    [
        ("Wingdings", "F0FE", "☒"),
        ("Wingdings", "F06F", "☐"),
        ("Wingdings", "F04A", ""),  # a smile
        ("Symbol", "F0B1", "±"),
        ("Arial", "03A9", "Ω"),
        ("Arial", "zz", ""),
    ],
)
def test_symbols(font: str, code: str, sign: str) -> None:
    assert symbol(parse_xml(f"<w:sym {nsdecls('w')} w:font='{font}' w:char='{code}'/>")) == sign
