"""The prompt of the question writer, in training and in use: a title, a short text, and the words to ask for."""

from __future__ import annotations

from dataclasses import dataclass

# Short: the task is learned, and every request pays for its tokens.
SYSTEM = "Ask."
_NEIGHBOURS = 4  # words shown on either side of the marked ones


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedText:
    """A short text in which some words are to be asked for.

    Attributes:
        title: What the text is about: title of the document, with the heading above the text.
        text: Some sentences on one line.
        start: First code point of the answer in `text`.
        end: One past the last.
    """

    title: str
    text: str
    start: int
    end: int

    @property
    def answer(self) -> str:
        """The marked words."""
        return self.text[self.start : self.end]


def user_turn(marked: MarkedText) -> str:
    """Return the user's message: what several answers of one text share comes first, so that it is read once."""
    before = " ".join(marked.text[: marked.start].split()[-_NEIGHBOURS:])
    after = " ".join(marked.text[marked.end :].split()[:_NEIGHBOURS])
    # Punctuation and signs that touch the answer stay where they stand.
    space_before = " " if marked.text[: marked.start].endswith(" ") else ""
    space_after = " " if marked.text[marked.end :].startswith(" ") else ""
    return f"{marked.title}\n\n{marked.text}\n\n{before}{space_before}[{marked.answer}]{space_after}{after}".strip()


def messages(marked: MarkedText) -> list[dict[str, str]]:
    """Return the chat messages whose reply is the question."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user_turn(marked)}]
