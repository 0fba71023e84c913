from __future__ import annotations

from typing import Any

import pytest
from docx.oxml import parse_xml

from rag.load.office.numbering import Numbering

SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def level(number: int, kind: str, text: str, start: int = 1) -> str:
    inside = f'<w:start w:val="{start}"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/>'
    return f'<w:lvl w:ilvl="{number}">{inside}</w:lvl>'


PART = f"""<w:numbering {SPACE}>
<w:abstractNum w:abstractNumId="7">{level(0, "decimal", "%1.")}{level(1, "decimal", "%1.%2")}
{level(2, "lowerLetter", "%3)")}
</w:abstractNum>
<w:abstractNum w:abstractNumId="8">{level(0, "bullet", "•")}{level(1, "upperRoman", "Art. %2", 3)}</w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="7"/>
<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>
</w:numbering>"""


def item(key: int, depth: int = 0) -> Any:
    numbers = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{key}"/></w:numPr>'
    return parse_xml(f"<w:p {SPACE}><w:pPr>{numbers}</w:pPr></w:p>")


@pytest.fixture
def numbering() -> Numbering:
    return Numbering(parse_xml(PART))


def test_levels_count_and_start_again_below_a_higher_one(numbering: Numbering) -> None:
    places = [(1, 0), (1, 1), (1, 1), (1, 2), (1, 0), (1, 1), (1, 2), (1, 2)]
    marks = [numbering.mark(item(key, depth), []) for key, depth in places]
    assert marks == ["1.", "1.1", "1.2", "a)", "2.", "2.1", "a)", "b)"]


def test_bullets_roman_numbers_and_starts(numbering: Numbering) -> None:
    assert [numbering.mark(item(2), []), numbering.mark(item(2, 1), []), numbering.mark(item(2, 1), [])] == [
        "-",
        "Art. III",
        "Art. IV",
    ]


def test_a_list_that_starts_anew_counts_by_itself(numbering: Numbering) -> None:
    assert [numbering.mark(item(key), []) for key in (1, 3, 3, 1)] == ["1.", "5.", "6.", "2."]


def test_a_style_may_make_a_paragraph_an_item(numbering: Numbering) -> None:
    style = parse_xml(f'<w:style {SPACE}><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>')
    plain = parse_xml(f"<w:p {SPACE}/>")
    assert numbering.mark(plain, [style]) == "1."
    assert numbering.mark(plain, []) is None
    assert numbering.mark(item(0), [style]) is None  # taken out of its list
    assert Numbering(None).mark(item(1), []) is None
