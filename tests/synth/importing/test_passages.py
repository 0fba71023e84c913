"""Passages in the forms that data sets give them."""

from __future__ import annotations

import pytest

from synth.importing.drafts import Unusable
from synth.importing.passages import passage_texts


@pytest.mark.parametrize(
    ("passages", "texts"),
    [
        ("c", ["c"]),
        (None, []),
        (42, ["42"]),
        (["c", "", " d "], ["c", "d"]),
        ([{"text": "c"}, {"passage_text": "d", "is_selected": 1}], ["c", "d"]),
        ([{"title": "T", "text": "c\n  d"}], ["T\nc\n  d"]),
        ([["T", ["c.", " d."]], ["U", ["e."]]], ["T\nc. d.", "U\ne."]),
        ({"title": ["T", "U"], "sentences": [["c.", " d."], ["e."]]}, ["T\nc. d.", "U\ne."]),
        ({"passage_text": ["c", "d"], "is_selected": [0, 1], "url": ["x", "y"]}, ["c", "d"]),
        ({"contexts": ["c", "d"], "labels": ["A", "B"]}, ["c", "d"]),
        ({"text": "c"}, ["c"]),
    ],
)
def test_every_form(passages, texts):
    assert passage_texts(passages) == texts


@pytest.mark.parametrize("passages", [[3], [{"url": "x"}], {"url": ["x"]}, [["T", [3]]]])
def test_what_is_no_passage(passages):
    with pytest.raises(Unusable, match="passages are neither"):
        passage_texts(passages)
