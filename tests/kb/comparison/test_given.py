"""Questions that bring their own passages: contradictions of what was taught, and invented documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.metrics import contains
from core.types import Citation, Fact, Hit
from finetune.compare.arms import Arm
from finetune.compare.probes import probes
from finetune.compare.questions import CONTRADICTED, STAND_IN, GoldQuestion
from finetune.compare.scopes import advice, scope_tables, scope_verdicts
from finetune.compare.tables import scored, stratum_tables
from kb.comparison.answerers import Passages
from kb.comparison.given import Contradictions, stand_in_questions
from tests.support.comparisons import arm
from tests.support.stored import stored_document

PAGE = "The boathouse has 12 racks for canoes. Keys hang beside the door. The pier is 40 metres long."
OTHER = "The workshop has four benches and opens at nine."
QUOTE = "The boathouse has 12 racks for canoes."


class Found:
    """Finds the same pages for every query."""

    def search(self, query: str, k: int) -> list[Hit]:
        texts = (("a" * 64, PAGE), ("b" * 64, OTHER), ("c" * 64, "A notice says that there are 12 racks."))
        return [
            Hit(doc="d.txt", sha256=sha256, page=0, start=0, end=len(text), text=text, score=1.0)
            for sha256, text in texts
        ][:k]


def passages() -> Passages:
    document = stored_document("d.txt", sha256="a" * 64)
    return Passages(Found(), lambda sha256, page: PAGE, [document])


def fact(identity: str, value: str, quote: str = QUOTE) -> Fact:
    start = PAGE.index(quote)
    place = Citation(doc="d.txt", sha256="a" * 64, page=0, start=start, end=start + len(quote), quote=quote)
    return Fact(id=identity, statement=quote, evidence=(place,), kind="quantity", value=value, answer=value)


def question(identity: str, taught_fact: Fact, *, taught: bool = True) -> GoldQuestion:
    return GoldQuestion(
        id=identity,
        text="How many racks does the boathouse have?",
        answer=taught_fact.answer,
        fact=taught_fact.id,
        evidence=taught_fact.evidence,
        taught=taught,
    )


def test_a_passage_is_altered_and_the_false_value_is_what_counts() -> None:
    racks = fact("racks", "12 racks")
    facts = {"racks": racks, "pier": fact("pier", "40 metres", "The pier is 40 metres long.")}
    again = question("q2", racks)
    (made,) = Contradictions(facts, passages()).questions([question("q1", racks), again])
    assert made.strata == (CONTRADICTED,) and not made.held_out and not made.fact
    assert made.answer and not contains(made.answer, "12 racks")
    own = [text for text in made.passages if made.answer in text]
    assert len(own) == 1 and "12" not in own[0]
    # What search finds beside it holds neither value: the third page has the true one.
    assert [text for text in made.passages if text != own[0]] == [OTHER]
    assert Contradictions(facts, passages()).questions([question("q1", racks)]) == [made]


def test_only_taught_facts_with_something_to_alter_are_contradicted() -> None:
    racks = fact("racks", "12 racks")
    words = fact("keys", "beside the door", "Keys hang beside the door.")
    make = Contradictions({"racks": racks, "keys": words}, passages())
    assert make.questions([question("q1", racks, taught=False)]) == []
    assert make.questions([question("q1", words)]) == []
    assert make.questions([question("q1", racks)], most=0) == []


def test_invented_documents_come_with_the_passages_that_are_likest() -> None:
    def cosines(question: str, texts: Sequence[str]) -> list[float]:
        words = set(question.lower().rstrip("?").split())
        return [float(len(words & set(text.lower().split()))) for text in texts]

    made = stand_in_questions(cosines, 4, 10)
    assert len(made) == 10 and {q.strata for q in made} == {(STAND_IN,)}
    assert all(len(q.passages) == 4 and q.answer for q in made)
    own = {probe.question: probe for probe in probes().values()}
    assert sum(any(contains(text, q.answer or "") for text in q.passages[:1]) for q in made) >= 8
    assert all(own[q.text].answers[0] == q.answer for q in made)


def four() -> list[Arm]:
    return [
        arm("base", lambda _: "no")[0],
        arm("base+rag", lambda q: "31 m" if STAND_IN in q.strata else "12", shown="found")[0],
        arm("tuned", lambda _: "12", model="t", tuned=True)[0],
        arm("tuned+rag", lambda _: "31 m", model="t", tuned=True, shown="found")[0],
    ]


def test_arms_that_search_are_asked_and_the_verdict_on_later_documents_is_theirs(tmp_path: Path) -> None:

    from finetune.compare.run import ask_all

    invented = [
        GoldQuestion(id=f"s{n}", text="?", answer="31 m", passages=(f"It is 31 m {n}.",), strata=(STAND_IN,))
        for n in range(12)
    ]
    taught = [GoldQuestion(id=f"t{n}", text="?", answer="12", taught=True, fact=f"f{n}") for n in range(12)]
    arms = four()
    assert [one.asks(invented[0]) for one in arms] == [False, True, False, True]
    replies = ask_all(arms, [*invented, *taught], tmp_path)
    scores = scored(arms, [*invented, *taught], replies)
    tables = scope_tables(arms, [*invented, *taught], scores)
    assert set(tables) == {"taught", "later"} and set(tables["later"].arms) == {"base+rag", "tuned+rag"}
    sentence = advice(arms, scope_verdicts(arms, tables), tables)
    assert sentence.startswith("One arm for all: base+rag")
    assert set(stratum_tables(arms, invented, scores)[STAND_IN].arms) == {"base+rag", "tuned+rag"}
