"""`kb compare` from outside and its arms from inside: spellings, answers, a report that a second run finds again."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage

from core.errors import ConfigError, DataError
from core.files import Home
from core.prompt import load_prompt
from core.reading.extractive import ABSTENTION, ExtractiveChat
from core.settings import Settings
from core.types import Citation, Document, Fact, Hit, RunCard
from finetune.compare.questions import GoldQuestion, Place
from finetune.runs import TrainingRun
from kb.cli.main import app
from kb.comparison.answerers import FromMemory, FromSearch, Given, Passages, Recorder
from kb.comparison.arms import ArmSpec, parse_arm, run_arms
from kb.missed import MissedFacts, missed_of
from rag.answer.answer import Answerer
from tests.kb.cli.test_cli import kb

EXAMPLES = Path(__file__).parents[3] / "examples"
PAGES = ["The head cook is Dorrit Amblesworth.", "The greatest permitted depth is 18 m.", "Tea is served at four."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("base=smollm2", ArmSpec(name="base", model="smollm2")),
        ("rag=smollm2+rag,k=4", ArmSpec(name="rag", model="smollm2", shown="found", k=4)),
        ("o=gguf:/tmp/a+b.gguf+oracle", ArmSpec(name="o", model="gguf:/tmp/a+b.gguf", shown="oracle")),
        ("t=run:mine+wrong", ArmSpec(name="t", model="run:mine", shown="wrong", tuned=True)),
        ("x=openai:big@http://h/v1+rag", ArmSpec(name="x", model="openai:big@http://h/v1", shown="found")),
        ("f=ollama:llama3.1,prompt=few.txt", ArmSpec(name="f", model="ollama:llama3.1", prompt=Path("few.txt"))),
        ("k=ollama:kb-mine", ArmSpec(name="k", model="ollama:kb-mine", tuned=True)),
    ],
)
def test_an_arm_is_spelled_in_one_word(text: str, expected: ArmSpec) -> None:
    assert parse_arm(text) == expected


@pytest.mark.parametrize(
    "text",
    ["smollm2", "=smollm2", "a=", "a=smollm2,k=0", "a=smollm2+rag,k=x", "a=nonsense", "a=smollm2+oracle,prompt=p"],
)
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_arm(text)


def card(base: str = "smollm2") -> RunCard:
    return RunCard(name="mine", base=base, method="lora", data_sha256="", seed=0, versions={})


def test_a_run_gives_four_arms_and_more_on_request(tmp_path: Path) -> None:
    run = TrainingRun(name="mine", folder=tmp_path)
    settings = Settings.model_validate({"rag": {"ollama_url": "http://127.0.0.1:9"}})
    with pytest.raises(ConfigError, match="has not been exported"):
        run_arms(run, card(), settings, experiments=False, few_shot=None)
    run.gguf.write_bytes(b"")
    arms = run_arms(run, card(), settings, experiments=False, few_shot=None)
    assert [(arm.name, arm.model, arm.shown, arm.tuned) for arm in arms] == [
        ("base", "smollm2", "nothing", False),
        ("base+rag", "smollm2", "found", False),
        ("tuned", "run:mine", "nothing", True),
        ("tuned+rag", "run:mine", "found", True),
    ]
    more = run_arms(run, card(str(tmp_path)), settings, experiments=True, few_shot=tmp_path / "few.txt")
    assert [arm.name for arm in more[4:]] == ["base+oracle", "base+wrong", "tuned+oracle", "tuned+wrong", "few-shot"]
    assert more[0].model == f"hf:{tmp_path}"


def question(
    text: str = "Who is the head cook?", answer: str | None = "Dorrit Amblesworth", page: int = 0
) -> GoldQuestion:
    return GoldQuestion(id="q", text=text, answer=answer, places=(Place(doc="d.pdf", page=page),))


def page_text(sha256: str, page: int) -> str:
    return PAGES[page]


def hit(page: int) -> Hit:
    return Hit(doc="d.pdf", sha256="s", page=page, start=0, end=len(PAGES[page]), text=PAGES[page], score=1.0)


@dataclass
class Found:
    """A retriever that always finds the same pages."""

    pages: Sequence[int]
    asked: list[str] = field(default_factory=list)

    def search(self, query: str, k: int) -> list[Hit]:
        """Return the pages."""
        self.asked.append(query)
        return [hit(page) for page in self.pages][:k]


class Echo(GenericFakeChatModel):
    """Gives scripted replies and remembers what it was asked."""

    seen: list[str]

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
        self.seen.append(messages[-1].text)
        return super()._generate(messages, *args, **kwargs)


def echo(*texts: str) -> Echo:
    def replies() -> Iterator[AIMessage]:
        yield from (AIMessage(text) for text in texts)

    return Echo(messages=replies(), seen=[])


def document() -> Document:
    return Document(
        sha256="s",
        doc="d.pdf",
        collection="default",
        source="",
        title="",
        unit="page",
        metadata={},
        n_pages=3,
        status="indexed",
        size_bytes=1,
        ingested_at="",
    )


def test_from_memory_asks_the_bare_question_and_knows_a_refusal() -> None:
    chat = echo("It is Dorrit Amblesworth.", "I don't know.")
    arm = FromMemory(chat)
    reply = arm.answer(question())
    assert (reply.text, reply.abstained, reply.citations) == ("It is Dorrit Amblesworth.", False, ())
    assert 0 < reply.first_token_s <= reply.total_s
    assert reply.completion_tokens > 0
    assert arm.answer(question()).abstained
    assert chat.seen == ["Who is the head cook?"] * 2


def test_a_prompt_of_ones_own_may_hold_braces() -> None:
    chat = echo("x")
    FromMemory(chat, "Q: {a}? A: {b}\nQ: {question} A:").answer(question())
    assert chat.seen == ["Q: {a}? A: {b}\nQ: Who is the head cook? A:"]


def test_from_search_answers_and_remembers_what_it_read() -> None:
    recorder = Recorder(Found([0, 2]))
    rng = random.Random()
    answerer = Answerer(recorder, ExtractiveChat(), Settings(), page_text, rng=rng)
    arm = FromSearch(answerer, recorder, page_text, k=1, rng=rng)
    reply = arm.answer(question())
    assert "Dorrit Amblesworth" in reply.text
    assert "no language model" not in reply.text
    assert [(one.doc, one.page) for one in reply.citations] == [("d.pdf", 0)]
    assert reply.context == PAGES[0]
    assert (reply.statements, reply.unsupported) == (2, 0)
    assert (reply.quotes, reply.quotes_found) == (1, 1)
    assert arm.answer(question()).text == reply.text


def test_the_right_passage_is_shown_by_its_quote_or_by_its_page() -> None:
    passages = Passages(Found([]), page_text, [document()])
    quote = Citation(doc="d.pdf", sha256="s", page=1, start=4, end=19, quote=PAGES[1][4:19])
    known = GoldQuestion(
        id="q", text="How deep?", answer="18 m", places=(Place(doc="d.pdf", page=1),), evidence=(quote,)
    )
    assert [span.text for span in passages.right(known)] == [PAGES[1]]
    assert [span.text for span in passages.right(question(page=1, answer="18 m"))] == [PAGES[1]]
    with pytest.raises(ConfigError, match="does not hold"):
        passages.right(GoldQuestion(id="q", text="?", answer="x", places=(Place(doc="gone.pdf", page=0),)))


def test_a_wrong_passage_holds_no_answer() -> None:
    passages = Passages(Found([0, 1, 2]), page_text, [document()])
    assert [span.text for span in passages.wrong(question())] == [PAGES[1]]
    assert passages.wrong(question(answer="18 m", page=2))[0].text == PAGES[0]


def test_given_passages_are_read_with_the_prompt_of_ask_and_checked() -> None:
    passages = Passages(Found([]), page_text, [document()])
    reply = Given(ExtractiveChat(), passages.right, page_text, load_prompt()).answer(question())
    assert "Dorrit Amblesworth" in reply.text
    assert len(reply.citations) == 1
    refused = Given(echo(ABSTENTION), passages.right, page_text, load_prompt()).answer(question())
    assert refused.abstained


def test_only_missed_facts_are_taught_and_never_in_the_words_of_the_test(tmp_path: Path) -> None:
    place = {"doc": "d.pdf", "page": 1}
    missed = MissedFacts(
        [{"fact": "f1", "places": []}, {"fact": "", "answer": "18 m", "places": [place]}], frozenset({"how deep is it"})
    )

    def fact(identity: str, answer: str, page: int) -> Fact:
        proof = Citation(doc="d.pdf", sha256="s", page=page, start=0, end=1, quote="T")
        return Fact(
            id=identity, statement="", evidence=(proof,), answer=answer, questions=("How deep?", "How deep is it?")
        )

    assert missed.wants(fact("f1", "x", 0))
    assert missed.wants(fact("f2", "18 m", 1))
    assert not missed.wants(fact("f2", "18 m", 2))
    assert not missed.wants(fact("f3", "x", 1))
    assert missed.without_asked(fact("f1", "x", 0)).questions == ("How deep?", "")
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"missed": [], "all_questions": []}))
    with pytest.raises(DataError, match="missed"):
        missed_of(report)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a run"),
        (("--arm", "a=extractive"), "two arms"),
        (("--arm", "a=extractive", "--arm", "a=smollm2"), "same name"),
        (("--arm", "a=extractive", "--arm", "b=extractive,prompt=/nowhere.txt", "--out", "o"), "prompt file"),
        (("--arm", "a=extractive", "--arm", "b=extractive"), "no folder for the report"),
        (("--arm", "a=extractive", "--arm", "b=extractive", "--out", "o"), "no questions"),
        (("nosuch",), "no run"),
        (("--arm", "a=extractive", "--arm", "b=extractive", "--few-shot", "f"), "require a run"),
    ],
)
def test_wrong_usage_says_what_to_type(home: Home, arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        app(["compare", *arguments], standalone_mode=False)
    assert raised.value.hint.startswith("kb ")


@pytest.mark.weights
def test_a_comparison_is_reported_and_found_again(model_home: Home, tmp_path: Path) -> None:
    assert kb("ingest", "-q", *(str(EXAMPLES / name) for name in ("manual.pdf", "update.pdf"))).returncode == 0
    records = [json.loads(line) for line in (EXAMPLES / "questions.jsonl").read_text().splitlines()]
    wanted = [one for one in records if one.get("doc") in ("manual.pdf", "update.pdf")][:5]
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in [*wanted, {"question": "Who won?", "answer": None}]))
    arms = ("--arm", "read=extractive+rag", "--arm", "blind=extractive", "--arm", "given=extractive+oracle")
    command = ("compare", *arms, "--questions", str(path), "--out", str(tmp_path / "out"))
    first = kb(*command)
    assert first.returncode == 0, first.stderr
    assert "read" in first.stdout
    assert "report.html" in first.stderr
    outputs = (tmp_path / "out" / "outputs.jsonl").read_bytes()
    again = kb(*command, "--json", "--similarity", "--grounding")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "out" / "outputs.jsonl").read_bytes() == outputs
    report = json.loads(again.stdout)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text())
    right = report["measures"]["right"]["arms"]
    assert right["read"]["value"] > right["blind"]["value"] == 0.0
    assert report["measures"]["similarity"]["arms"]["read"]["value"] > 0
    assert report["abstention"]["blind"]["declined_unanswerable"] == 1
    assert report["repeat"]["documents"].keys() == {"manual.pdf", "update.pdf"}
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
