"""Columns that say the same in records of every shape: the system prompt, earlier turns, the thought before the answer,
a second answer that was rejected, and whether the record is trained at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from core.chat.thoughts import split_thought, with_thought
from core.gold import named_gold
from synth.importing.chats.conversations import read_conversation
from synth.importing.chats.messages import mark, spoken
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields

SYSTEM = ("system", "system_prompt", "system_message", "systeminstruction", "system_instruction")
_UNTRAINED = ("weight", "loss_weight", "train", "trainable")
# ms-swift's columns: the answer that was rejected, or the whole conversation with it.
REJECTED_RESPONSE, _REJECTED_MESSAGES = "rejected_response", "rejected_messages"
# A verdict is one on the last answer of a conversation, never on an earlier one.
UNJUDGED = "the judged answer is marked as not to be trained, or follows a tool call or a picture"
DIFFERING = "the chosen and the rejected conversation differ before their last answers"
_REJECTED_ANSWERS = (REJECTED_RESPONSE, "rejected_responses", "rejected", "rejected_answer", "rejected_answers")
# Columns for the thought before the answer, names without their marks: DeepSeek, Qwen, medical-o1, MMLU-Pro and others.
_THOUGHTS = frozenset(
    "reasoningcontent reasoning reasoningtext reasoningtrace reasoningchain thinking thinkingcontent thinkingprocess "
    "think thought thoughts thoughtprocess cot cotcontent complexcot longcot chainofthought chainofthoughts "
    "scratchpad".split()
)
# Columns for a verdict on the record's answer: that it is right, and that it is wrong. Beside a column of right answers
# they judge another one.
_RIGHT = ("is_correct", "correct", "is_right", "is_accepted", "accepted", "is_approved", "approved", "passed")
_WRONG = (
    *("wrong", "is_wrong", "incorrect", "is_incorrect"),
    *("hallucinated", "is_hallucinated", "hallucination", "is_hallucination"),
)
_DISLIKED = ("thumbs_down", "disliked", "downvoted")
_VERDICTS = ("feedback", "rating", "verdict", "label", "grade", "judgement", "judgment", "evaluation", "correctness")
# What such a column says where it is a setting, not a thought.
_SETTINGS = frozenset("on off true false yes no none auto minimal low medium high enabled disabled".split())
# Beside one of these, `reasoning` is that of a judge.
_JUDGED = ("score", "rating", "verdict", "grade", "judgement", "judgment")


def with_marks(record: Fields, drafts: Iterator[Draft]) -> Iterator[Draft]:
    """Yield a record's rows with what these columns say of them.

    Raises:
        Unusable: The record is marked as not to be trained, or a column holds something else.
    """
    for name in _UNTRAINED:
        # Other values than yes and no (a share, a number of kilograms) are left unread, to be reported.
        if name in record and mark(dict(record)[name]) is not None and not mark(record[name]):
            raise Unusable(f"marked as not to be trained ({name})")
    verdict = "" if named_gold(record) else _against(record)
    system = system_of(record)
    for draft in drafts:
        if verdict and draft.rejected is None and draft.good is None:
            raise Unusable(f"marked as wrong ({verdict})")
        texts = dict.fromkeys(text for text in (system, draft.system) if text)
        whole = replace(draft, system="\n\n".join(texts))
        if not whole.turns and (turns := _history(record)):
            judged = whole.rejected is not None or whole.good is not None
            whole = replace(whole, turns=turns, kind=whole.kind if judged else "conversation")
        if not split_thought(whole.answer)[0] and (thought := _thought(record)):
            whole = replace(whole, answer=with_thought(thought, whole.answer))
        yield from _rejected(record, whole, draft)


def _against(record: Fields) -> str:
    """Return the column that says that the record's answer is wrong, `""` for none; those that say so are read."""
    fields = dict(record)
    no = [name for name in _RIGHT if name in fields and mark(fields[name]) is False]
    yes = [name for name in _WRONG if name in fields and mark(fields[name])]
    yes += [name for name in _DISLIKED if mark(fields.get(name))]
    wrong = (*_WRONG, *_DISLIKED)
    spelled = [name for name in _VERDICTS if "_".join(str(fields.get(name)).lower().split()) in wrong]
    return next((name for name in (*no, *yes, *spelled) if record[name] is not None), "")


def system_of(record: Fields) -> str:
    """Return the text of the record's column for the system message, `""` where there is none.

    Raises:
        Unusable: It is no text.
    """
    name = next((name for name in SYSTEM if name in record), "")
    text = _system_text(record[name]) if name else ""
    if text is None:
        raise Unusable(f"field {name!r} is not text")
    return text


def _system_text(value: Any) -> str | None:
    """Return a text given as it stands, as parts with a `text`, or under `parts` or `content`; None for anything else.

    Anthropic and Bedrock write parts, Gemini an object.
    """
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if isinstance(value, Mapping):
        return _system_text(next((value[key] for key in ("parts", "content", "text") if key in value), 0))
    if not isinstance(value, list):
        return None
    texts = [_system_text(part) for part in value]
    return None if None in texts else "\n".join(text for text in texts if text)


def _thought(record: Fields) -> str:
    """Return the text of the record's column for a thought, `""` for none; other such columns stay unread."""
    for name, value in dict(record).items():
        if name.replace("_", "") not in _THOUGHTS or (name == "reasoning" and any(mark in record for mark in _JUDGED)):
            continue
        parts = value if isinstance(value, list) else [value]
        texts = [part.strip() for part in parts if isinstance(part, str)]
        thought = "\n".join(text for text in texts if text)
        if len(texts) == len(parts) and thought and thought.lower() not in _SETTINGS and record[name]:
            return thought
    return ""


def _history(record: Fields) -> tuple[tuple[str, str], ...]:
    """Return the earlier turns in the column `history`; none where it holds something else, which stays unread."""
    value = dict(record).get("history")
    try:
        turns = turns_of(value) if isinstance(value, list) else ()
    except Unusable:
        return ()
    return turns if turns and record.get("history") else ()


def turns_of(history: Any, name: str = "history") -> tuple[tuple[str, str], ...]:
    """Return earlier turns given as a list of [question, answer].

    Raises:
        Unusable: They are given as something else.
    """
    turns = []
    for turn in history or ():
        if not isinstance(turn, list | tuple) or len(turn) != 2 or not all(isinstance(part, str) for part in turn):
            raise Unusable(f"field {name!r} is not a list of [question, answer]")
        turns.append((turn[0], turn[1]))
    return tuple(turns)


def _rejected(record: Fields, draft: Draft, bare: Draft) -> Iterator[Draft]:
    """Yield a row as preferences over the answers that the record names as rejected, or as it is.

    Args:
        draft: The row with what the columns say of it.
        bare: The row as its conversation alone has it.
    """
    answers = _rejected_answers(record, draft, bare) if draft.rejected is None else []
    if not answers:
        yield draft
    elif draft.goes_on:
        raise Unusable(UNJUDGED)
    for answer in answers:
        if answer == draft.answer:
            raise Unusable("the chosen and the rejected answer are the same")
        yield replace(draft, rejected=answer, untrained_turns=(), kind="import")


def _rejected_answers(record: Fields, draft: Draft, bare: Draft) -> list[str]:
    name = next((name for name in _REJECTED_ANSWERS if name in record), REJECTED_RESPONSE)
    value = record.get(name)
    answers = [_answer_text(answer, name) for answer in (value if isinstance(value, list) else [value]) if answer]
    if messages := record.get(_REJECTED_MESSAGES):
        worse = read_conversation(messages)
        *turns, (question, answer) = worse.exchanges
        before = (tuple(turns), question, worse.system)
        # What columns add to the messages may stand in both conversations or in neither.
        if before not in {(each.turns, each.question, each.system) for each in (draft, bare)}:
            raise Unusable(DIFFERING)
        answers.append(answer)
    return [answer.strip() for answer in answers]


def _answer_text(answer: Any, name: str) -> str:
    """Return an answer given as a text or as a message."""
    if isinstance(answer, Mapping) and (message := spoken(answer)).role == "assistant":
        return message.text
    if not isinstance(answer, str):
        raise Unusable(f"field {name!r} is not text")
    return answer
