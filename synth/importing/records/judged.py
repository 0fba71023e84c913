"""Records with a judgement: a better and a worse answer (DPO), or one answer with a verdict (KTO).

Feedback of `kb` itself, which needs more than one record at a time, is in `synth.importing.records.feedback`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from synth.importing.chats.conversations import answer_messages, draft_of, read_conversation
from synth.importing.chats.marks import DIFFERING, REJECTED_RESPONSE, UNJUDGED, turns_of
from synth.importing.chats.messages import mark
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents, is_messages, optional, required

# Names of both answers: TRL and LLaMA-Factory, OpenAI, Argilla, reward models.
CHOSEN, REJECTED = (
    (
        *("chosen", "preferred_output", "chosen_response", "response_chosen", "chosen_answer", "answer_chosen"),
        *("accepted", "preferred", "better", "win", "winning", "positive_response", "good_response", "better_response"),
    ),
    (
        *("rejected", "non_preferred_output", REJECTED_RESPONSE, "response_rejected", "rejected_answer"),
        *("answer_rejected", "dispreferred", "non_preferred", "worse", "lose", "losing", "negative_response"),
        *("bad_response", "worse_response"),
    ),
)
_UNHEEDED = "marks against training on a rejected answer"
# Anthropic's transcripts (HH-RLHF): speakers at the beginning of paragraphs.
_SPEAKER = re.compile(r"(?:\A|\n\n)\s*(Human|Assistant):")


def preference(record: Fields) -> Iterator[Draft]:
    """`chosen` and `rejected` as texts, messages or conversations; the prompt as text, messages or in both.

    OpenAI has the prompt's messages in an object `input`.
    """
    prompt = record.get("prompt") or record.get("conversations") or record.get("messages") or _openai_prompt(record)
    talk = not prompt and is_messages(dict(record).get("context"))  # HelpSteer3
    prompt = record["context"] if talk else prompt
    question = optional(record, "question", "instruction", "query", "input") if not isinstance(prompt, list) else ""
    if isinstance(prompt, list):
        before: list[Any] = prompt
    elif isinstance(prompt, str) or question:
        text = prompt if isinstance(prompt, str) else question
        before = transcript(text) or [{"role": "user", "content": text}]
    else:
        before = []
    sides = (next((name for name in names if record.get(name)), names[0]) for names in (CHOSEN, REJECTED))
    better, worse = (read_conversation(_answered(before, record.get(name), name)) for name in sides)
    *turns, (question, chosen) = better.exchanges
    *other_turns, (other_question, rejected) = worse.exchanges
    if (turns, question, better.system) != (other_turns, other_question, worse.system):
        raise Unusable(DIFFERING)
    if chosen == rejected:
        raise Unusable("the chosen and the rejected answer are the same")
    _check_scores(record)
    if better.goes_on:
        raise Unusable(UNJUDGED)
    extra_input = "" if isinstance(prompt, list) or not record.get("instruction") else optional(record, "input")
    yield Draft(
        question=question,
        answer=chosen,
        rejected=rejected,
        context="" if talk else optional(record, "context") or extra_input,
        turns=tuple(turns),
        system=better.system,
        documents=documents(record),
        left_out=(*better.left_out, *([(_UNHEEDED, 1)] if worse.goes_on else [])),
        unused=better.unused,
    )


def _check_scores(record: Fields) -> None:
    """Check that the scores that a record gives its own answers rank them as their names do.

    Raises:
        Unusable: They do not, or are equal.
    """
    for stem in ("score", "rating", "reward"):
        for better, worse in ((f"{stem}_chosen", f"{stem}_rejected"), (f"chosen_{stem}", f"rejected_{stem}")):
            # By `dict`, which does not count a column as used: a text is no score.
            scores = [dict(record).get(name) for name in (better, worse)]
            if not all(isinstance(score, int | float) for score in scores):
                continue
            if record[better] < record[worse]:
                raise Unusable(f"the rejected answer has the higher score ({worse})")
            if record[better] == record[worse]:
                raise Unusable("no answer is the better one: a tie")


def _openai_prompt(record: Fields) -> Any:
    value = dict(record).get("input")
    return record["input"].get("messages") if isinstance(value, dict) else None


def _answered(before: list[Any], answer: Any, name: str) -> list[Any]:
    """Return the messages up to and with one answer; an answer that repeats the prompt is taken as it stands."""
    if isinstance(answer, str) and answer.strip():
        transcribed = transcript(answer)
        return transcribed if transcribed and not before else [*before, {"role": "assistant", "content": answer}]
    if isinstance(answer, dict):
        return [*before, answer]
    if isinstance(answer, list) and answer:
        return answer if len(answer) > 1 and _repeats_prompt(answer) else [*before, *answer]
    raise Unusable(f"field {name!r} is empty")


def _repeats_prompt(messages: list[Any]) -> bool:
    """Whether a conversation begins with a question or a system message, and not with an answer."""
    first = messages[0] if isinstance(messages[0], dict) else {}
    return str(first.get("role") or first.get("from")).lower() not in ("assistant", "gpt", "model")


def transcript(text: str) -> list[Any]:
    """Return the messages of a transcript; none where the text is not one."""
    parts = _SPEAKER.split(text)
    if len(parts) < 3 or parts[0].strip():
        return []
    roles = {"Human": "user", "Assistant": "assistant"}
    spoken = zip(parts[1::2], parts[2::2], strict=True)
    return [{"role": roles[name], "content": utterance.strip()} for name, utterance in spoken if utterance.strip()]


def verdict(record: Fields) -> Iterator[Draft]:
    """`prompt`, `completion` and a true or false `label` (TRL), or `conversations` and `kto_tag` (LLaMA-Factory)."""
    label = record.get("label", record.get("kto_tag"))
    label = mark(label)
    if label is None:
        raise Unusable("the label is neither true nor false")
    messages = record.get("conversations") or record.get("messages")
    prompt, completion = record.get("prompt"), record.get("completion")
    if isinstance(messages, list) and messages:
        draft = draft_of(messages, documents(record))
    elif isinstance(prompt, list):
        draft = draft_of([*prompt, *answer_messages(completion)], documents(record), n_prompt=len(prompt))
    else:
        draft = Draft(
            question=required(record, "prompt", "instruction", "question"),
            answer=required(record, "completion", "output", "response", "answer"),
            context=optional(record, "context", "input"),
            # As `kb` itself writes them.
            turns=turns_of(record["turns"], "turns") if isinstance(record.get("turns"), list) else (),
            documents=documents(record),
        )
    if draft.goes_on:
        raise Unusable(UNJUDGED)
    yield replace(draft, good=label, untrained_turns=(), kind="import")
