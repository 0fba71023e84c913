"""The gate that every imported row passes, as pages of documents do: characters that no reader sees are taken out and
counted, and a row that trainers could not use is refused with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from core.clean import clean, has_half_surrogate
from synth.importing.drafts import Draft, Unusable
from synth.importing.files.text_file import UNDECODED, UNDECODED_BYTES

_NAMES = {"zero_width": "zero-width", "bidi": "bidi", "tags": "tag", "variation_selectors": "variation selector"}
Outcome = Draft | Unusable


def gated(draft: Draft) -> Draft:
    """Return a row with clean texts; `left_out` says how many hidden characters of each kind are gone.

    Raises:
        Unusable: A text holds undecodable bytes or half of a surrogate pair, an answer is empty, or both answers of a
            preference are equal.
    """
    hidden = Counter[str]()

    def cleaned(text: str) -> str:
        if has_half_surrogate(text):
            raise Unusable("half of a surrogate pair (a broken emoji) in the text")
        if UNDECODED in text:
            raise Unusable(UNDECODED_BYTES)
        result = clean(text)
        hidden.update(result.hidden)
        return result.text

    row = replace(
        draft,
        question=cleaned(draft.question),
        answer=cleaned(draft.answer),
        context=cleaned(draft.context),
        system=cleaned(draft.system),
        turns=tuple((cleaned(question), cleaned(answer)) for question, answer in draft.turns),
        rejected=None if draft.rejected is None else cleaned(draft.rejected),
    )
    if not row.answer.strip():
        raise Unusable("the answer is empty")
    if row.rejected is not None and not row.rejected.strip():
        raise Unusable("the rejected answer is empty")
    if row.rejected is not None and row.rejected.strip() == row.answer.strip():
        raise Unusable("the chosen and the rejected answer are the same")
    counts = ((f"hidden characters ({_NAMES.get(kind, kind)})", count) for kind, count in sorted(hidden.items()))
    return replace(row, left_out=(*row.left_out, *counts))


def gated_outcomes(
    outcomes: Callable[[], Iterator[tuple[int, Outcome]]],
) -> Callable[[], Iterator[tuple[int, Outcome]]]:
    """Return a reader of the same rows and faults, the rows through the gate."""

    def read() -> Iterator[tuple[int, Outcome]]:
        for line, outcome in outcomes():
            try:
                yield line, gated(outcome) if isinstance(outcome, Draft) else outcome
            except Unusable as fault:
                yield line, fault

    return read
