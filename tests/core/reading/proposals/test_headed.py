"""A few words below the heading that is asked for answer, and the version behind the name of a program."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.headed import from_headings

LICENSE = "License\n\nMIT. Maintained by Ines Duarte."
NEEDS = "Requirements\n\n- Python 3.10 or newer\n- 50 MB of disk space"
LATE = "Delivery\n\nWe deliver on Fridays.\n\nReasons for a late delivery\n\nSnow and strikes."


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        ("Under which license is tool published?", LICENSE, "MIT"),
        ("What is the license?", LICENSE, "MIT"),
        ("What are the reasons for a late delivery?", LATE, "Snow and strikes"),
        ("Which Python version is needed?", NEEDS, "3.10 or newer"),
        ("Which Java version is needed?", NEEDS, None),
        ("What is the delivery?", LATE, None),  # a sentence, not what the heading names
        ("Who holds the license?", LICENSE, None),
        ("What is the fee?", "Fees\n\nFees are due in May.", None),
        ("What are the requirements?", NEEDS, None),  # a list, which others read
    ],
)
def test_what_stands_below_a_heading(question: str, text: str, short: str | None) -> None:
    about = Passage(key="b2c3d", source="tool.md, p. 1", text="Tool\n\nIt sends mail.")
    proposals = from_headings(question, [about, Passage(key="b2c3f", source="tool.md, p. 2", text=text)])
    assert (proposals[0].short if proposals else None) == short
    for proposal in proposals:
        quote = proposal.quotes[0]
        assert quote.passage == 1
        assert proposal.short in text[quote.start : quote.end]
