"""Which questions the policy is asked: evenly spread, from memory and from passages that hold no answer."""

from __future__ import annotations

from core.types import Citation, Pair
from kb.training.preferences import policy_prompts


def row(number: int, kind: str = "evidence") -> Pair:
    text = f"Tank {number} holds {300 + number} litres."
    quote = Citation(doc="d.pdf", sha256="a", page=0, start=0, end=len(text), quote=text)
    return Pair(
        id=str(number),
        kind=kind,
        question=f"How much does tank {number} hold?",
        answer=f"{300 + number} litres",
        context=text,
        evidence=(quote,),
        fact=f"f{number}",
        group=f"g{number}",
        split="train",
    )


def test_questions_are_spread_over_the_rows_with_evidence() -> None:
    rows = [row(number) for number in range(40)] + [row(99, kind="closed-book")]
    prompts = policy_prompts(rows, 20)
    assert len(prompts) == 20
    assert [prompt.row.id for prompt in prompts[:10]] == [str(number) for number in range(0, 40, 4)]
    assert {prompt.context for prompt in prompts[:10]} == {""}


def test_a_wrong_passage_never_holds_the_answer() -> None:
    prompts = policy_prompts([row(1), row(2), row(3)], 6)
    shown = [prompt for prompt in prompts if prompt.context]
    assert len(shown) == 3
    assert all(prompt.row.answer not in prompt.context for prompt in shown)


def test_without_other_rows_or_questions_there_is_less_to_ask() -> None:
    assert [prompt.context for prompt in policy_prompts([row(1)], 4)] == [""]
    assert policy_prompts([row(1), row(2)], 0) == []
