"""Conversations as rows: OpenAI messages, ShareGPT, Gemini, LIMA, lists of utterances.

A conversation becomes one row: its last question and answer, with the earlier exchanges as turns and the system
message in a field of its own. What does not fit into a row is counted by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.importing.chats.messages import PLACEHOLDERS, BeyondText, SpokenMessage, spoken
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents

_LISTS = ("messages", "conversations", "conversation", "contents")
# What is counted when it is left out.
EARLY, LATE = "answers before the first question", "questions after the last answer"
_MASKED = "exchanges after the last answer to train"
_MOVED = "places of later system messages, which stand first now"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedConversation:
    """A conversation as exchanges.

    Attributes:
        exchanges: (question, answer), oldest first, one at least.
        system: Its system messages, joined.
        untrained: Indices of the exchanges whose answers are context alone.
        left_out: What of it is in no exchange, and how many.
        unused: Names of message fields whose values gave nothing.
        is_cut: Whether it goes on with messages that a row cannot hold.
    """

    exchanges: tuple[tuple[str, str], ...]
    system: str = ""
    untrained: frozenset[int] = frozenset()
    left_out: tuple[tuple[str, int], ...] = ()
    unused: tuple[str, ...] = ()
    is_cut: bool = False

    def draft(self, named: tuple[str, ...] = ()) -> Draft:
        """Return the row, up to the last answer that is to be trained.

        Args:
            named: As `Draft.documents`.

        Raises:
            Unusable: No answer is to be trained.
        """
        trained = [index for index in range(len(self.exchanges)) if index not in self.untrained]
        if not trained:
            raise Unusable("every answer is marked as not to be trained")
        last = trained[-1]
        cut = len(self.exchanges) - 1 - last
        question, answer = self.exchanges[last]
        return Draft(
            question=question,
            answer=answer,
            turns=self.exchanges[:last],
            system=self.system,
            untrained_turns=tuple(index for index in range(last) if index in self.untrained),
            kind="conversation" if last else "instruction",
            documents=named,
            left_out=(*self.left_out, *([(_MASKED, cut)] if cut else [])),
            unused=self.unused,
            goes_on=self.goes_on,
        )

    @property
    def goes_on(self) -> bool:
        """Whether an answer follows the last that is to be trained."""
        return self.is_cut or len(self.exchanges) - 1 in self.untrained


def openai(record: Fields) -> Iterator[Draft]:
    """`messages` or `conversations` with `role` and `content`; Gemini's `contents` with `parts`."""
    yield read_conversation(_listed(record), placeholders=_placeholders(record)).draft(documents(record))


def sharegpt(record: Fields) -> Iterator[Draft]:
    """`conversations` with `from` and `value`."""
    yield from openai(record)


def _listed(record: Fields) -> Sequence[Any]:
    return next((record[name] for name in _LISTS if record.get(name)), [])


def _placeholders(record: Fields) -> tuple[str, ...]:
    """Return the words that stand for the record's own pictures, videos and sounds in its texts."""
    # By `items`, which does not count a column as used: without its word in a text it is not.
    filled = {name for name, value in record.items() if value}
    return tuple(word for word in PLACEHOLDERS if filled & {word.strip("<>"), f"{word.strip('<>')}s"})


def utterances(record: Fields) -> Iterator[Draft]:
    """A list of texts that takes turns, the questioner first: LIMA's `conversations`, `dialog`, `dialogue`."""
    name = next(name for name in ("conversations", "dialog", "dialogue", "utterances", "turns") if record.get(name))
    utterance_texts = [text for text in record[name] if isinstance(text, str)]
    if len(utterance_texts) != len(record[name]):
        raise Unusable(f"field {name!r} is not a list of texts")
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(utterance_texts)]
    yield draft_of(messages, documents(record))


def answer_messages(completion: Any) -> list[Any]:
    """Return what follows a prompt of messages, given as messages, one message or a text, as messages."""
    if isinstance(completion, str):
        return [{"role": "assistant", "content": completion}]
    return completion if isinstance(completion, list) else [completion]


def draft_of(messages: Sequence[Any], named: tuple[str, ...] = (), *, n_prompt: int = 0) -> Draft:
    """Return the row of a conversation; errors as of `read_conversation` and `ImportedConversation.draft`."""
    return read_conversation(messages, n_prompt=n_prompt).draft(named)


def read_conversation(
    messages: Sequence[Any], *, n_prompt: int = 0, placeholders: Collection[str] = ()
) -> ImportedConversation:
    """Read a conversation.

    Consecutive messages of one speaker are joined. From a tool call or a picture on nothing is taken: what follows
    answers to it.

    Args:
        messages: With role and content each.
        n_prompt: So many first messages are the prompt; answers among them are not trained.
        placeholders: As of `spoken`.

    Raises:
        BeyondText: A tool call or a picture stands before the first answer.
        Unusable: A role is unknown, a content is no text, or nothing is answered.
    """
    joined = _Joined()
    for index, raw in enumerate(messages):
        try:
            message = spoken(raw, placeholders)
        except BeyondText as beyond:
            if not joined.answered:
                raise
            joined.left_out[f"messages from {beyond.what} on"] += len(messages) - index
            joined.is_cut = True
            break
        joined.add(message, prompt=index < n_prompt)
    return joined.conversation()


@dataclass(slots=True)
class _Joined:
    """The messages so far, those of one speaker in one; `counts` says of how many each is made."""

    sides: list[SpokenMessage] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    system: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    unused: dict[str, None] = field(default_factory=dict)
    is_cut: bool = False

    @property
    def answered(self) -> bool:
        """Whether there is a question with an answer."""
        return len(self.sides) > 1

    def add(self, message: SpokenMessage, *, prompt: bool) -> None:
        self.unused |= {f"messages.{name}": None for name in message.unused}
        trained = message.trained and not prompt
        if message.role == "system":
            self.system += [message.text] if message.text else []
            self.left_out[_MOVED] += bool(self.sides and message.text)
        elif self.sides and self.sides[-1].role == message.role:
            before = self.sides[-1]
            text = f"{before.text}\n\n{message.text}"
            self.sides[-1] = SpokenMessage(role=message.role, text=text, trained=before.trained and trained)
            self.counts[-1] += 1
        elif self.sides or message.role == "user":
            self.sides.append(SpokenMessage(role=message.role, text=message.text, trained=trained))
            self.counts.append(1)
        else:
            self.left_out[EARLY] += 1

    def conversation(self) -> ImportedConversation:
        """Return what was read.

        Raises:
            Unusable: Nothing is answered.
        """
        if not self.answered:
            raise Unusable("the conversation has no question with an answer")
        if len(self.sides) % 2:
            self.left_out[LATE] += self.counts[-1]
        pairs = [(self.sides[i], self.sides[i + 1]) for i in range(0, len(self.sides) - 1, 2)]
        return ImportedConversation(
            exchanges=tuple((question.text, answer.text) for question, answer in pairs),
            system="\n\n".join(self.system),
            untrained=frozenset(index for index, (_, answer) in enumerate(pairs) if not answer.trained),
            left_out=tuple((+self.left_out).items()),
            unused=tuple(self.unused),
            is_cut=self.is_cut,
        )
