"""The policy's own mistakes, in the prompt in which it made them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from core.prompt import ABSTENTION
from core.reading.passages import Passage, render
from core.reading.proved import DIFFERS, proved
from core.types import Alteration, Citation, Pair, Preference
from finetune.training.policy import GreedyReply
from kb.training.preferences import PolicyPrompt, mistake, policy_prompts, preference_against

MARK, OWN, OTHER = "h4n8c2", "b2c3d", "f4g5h"


def block(number: int, litres: int) -> str:
    own = Passage(key=OWN, source="d.pdf, p. 1", text=f"Tank {number} holds {litres} litres.")
    other = Passage(key=OTHER, source="d.pdf, p. 2", text="Tea is served at four.")
    return render((own, other), MARK)


def row(number: int, kind: str = "evidence") -> Pair:
    text = f"Tank {number} holds {300 + number} litres."
    quote = Citation(doc="d.pdf", sha256="a", page=0, start=0, end=len(text), quote=text)
    says = kind not in ("abstain", "unanswerable")
    return Pair(
        id=str(number),
        kind=kind,
        question=f"How much does tank {number} hold?",
        answer=f"{300 + number} litres: “{text}” [[{OWN}]]" if says else ABSTENTION,
        context="" if kind == "closed-book" else block(number if says else 900, 300 + number),
        evidence=(quote,) if says else (),
        fact=f"f{number}",
        group=f"g{number}",
        split="train",
    )


def altered(number: int) -> Preference:
    return Preference(
        id=f"a{number}",
        kind="counterfactual",
        prompt=f"How much does tank {number} hold?",
        chosen=f"{700 + number} litres: “Tank {number} holds {700 + number} litres.” [[{OWN}]]",
        rejected=f"{300 + number} litres: “Tank {number} holds {300 + number} litres.” [[{OWN}]]",
        context=block(number, 700 + number),
        group=f"g{number}",
        split="train",
    )


def test_prompts_with_passages_are_asked_in_equal_parts() -> None:
    pairs = [row(number) for number in range(40)] + [row(number, "abstain") for number in range(40, 60)]
    pairs += [row(99, "closed-book")]
    prompts = policy_prompts(pairs, [altered(number) for number in range(8)], 24)
    assert Counter(prompt.row.kind for prompt in prompts) == {"evidence": 8, "abstain": 8, "counterfactual": 8}
    assert [prompt.row.id for prompt in prompts[:3]] == ["0", "5", "10"]
    # The very prompt of the row, passages and all.
    assert all(prompt.row.context for prompt in prompts)
    assert {prompt.remembered for prompt in prompts[:16]} == {""}
    assert prompts[16].remembered == "300 litres"


def contradicting(number: int) -> Pair:
    false_quote = f"Tank {number} holds {700 + number} litres."
    alteration = Alteration(
        evidence=0, quote=false_quote, value=f"{700 + number} litres", true_value=f"{300 + number} litres"
    )
    answer = proved(f"{700 + number} litres", f"“{false_quote}”", OWN) + f"\n{DIFFERS}"
    context = block(number, 700 + number)
    return replace(row(number), kind="contradicts", answer=answer, context=context, altered=(alteration,))


def test_rows_with_an_altered_passage_are_asked_as_such() -> None:
    prompts = policy_prompts([row(1), contradicting(2)], [altered(3)], 6)
    assert [(prompt.row.id, prompt.remembered) for prompt in prompts] == [
        ("1", ""),
        ("2", "302 litres"),
        ("a3", "303 litres"),
    ]


def test_without_passages_or_questions_there_is_nothing_to_ask() -> None:
    assert policy_prompts([row(1, "closed-book")], [], 8) == []
    assert policy_prompts([row(1)], [altered(1)], 0) == []


@pytest.mark.parametrize(
    ("prompt", "text", "kind"),
    [
        (PolicyPrompt(row=row(1)), f"301 litres: “Tank 1 holds 301 litres.” [[{OWN}]]", None),
        (PolicyPrompt(row=row(1)), f"It holds 301 litres. [[{OTHER}]]", "policy-citation"),
        (PolicyPrompt(row=row(1)), "It holds 301 litres.", "policy-citation"),
        (PolicyPrompt(row=row(1)), f"It holds 44 litres. [[{OWN}]]", "policy-reading"),
        (PolicyPrompt(row=row(1)), ABSTENTION, "policy-refusal"),
        (PolicyPrompt(row=row(2, "abstain")), f"It holds 302 litres. [[{OWN}]]", "policy-invention"),
        (PolicyPrompt(row=row(2, "abstain")), ABSTENTION, None),
        (policy_prompts([contradicting(2)], [], 1)[0], f"302 litres [[{OWN}]]", "policy-memory"),
        (policy_prompts([contradicting(2)], [], 1)[0], f"702 litres [[{OWN}]]", None),
        (policy_prompts([], [altered(3)], 1)[0], f"303 litres [[{OWN}]]", "policy-memory"),
        (policy_prompts([], [altered(3)], 1)[0], f"703 litres [[{OWN}]]", None),
        (policy_prompts([], [altered(3)], 1)[0], f"9 litres [[{OWN}]]", "policy-reading"),
    ],
)
def test_kinds_of_mistakes(prompt: PolicyPrompt, text: str, kind: str | None) -> None:
    assert mistake(prompt, text) == kind
    preference = preference_against(prompt, GreedyReply(text, ended=True))
    assert (preference is None) is (kind is None)
    if preference is not None:
        assert (preference.prompt, preference.context) == (prompt.row.question, prompt.row.context)
        assert (preference.chosen, preference.rejected) == (prompt.row.answer, text)


def test_an_answer_that_was_cut_or_hardly_differs_is_no_side_of_a_preference() -> None:
    prompt = PolicyPrompt(row=row(1))
    assert preference_against(prompt, GreedyReply("It holds 44 litres and", ended=False)) is None
    assert preference_against(prompt, GreedyReply("", ended=True)) is None
