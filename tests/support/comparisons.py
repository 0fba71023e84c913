"""Arms and questions made for tests: each arm answers from a table, and counts how often it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from finetune.compare.arms import Arm, ArmAnswerer, ArmReply, Shown
from finetune.compare.questions import NEW, UNANSWERABLE, GoldQuestion, Place

Said = Callable[[GoldQuestion], str]


@dataclass(slots=True)
class Scripted:
    """Says what it is told to; an empty text is a refusal."""

    said: Said
    seconds: float = 1.0
    asked: list[str] = field(default_factory=list)

    def answer(self, question: GoldQuestion) -> ArmReply:
        """Answer from the script."""
        self.asked.append(question.id)
        text = self.said(question)
        return ArmReply(
            text=text or "The documents do not say.",
            abstained=not text,
            first_token_s=self.seconds / 2,
            total_s=self.seconds,
            prompt_tokens=10,
            completion_tokens=2,
        )


def arm(
    name: str, said: Said, *, shown: Shown = "nothing", model: str = "m", tuned: bool = False, seconds: float = 1.0
) -> tuple[Arm, Scripted]:
    """Return an arm and the script behind it; a tuned one took ten minutes to train."""
    script = Scripted(said, seconds)

    @contextmanager
    def opened() -> Iterator[ArmAnswerer]:
        yield script

    training_s = 600.0 if tuned else 0.0
    return Arm(name=name, model=model, shown=shown, tuned=tuned, training_s=training_s, open=opened), script


def questions(count: int, *, docs: int = 3, unanswerable: int = 0) -> list[GoldQuestion]:
    """Return questions with answers `value 100`, `value 101`, ..., one fact each, spread over documents."""
    answerable = [
        GoldQuestion(
            id=f"q{at}",
            text=f"What is value {at}?",
            answer=f"value {100 + at}",
            fact=f"f{at}",
            places=(Place(doc=f"d{at % docs}.pdf", page=at // docs),),
            strata=(NEW,),
            taught=True,
        )
        for at in range(count)
    ]
    return answerable + [
        GoldQuestion(id=f"u{at}", text=f"What is nothing {at}?", answer=None, strata=(UNANSWERABLE,))
        for at in range(unanswerable)
    ]


def knows(limit: int) -> Said:
    """Right on the first `limit` questions, wrong on the others."""

    def said(question: GoldQuestion) -> str:
        return f"It is {question.answer}." if int(question.id[1:]) < limit and question.answer else "It is blue."

    return said
