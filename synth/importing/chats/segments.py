"""Texts cut into segments that are trained or not, without a chat template (Axolotl's `input_output`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from synth.importing.chats.conversations import draft_of
from synth.importing.chats.rendered import messages_of
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents

# Tokens that begin and end texts: a row's own template writes them.
_ENDS = re.compile(r"</?s>|<\|(?:begin_of_text|end_of_text|endoftext|eot_id|im_end|end)\|>|<(?:bos|eos|end_of_turn)>")
_EARLY = "segments to train before the first that is not"
_LATE = "segments after the last to train"


def is_segmented(record: Fields) -> bool:
    """Whether a record is a list of texts with a mark each that says whether it is trained."""
    value = record.get("segments")
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(part, dict) and isinstance(part.get("text"), str) and isinstance(part.get("label"), bool)
            for part in value
        )
    )


def segmented(record: Fields) -> Iterator[Draft]:
    """What is not trained asks, what is trained answers; a text that is trained from end to end is learned as it is.

    Raises:
        Unusable: Nothing is trained.
    """
    parts = [(part["label"], part["text"]) for part in record["segments"]]
    if not any(trained for trained, _ in parts):
        raise Unusable("every segment is marked as not to be trained")
    if messages := messages_of("".join(text for _, text in parts)):
        taught = "".join(text for trained, text in parts if trained)
        for message in messages:
            if message["role"] == "assistant" and message["content"] not in taught:
                message["weight"] = "0"
        yield draft_of(messages, documents(record))
        return
    joined: list[tuple[bool, str]] = []
    for trained, text in parts:
        bare = _ENDS.sub("", text)
        if joined and joined[-1][0] == trained:
            joined[-1] = (trained, joined[-1][1] + bare)
        elif bare.strip():
            joined.append((trained, bare))
    yield _of_parts(joined, documents(record))


def _of_parts(joined: list[tuple[bool, str]], named: tuple[str, ...]) -> Draft:
    if len(joined) == 1:
        return Draft(question="", answer=joined[0][1].strip(), kind="text", documents=named)
    left_out: list[tuple[str, int]] = []
    if joined[0][0]:
        left_out.append((_EARLY, 1))
        joined[:2] = [(False, joined[0][1] + joined[1][1])]
    if not joined[-1][0]:
        left_out.append((_LATE, 1))
        joined = joined[:-1]
    if len(joined) < 2:
        raise Unusable("no segment to train follows one that is not")
    texts = [text.strip() for _, text in joined]
    *turns, (question, answer) = zip(texts[::2], texts[1::2], strict=True)
    return Draft(
        question=question,
        answer=answer,
        turns=tuple(turns),
        kind="conversation" if turns else "instruction",
        documents=named,
        left_out=tuple(left_out),
    )
