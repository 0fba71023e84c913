"""One message of a conversation in any of the usual spellings: who speaks, the text, its thought, and whether it is
trained.

Texts alone can be rows. A tool call or a picture is named by `BeyondText`, never passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from core.chat.thoughts import split_thought, with_thought
from synth.importing.drafts import Unusable

SPEAKERS = {
    "user": "user",
    "human": "user",
    "prompter": "user",
    "customer": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "agent": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "ai": "assistant",
    "system": "system",
    "developer": "system",
}
_NAMES, _CONTENTS = ("role", "from", "speaker", "author"), ("content", "value", "text", "parts")
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thought")
# Marks that say whether an answer is trained: OpenAI and Mistral, LLaMA-Factory, ms-swift, Axolotl, XTuner; and that it
# is not.
_TRAINED = (
    *("weight", "loss_weight", "loss", "loss_mask", "train", "training", "trainable", "train_on", "learn"),
    "output_with_loss",
)
_NOT_TRAINED = ("masked", "ignore", "ignored", "skip", "exclude", "excluded", "no_train", "no_loss")
# Yes and no, as tables and settings spell them.
_YES, _NO = frozenset({"true", "yes", "y", "on"}), frozenset({"false", "no", "n", "off"})
_CALLS = ("tool_calls", "function_call", "functioncall", "tool_call")
_TOOL_CALL = "a tool call"
# Words in the role of a message that is part of a tool call, and in the type or a key of a part that is no text.
_TOOL_ROLES = dict.fromkeys(("tool", "function", "observation", "ipython"), _TOOL_CALL)
_BEYOND = _TOOL_ROLES | {
    "image": "an image",
    "video": "a video",
    "audio": "a sound",
    "file": "a file",
    "document": "a file",
    "inline": "a file",
}
PLACEHOLDERS = {"<image>": "an image", "<video>": "a video", "<audio>": "a sound"}


class BeyondText(Unusable):
    """A message holds something that a row cannot.

    Args:
        what: Names it, with its article.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}, which rows cannot hold")
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenMessage:
    """A message as text.

    Attributes:
        role: `user`, `assistant` or `system`.
        text: What it says, an answer with its thought before it; empty for an empty system message alone.
        trained: Whether an answer may be learned.
        unused: Names of its fields whose values gave nothing.
    """

    role: str
    text: str
    trained: bool = True
    unused: tuple[str, ...] = ()


def spoken(message: Any, placeholders: Collection[str] = ()) -> SpokenMessage:
    """Read a message.

    Args:
        message: An object with a role and a content.
        placeholders: Words in the text that stand for pictures or sounds of the record.

    Raises:
        BeyondText: It calls a tool, answers for one, or holds a picture, a video, a sound or a file.
        Unusable: It is no object, its role is unknown, or it holds no text.
    """
    if not isinstance(message, Mapping):
        raise Unusable("a message is not an object")
    name = next((str(message[key]).strip() for key in _NAMES if message.get(key)), "").lower()
    role = SPEAKERS.get(name, "")
    if not role and (what := _holds(name, _TOOL_ROLES)):
        raise BeyondText(what)
    if not role:
        raise Unusable(f"a message has the role {name!r}, not user, assistant or system")
    if any(message.get(key) for key in _CALLS):
        raise BeyondText(_TOOL_CALL)
    text, thought = _text(message)
    if what := next((PLACEHOLDERS[word] for word in placeholders if word in text), ""):
        raise BeyondText(what)
    if not text and role != "system":
        raise Unusable("a message has no text")
    used = {*_NAMES, *_CONTENTS}
    # Nobody but the assistant is trained: only a mark that says otherwise has no effect.
    settled = {False, True} if role == "assistant" else {False}
    marks = {name: mark(message.get(name)) for name in _TRAINED}
    # What a mark against training says is the opposite.
    marks |= {name: None if (no := mark(message.get(name))) is None else not no for name in _NOT_TRAINED}
    used.update(name for name, says in marks.items() if says in settled)
    if role == "assistant":
        for key in _THOUGHTS:
            if isinstance(message.get(key), str) and not thought and not split_thought(text)[0]:
                thought = message[key].strip()
            used.update({key} if str(message.get(key)).strip() == thought else ())
    unused = tuple(key for key, value in message.items() if key not in used and value not in (None, "", [], {}))
    return SpokenMessage(
        role=role,
        text=with_thought(thought, text) if role == "assistant" else text,
        trained=False not in marks.values(),
        unused=unused,
    )


def mark(value: Any) -> bool | None:
    """Return whether a mark lets an answer be trained; None for one that is neither yes nor no."""
    spelled = str(value).strip().lower()
    number = _number(spelled)
    if spelled in _NO or (number is not None and number <= 0):
        return False
    return True if spelled in _YES or number == 1 else None


def _number(spelled: str) -> float | None:
    try:
        return float(spelled)
    except ValueError:
        return None


def _text(message: Mapping[str, Any]) -> tuple[str, str]:
    """Return (text, thought) of a message's content."""
    content = next((message[key] for key in _CONTENTS if message.get(key) is not None), None)
    if isinstance(content, str):
        return content.strip(), ""
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, list):
        return "", ""
    read = [_of_part(part) for part in content]
    texts, thoughts = ([part[side] for part in read if part[side]] for side in (0, 1))
    return "\n".join(texts).strip(), "\n".join(thoughts).strip()


def _of_part(part: Any) -> tuple[str, str]:
    """Return (text, thought) of one part of a content, as newer chat APIs write it."""
    if isinstance(part, str):
        return part, ""
    if not isinstance(part, Mapping):
        raise Unusable("a message has no text")
    kind = str(part.get("type") or "").lower()
    texts = [part[key] for key in ("text", "value", "content", *_THOUGHTS) if isinstance(part.get(key), str)]
    names = [kind, *(str(key).lower() for key, value in part.items() if value is not None)]
    what = next((what for name in names if (what := _holds(name, _BEYOND))), "")
    if kind in _THOUGHTS or (not kind and part.get("thought") is True):
        return "", texts[0] if texts else ""
    if texts and (kind in ("text", "input_text", "output_text") or not (kind or what)):
        return texts[0], ""
    if what:
        raise BeyondText(what)
    raise Unusable("a message has no text")


def _holds(name: str, words: Mapping[str, str]) -> str:
    """Return what a role, a type or a key names, `""` where none of the words is in it."""
    return next((what for word, what in words.items() if word in name), "")
