"""What becomes of a draft in a dataset, and back."""

from __future__ import annotations

import pytest

from core.types import Pair, Preference
from synth.dataset.judged import Judged
from synth.importing.draft_rows import draft_of_row, row_of_draft
from synth.importing.drafts import Draft

_DRAFT = Draft(question="q", answer="a", context="c", turns=(("q0", "a0"),), system="S", kind="conversation")


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        (_DRAFT, Pair),
        (Draft(question="q", answer="a", rejected="b", turns=(("q0", "a0"),)), Preference),
        (Draft(question="q", answer="a", good=False, context="c"), Judged),
    ],
)
def test_a_row_is_linked_by_what_its_draft_had(draft: Draft, kind: type) -> None:
    row = row_of_draft(draft, draft.id, "", "train", None)
    assert isinstance(row, kind) and row.split == "train"
    assert draft_of_row(row).id == draft.id
    grouped = row_of_draft(draft, draft.id, "g", "test", None)
    assert draft_of_row(grouped).documents == ("group:g",)
