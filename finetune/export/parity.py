"""The gate before a model is published: the exported file answers in its runtime as the trained model does.

Compared per conversation: the bytes of the rendered prompt, its token ids, the first 32 greedy tokens, and that an
answer ends where the reference ends it. A first differing token passes only if the reference found it nearly as likely,
and is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.errors import GateError
from finetune.data.template import Message
from finetune.export.ollama.template import first_difference
from finetune.export.reference import Expected, Reference

GREEDY_TOKENS = 32
# Room for an answer to end by itself.
MOST_TOKENS = 64
# Two tokens whose logits are nearer than this are one choice to other arithmetic, in nats.
NEAR_TIE = 0.05
# Kernels of llama.cpp round what a quantised matrix is multiplied with to eight bits, a scale for 32 or 256 values.
# The same rounding before every matrix in transformers moves the gap of the two likeliest tokens by up to 0.5 nats in
# random models of two layers and 0.3 (32) or 0.7 (256) in SmolLM2, so no smaller figure holds for all; that the weights
# are right is checked one by one.
QUANTISED_TIE = 0.5
# Ollama breaks off an answer after some thirty equal tokens in a row.
_LOOP_TOKENS = 24
_SHOWN = 40
# In place of a question: all of them.
_ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeReply:
    """What a runtime made of one conversation.

    Attributes:
        prompt: As its template rendered it.
        prompt_ids: Its tokens; empty where the runtime does not tell.
        n_prompt: Their number.
        text: The greedy answer.
        stopped: Whether it ended by itself.
        broken_off: Whether the runtime ended it before the model or the limit did.
    """

    prompt: str
    prompt_ids: tuple[int, ...] = ()
    n_prompt: int
    text: str
    stopped: bool
    broken_off: bool = False


class Runtime(Protocol):
    """Where an exported model runs, with the sampling that it was exported with."""

    @property
    def name(self) -> str:
        """For a person."""
        ...

    def replies(self, conversations: Sequence[Sequence[Message]], max_tokens: int) -> list[RuntimeReply]:
        """Answer conversations, in order.

        Raises:
            KbError: The runtime cannot load or run the model.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that differs: what (`prompt`, `tokens`, `answer`, `stop`), for which question, and how."""

    what: str
    question: str
    detail: str

    def __str__(self) -> str:
        return f"{self.what} of {self.question!r}: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """What the gate saw in one runtime.

    Attributes:
        conversations: Compared.
        equal: Those that agree to the last token compared.
        near_ties: Those that part at a near-tie.
        stopped: Answers that end by themselves on both sides.
        findings: What differs; empty is a pass.
    """

    runtime: str
    conversations: int
    equal: int
    near_ties: int
    stopped: int
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether it may be published."""
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """Return what `run.json` keeps."""
        return {
            "passed": self.passed,
            "runtime": self.runtime,
            "conversations": self.conversations,
            "equal": self.equal,
            "near_ties": self.near_ties,
            "stopped": self.stopped,
            "findings": [str(finding) for finding in self.findings],
        }

    def require(self) -> None:
        """Refuse what answers differently, and a model that never stops.

        Raises:
            GateError: It does; the message says what differs and where.
        """
        if self.findings and all(finding.question == _ANY for finding in self.findings):
            alike = f"{self.runtime} answers as it does in {self.equal + self.near_ties} of {self.conversations}"
            raise GateError(
                f"the trained model does not stop: {self.findings[0].detail}; {alike}; nothing was published",
                hint="kb finetune --data DIR --set epochs=10  # trains longer; as it is: kb export RUN --to hf",
                click="train again for more passes",
            )
        if self.findings:
            shown = "\n  ".join(str(finding) for finding in self.findings[:5])
            more = f"\n  and {len(self.findings) - 5} more" if len(self.findings) > 5 else ""
            raise GateError(
                f"{self.runtime} answers differently from the trained model; nothing was published:\n  {shown}{more}",
                hint="kb runs show RUN  # parity in run.json",
            )


def compare_answers(
    reference: Reference,
    expected: Sequence[Expected],
    conversations: Sequence[Sequence[Message]],
    runtime: Runtime,
    near_tie: float = NEAR_TIE,
) -> Parity:
    """Ask a runtime what the reference was asked, and compare.

    Args:
        reference: For the logits at a difference.
        expected: Its answers, of at most `MOST_TOKENS` tokens.
        conversations: What both are asked.
        runtime: Where the exported model runs.
        near_tie: Two tokens whose logits are nearer than this count as one choice, in nats.

    Raises:
        KbError: The runtime failed.
    """
    replies = runtime.replies(conversations, MOST_TOKENS)
    findings: list[Finding] = []
    equal = near = stopped = 0
    for messages, trained_answer, reply in zip(conversations, expected, replies, strict=True):
        faults, is_near_tie = _compare_one(reference, trained_answer, reply, near_tie)
        findings += [
            Finding(what=what, question=str(messages[-1]["content"])[:_SHOWN], detail=fault) for what, fault in faults
        ]
        equal += not faults and not is_near_tie
        near += is_near_tie
        stopped += trained_answer.stopped and reply.stopped
    if not any(trained_answer.stopped for trained_answer in expected):
        detail = f"none of {len(expected)} answers of the trained model ends within {MOST_TOKENS} tokens"
        findings.append(Finding(what="stop", question=_ANY, detail=detail))
    return Parity(
        runtime=runtime.name,
        conversations=len(expected),
        equal=equal,
        near_ties=near,
        stopped=stopped,
        findings=tuple(findings),
    )


def _compare_one(
    reference: Reference, expected: Expected, reply: RuntimeReply, near_tie: float
) -> tuple[list[tuple[str, str]], bool]:
    """Return what differs, and whether the answers part at a near-tie."""
    if reply.prompt != expected.prompt:
        start = first_difference(expected.prompt, reply.prompt)
        training_text, runtime_text = (
            text[max(0, start - 10) : start + _SHOWN] for text in (expected.prompt, reply.prompt)
        )
        return [("prompt", f"from character {start} on it is {runtime_text!r}, in training {training_text!r}")], False
    token_fault = _token_fault(expected, reply)
    if token_fault:
        return [("tokens", token_fault)], False
    parted = _first_different_token(reference, expected, reply)
    if parted is None:
        return [], False
    before = reference.text(expected.answer_ids[:parted])
    ends = parted == len(expected.answer_ids) or (reply.stopped and reply.text == before)
    if parted >= GREEDY_TOKENS and not ends:
        return [], False
    if reply.broken_off and parted >= _LOOP_TOKENS and reference.text(expected.answer_ids).startswith(reply.text):
        return [], False  # a loop, word for word as in training
    gap = reference.gap(expected, parted, reply.text, reply.stopped)
    if gap < near_tie:
        return [], True
    return [("stop" if ends else "answer", _difference_detail(reference, expected, reply, parted, gap))], False


def _token_fault(expected: Expected, reply: RuntimeReply) -> str:
    if reply.prompt_ids and reply.prompt_ids != expected.prompt_ids:
        pairs = zip(expected.prompt_ids, reply.prompt_ids, strict=False)
        index = next(
            (index for index, (a, b) in enumerate(pairs) if a != b), min(len(expected.prompt_ids), reply.n_prompt)
        )
        runtime_ids, training_ids = (list(ids[index : index + 5]) for ids in (reply.prompt_ids, expected.prompt_ids))
        return f"at token {index} they are {runtime_ids}, in training {training_ids}"
    if reply.n_prompt != len(expected.prompt_ids):
        return f"{reply.n_prompt} instead of {len(expected.prompt_ids)} in training (a doubled or missing BOS?)"
    return ""


def _first_different_token(reference: Reference, expected: Expected, reply: RuntimeReply) -> int | None:
    """Return the index of the first answer token that the runtime's text does not begin with; None where all agree.

    The index after the last stands for the end.
    """
    whole = reference.text(expected.answer_ids)
    reply_text = reply.text.rstrip("\ufffd")
    if reply_text == whole.rstrip("\ufffd") and reply.stopped == expected.stopped:
        return None
    if not expected.stopped and reply_text.startswith(whole.rstrip("\ufffd")):
        return None  # the reference ran out of room, not of words
    for index in range(len(expected.answer_ids)):
        if not reply_text.startswith(reference.text(expected.answer_ids[: index + 1]).rstrip("\ufffd")):
            return index
    return len(expected.answer_ids)


def _difference_detail(reference: Reference, expected: Expected, reply: RuntimeReply, index: int, gap: float) -> str:
    start = len(reference.text(expected.answer_ids[:index]))
    training_text = (
        repr(reference.text(expected.answer_ids)[start : start + _SHOWN])
        if index < len(expected.answer_ids)
        else "the end"
    )
    ended = reply.stopped and len(reply.text) <= start
    runtime_text = "the end" if ended else repr(reply.text[start : start + _SHOWN])
    return f"at token {index} it is {runtime_text}, in training {training_text} ({gap:.2f} nats apart)"
