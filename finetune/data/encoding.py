"""One row to tokens: the prompt as it stands at generation, the trained answers, and the token that ends each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

from core.errors import DataError
from core.rows import per_answer
from core.types import Pair, Preference
from finetune.data.template import ChatFormat

IGNORED = -100  # the label that no loss counts (torch's `ignore_index`)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A tokenised row.

    Attributes:
        input_ids: Prompt and answer, ended by EOS.
        labels: `input_ids` where trained, `IGNORED` elsewhere; same length.
        answer: The text that must be trained, the last where there are several.
        earlier_answers: Texts of earlier turns that are trained too, in order.
        ends: Whether the row ends with its answer's end; a window of a long text does not.
        kind: What it teaches.
    """

    id: str
    input_ids: tuple[int, ...]
    labels: tuple[int, ...]
    answer: str
    ends: bool = True
    kind: str = ""
    earlier_answers: tuple[str, ...] = ()

    @property
    def n_tokens(self) -> int:
        """Length."""
        return len(self.input_ids)

    @property
    def n_answers(self) -> int:
        """Answers that are trained."""
        return 1 + len(self.earlier_answers)


def encode_answer(
    chat: ChatFormat, row: Pair | Preference, answer: str, *, context: str | None = None
) -> tuple[list[int], list[int]]:
    """Tokenise a prompt and one answer to it.

    Returns:
        Ids of the prompt as it will stand at generation, and of the answer up to the token that ends it.

    Raises:
        DataError: The template renders a prompt otherwise when an answer follows, or the tokenizer joins the prompt's
            end with the answer's beginning: the model would be trained on a prompt that it never sees.
    """
    messages = chat.prompt(row, context=context)
    before, whole = chat.answered(messages, answer)
    prompt, both = chat.encode(before), chat.encode(whole)
    if both[: len(prompt)] != prompt:
        same = _common(before, whole)
        reason = (
            f"the chat template renders a prompt otherwise when an answer follows, from {before[same : same + 40]!r} on"
            if same < len(before)
            else f"the tokenizer joins the end of the prompt, {before[-20:]!r}, with the answer; end it on a newline"
        )
        raise DataError(f"row {row.id}: {reason}", hint="kb finetune --base smollm2 --data DIR --dry-run")
    return prompt, _ended(both[len(prompt) :], chat.eos_ids)


def _common(first: str, second: str) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )


def _ended(answer: list[int], eos_ids: frozenset[int]) -> list[int]:
    """Cut what a template writes after the token that ends the answer: nothing is generated there."""
    last = max((i for i, token in enumerate(answer) if token in eos_ids), default=len(answer) - 1)
    return answer[: last + 1]


def encode_pair(pair: Pair, chat: ChatFormat, *, context: str | None = None) -> TokenRow:
    """Tokenise a row: all of a text, or the answer with those of earlier turns that are trained.

    Earlier answers are left untrained where the chat template renders them otherwise than when they were the last:
    `encode_rows` gives each of them a row of its own then.

    Raises:
        DataError: See `encode_answer`.
    """
    if not pair.question:
        ids = [int(token) for token in chat.tokenizer.encode(pair.answer)]
        chat.check_embedded(ids)
        ids = ids if ids[-1] in chat.eos_ids else [*ids, int(chat.tokenizer.eos_token_id)]
        begins = ids[0] == chat.tokenizer.bos_token_id
        labels = [IGNORED, *ids[1:]] if begins else ids
        return TokenRow(id=pair.id, input_ids=tuple(ids), labels=tuple(labels), answer=pair.answer, kind=pair.kind)
    *earlier, last = [_last_answer(part, chat, context if part is pair else None) for part in per_answer(pair)]
    if not all(last.input_ids[: row.n_tokens] == row.input_ids for row in earlier):
        return last
    # Each labels its own answer; none begins before the one before it has ended.
    ends = [0, *(row.n_tokens for row in earlier), last.n_tokens]
    rows = zip((*earlier, last), ends, ends[1:], strict=False)
    joined = tuple(label for row, begin, end in rows for label in row.labels[begin:end])
    return replace(last, labels=joined, earlier_answers=tuple(row.answer for row in earlier))


def _last_answer(pair: Pair, chat: ChatFormat, context: str | None) -> TokenRow:
    """Tokenise a row with a loss on its last answer alone."""
    prompt, answer = encode_answer(chat, pair, pair.answer, context=context)
    return TokenRow(
        id=pair.id,
        input_ids=(*prompt, *answer),
        labels=(*[IGNORED] * len(prompt), *answer),
        answer=pair.answer,
        kind=pair.kind,
    )


def encode_rows(pair: Pair, chat: ChatFormat, *, most_tokens: int = 0) -> list[tuple[Pair, TokenRow]]:
    """Tokenise a row so that every answer is trained as it will be asked for.

    Args:
        most_tokens: Longer rows are never trained: of those of a conversation only the length is right; 0: no limit.

    Returns:
        The row; or, where a conversation cannot be one sequence, a row per answer with what it was made of.

    Raises:
        DataError: See `encode_answer`.
    """
    if most_tokens and pair.question and pair.turns:
        last = _last_answer(pair, chat, None)
        if last.n_tokens > most_tokens:
            return _rows_within(pair, last, chat, most_tokens)
    row = encode_pair(pair, chat)
    if row.n_answers == 1 + len(pair.turns) - len(pair.untrained_turns):
        return [(pair, row)]
    return [(part, encode_pair(part, chat)) for part in map(_last_alone, per_answer(pair))]


def _last_alone(pair: Pair) -> Pair:
    return replace(pair, untrained_turns=tuple(range(len(pair.turns))))


def beginning(pair: Pair, chat: ChatFormat, most_tokens: int) -> list[tuple[Pair, TokenRow]]:
    """Tokenise the answers of a conversation, each labelled alone, up to the first that ends past a length.

    To tokenise all of them takes time that grows with the square of the conversation's length.
    """
    rows = ((part, _last_answer(part, chat, None)) for part in per_answer(pair))
    return list(takewhile(lambda row: row[1].n_tokens <= most_tokens, rows))


def _rows_within(pair: Pair, last: TokenRow, chat: ChatFormat, most_tokens: int) -> list[tuple[Pair, TokenRow]]:
    """Tokenise a conversation that is too long as a whole.

    Args:
        last: The whole of it, with a loss on its last answer alone.
    """
    fitting = beginning(pair, chat, most_tokens)
    parts = list(per_answer(pair))
    if all(last.input_ids[: row.n_tokens] == row.input_ids for _, row in fitting):
        return [(pair, replace(last, earlier_answers=tuple(part.answer for part in parts[:-1])))]
    too_long = [(_last_alone(part), last) for part in parts[len(fitting) :]]
    return [*((_last_alone(part), row) for part, row in fitting), *too_long]
