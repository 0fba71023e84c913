"""Arms that are asked a second way: what of their answers they read in the passages, and what they remembered."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from core.models import open_chat
from finetune.compare.arms import Arm, ArmAnswerer, ArmReply
from finetune.compare.origins import OriginShares, origin_shares
from finetune.compare.questions import GoldQuestion, limited
from finetune.compare.run import Replies
from kb.answering import open_answerer
from kb.comparison.arms import ArmFactory, ArmSpec
from rag.answer.answer import Answerer


class WhyAnswerer:
    """Answers as `kb ask --why` does.

    Args:
        answerer: Reads what search finds.
        rng: The answerer's own; seeded by the question, so that keys are the same when it is asked again.
    """

    def __init__(self, answerer: Answerer, rng: random.Random) -> None:
        self._answerer = answerer
        self._rng = rng

    def answer(self, question: GoldQuestion) -> ArmReply:
        """Answer, and ask again without and against the passages."""
        self._rng.seed(question.id)
        answer = self._answerer.why(self._answerer.ask(question.text))
        labels = Counter(statement.why.label for statement in answer.statements if statement.why)
        tokens = answer.tokens
        return ArmReply(
            text=answer.answer,
            abstained=answer.ground == "abstained",
            citations=answer.citations,
            statements=len(answer.statements),
            why={str(label): count for label, count in labels.items()},
            first_token_s=answer.timings["first_token_s"],
            total_s=answer.timings["total_s"] + answer.timings.get("why_s", 0.0),
            prompt_tokens=tokens["prompt"] + tokens.get("why_prompt", 0),
            completion_tokens=tokens["completion"] + tokens.get("why_completion", 0),
        )


def why_arm(factory: ArmFactory, spec: ArmSpec, arm: Arm) -> Arm:
    """Return what asks an arm with search a second way.

    Args:
        factory: Opens the collection.
        spec: How the arm was spelled.
        arm: Made from it.
    """

    @contextmanager
    def opened() -> Iterator[ArmAnswerer]:
        settings = factory.settings_of(spec)
        rng = random.Random()  # noqa: S311 - the answerer's keys; seeded by each question
        answerer = open_answerer(
            replace(factory.workspace, settings=settings),
            factory.knowledge,
            chat=open_chat(arm.model, settings, factory.workspace.home),
            model=arm.model,
            rng=rng,
            on_note=factory.on_note,
        )
        yield WhyAnswerer(answerer, rng)

    return replace(arm, name=f"{arm.name} (why)", identity={**arm.identity, "why": True}, open=opened)


def why_shares(arms: Mapping[str, Arm], questions: Sequence[GoldQuestion], replies: Replies) -> list[OriginShares]:
    """Return what arms read and remembered.

    Args:
        arms: By the name of the arm, what asked it a second way.
        questions: That were asked so.
        replies: Of all arms.
    """
    return origin_shares({name: arm.name for name, arm in arms.items()}, questions, replies)


def why_questions(questions: Sequence[GoldQuestion], most: int) -> list[GoldQuestion]:
    """Return the held-out questions that are asked a second way: such as have an answer and bring no passages."""
    usable = [question for question in questions if question.held_out and question.answer and not question.passages]
    return limited(usable, most)
