"""Rows to tokens before any trainer sees them: trained tokens are marked, rows that do not fit are counted.

Rows are tokenised here because trainers cut long rows silently, and with them the token that ends an answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from core.chat.thoughts import CLOSE, OPEN
from core.errors import DataError
from core.prompt import PassageBlock, read_block
from core.types import Pair, Preference
from finetune.data.encoding import IGNORED, TokenRow, beginning, encode_answer, encode_pair, encode_rows
from finetune.data.template import ChatFormat
from finetune.recipe import Objective, Recipe

# Reasons for a drop.
TOO_LONG = "longer than max_length"
CONTROL = "a control token spelled in the text"
OTHER_OBJECTIVE = "of another objective"
# Kernels like multiples of eight.
_ROUND = 8
# One row in two hundred may be dropped where that makes the others' batches a third shorter.
_COVERED, _WORTH = 0.995, 1.5
_DEFAULT_CONTEXT, _TEXT_WINDOW = 2048, 512
_SAMPLE = 1000
# Characters of a row that an error shows.
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceRow:
    """A tokenised preference: the prompt once, then both answers."""

    id: str
    prompt_ids: tuple[int, ...]
    chosen_ids: tuple[int, ...]
    rejected_ids: tuple[int, ...]

    @property
    def n_tokens(self) -> int:
        """Length of the longer side."""
        return len(self.prompt_ids) + max(len(self.chosen_ids), len(self.rejected_ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenised:
    """All rows of a split.

    Attributes:
        max_length: The longest row allowed, in tokens.
        dropped: Reason to number of rows.
        shortened: Rows whose context was cut.
        cut: Conversations whose last turns were left out, because only the first ones fit.
    """

    rows: tuple[TokenRow, ...]
    max_length: int
    dropped: Mapping[str, int]
    shortened: int = 0
    cut: int = 0

    @property
    def n_tokens(self) -> int:
        """Tokens of all rows."""
        return sum(row.n_tokens for row in self.rows)

    @property
    def n_trained(self) -> int:
        """Tokens that carry loss."""
        return sum(label != IGNORED for row in self.rows for label in row.labels)


def serves_objective(pair: Pair, objective: Objective) -> bool:
    """Tell whether a row serves an objective; a row without a question is text."""
    return objective == "mixed" or (objective == "text") == (not pair.question)


def control_tokens(chat: ChatFormat) -> tuple[str, ...]:
    """Return the spellings that a tokenizer turns into steering tokens wherever they stand; thoughts may be marked."""
    spellings = (token.content for token in chat.tokenizer.added_tokens_decoder.values() if token.special)
    return tuple(spelling for spelling in spellings if spelling not in (OPEN, CLOSE))


def _steering(pair: Pair | Preference, spellings: Sequence[str]) -> str:
    """Return the control token that a row's text would become, `""` for none: a document must not end a turn."""
    texts = [pair.question, pair.answer] if isinstance(pair, Pair) else [pair.prompt, pair.chosen, pair.rejected]
    texts += [pair.context, pair.system, *(text for turn in pair.turns for text in turn)]
    return next((spelling for text in texts for spelling in spellings if spelling in text), "")


@contextmanager
def naming_row(pair: Pair) -> Iterator[None]:
    """Add the row, its id and the beginning of its question or text, to errors that are raised inside."""
    try:
        yield
    except DataError as error:
        begins = " ".join((pair.question or pair.answer).split())[:_SHOWN]
        error.message = f"{error.message} (row {pair.id}: {begins!r})"
        raise


def tokenise(
    pairs: Iterable[Pair], chat: ChatFormat, recipe: Recipe, context_tokens: int, *, max_length: int = 0
) -> Tokenised:
    """Tokenise a split.

    Args:
        context_tokens: The longest input of the model; 0 where it does not say.
        max_length: Of another split, so that both agree; 0 takes the recipe's, or the data's.

    Raises:
        DataError: The template does not serve the rows.
    """
    spellings = control_tokens(chat)
    dropped: Counter[str] = Counter()
    limit = max_length or recipe.max_length
    read: list[tuple[Pair, TokenRow]] = []
    for pair in pairs:
        if not serves_objective(pair, recipe.objective):
            dropped[OTHER_OBJECTIVE] += 1
        elif token := _steering(pair, spellings):
            dropped[f"{CONTROL} ({token})"] += 1
        else:
            with naming_row(pair):
                read += encode_rows(pair, chat, most_tokens=limit or context_tokens or _DEFAULT_CONTEXT)
    # A text is cut anyway, so it may ask for no more than a window.
    lengths = [row.n_tokens if pair.question else min(row.n_tokens, _TEXT_WINDOW) for pair, row in read]
    limit = limit or choose_max_length(lengths, context_tokens)
    rows: list[TokenRow] = []
    shortened = cut = 0
    for pair, row in read:
        fitting = _fit(pair, row, chat, recipe, limit)
        rows += fitting
        dropped[TOO_LONG] += not fitting
        if pair.question and fitting and fitting[0] is not row:
            cut += fitting[0].n_answers < row.n_answers
            shortened += fitting[0].n_answers == row.n_answers
    return Tokenised(rows=tuple(rows), max_length=limit, dropped=+dropped, shortened=shortened, cut=cut)


def stream(pairs: Iterator[Pair], chat: ChatFormat, recipe: Recipe, context_tokens: int) -> Iterator[TokenRow]:
    """Yield tokenised rows one at a time; the first thousand decide `max_length` where the recipe does not.

    Raises:
        DataError: The template does not serve the rows.
    """
    head = list(islice(pairs, _SAMPLE))
    limit = tokenise(head, chat, recipe, context_tokens).max_length
    for chunk in (head, *([pair] for pair in pairs)):
        yield from tokenise(chunk, chat, recipe, context_tokens, max_length=limit).rows


def choose_max_length(lengths: Sequence[int], context_tokens: int) -> int:
    """Return the shortest length worth batching to: all rows, unless a few are far longer than the rest.

    Args:
        lengths: Of the rows, in tokens.
        context_tokens: The model's limit; 0 where it does not say.
    """
    limit = context_tokens or _DEFAULT_CONTEXT
    if not lengths:
        return min(limit, _DEFAULT_CONTEXT)
    ordered = sorted(lengths)
    covered, longest = ordered[math.ceil(_COVERED * len(ordered)) - 1], ordered[-1]
    length = covered if longest > _WORTH * covered else longest
    return min(limit, math.ceil(length / _ROUND) * _ROUND)


def _fit(pair: Pair, row: TokenRow, chat: ChatFormat, recipe: Recipe, limit: int) -> list[TokenRow]:
    """Return the row as it fits: itself, windows of a text, the row with less context or fewer turns, or nothing."""
    if row.n_tokens <= limit:
        return [row]
    if not pair.question:
        return _windows(row, limit)
    if recipe.over_long == "drop":
        return []
    shorter = _with_less_context(pair, row, chat, recipe, limit) if pair.context else []
    return shorter or _with_first_turns(pair, row, chat, limit)


def _with_first_turns(pair: Pair, row: TokenRow, chat: ChatFormat, limit: int) -> list[TokenRow]:
    """Return a conversation up to the last trained answer that fits; nothing where not even the first does."""
    fitting = beginning(pair, chat, limit) if row.earlier_answers else []
    return [encode_pair(fitting[-1][0], chat)] if fitting else []


def _windows(row: TokenRow, limit: int) -> list[TokenRow]:
    starts = range(0, row.n_tokens, limit)
    return [
        TokenRow(
            id=f"{row.id}+{start}",
            input_ids=row.input_ids[start : start + limit],
            labels=row.labels[start : start + limit],
            answer=row.answer,
            ends=start == starts[-1] and row.ends,
            kind=row.kind,
        )
        for start in starts
        # A window of one token predicts nothing.
        if len(row.input_ids[start : start + limit]) > 1
    ]


def _with_less_context(pair: Pair, row: TokenRow, chat: ChatFormat, recipe: Recipe, limit: int) -> list[TokenRow]:
    """Cut the context on the recipe's side; a row whose evidence would go with it is dropped, not made a lie."""
    if block := read_block(pair.context):
        return _with_fewer_passages(pair, block, chat, recipe, limit)
    tokens = chat.encode(pair.context)
    over = row.n_tokens - limit
    while over > 0 and len(tokens) > over:
        tokens = tokens[over:] if recipe.truncation_side == "left" else tokens[:-over]
        context = str(chat.tokenizer.decode(tokens)).strip()
        if any(citation.quote in pair.context and citation.quote not in context for citation in pair.evidence):
            return []
        row = encode_pair(pair, chat, context=context)
        over = row.n_tokens - limit
    return [row] if over <= 0 else []


def _with_fewer_passages(
    pair: Pair, block: PassageBlock, chat: ChatFormat, recipe: Recipe, limit: int
) -> list[TokenRow]:
    """Leave out whole passages that the answer does not cite, from the recipe's side; one at least stays."""
    spare = [passage for passage in block.passages if f"[[{passage.key}]]" not in pair.answer]
    if len(spare) == len(block.passages):
        # An answer that cites nothing still needs something to decline.
        spare = spare[:-1] if recipe.truncation_side == "left" else spare[1:]
    kept = list(block.passages)
    for passage in spare if recipe.truncation_side == "left" else reversed(spare):
        kept.remove(passage)
        row = encode_pair(pair, chat, context=block.keep(kept).text)
        if row.n_tokens <= limit:
            return [row]
    return []


def tokenise_preferences(
    preferences: Iterable[Preference], chat: ChatFormat, max_length: int
) -> tuple[list[PreferenceRow], dict[str, int]]:
    """Tokenise preferences; returns the rows, and reason to number of those dropped.

    Raises:
        DataError: The template does not serve them.
    """
    spellings = control_tokens(chat)
    rows: list[PreferenceRow] = []
    dropped: Counter[str] = Counter()
    for preference in preferences:
        if token := _steering(preference, spellings):
            dropped[f"{CONTROL} ({token})"] += 1
            continue
        prompt, chosen = encode_answer(chat, preference, preference.chosen)
        _, rejected = encode_answer(chat, preference, preference.rejected)
        row = PreferenceRow(
            id=preference.id, prompt_ids=tuple(prompt), chosen_ids=tuple(chosen), rejected_ids=tuple(rejected)
        )
        if row.n_tokens > max_length:
            dropped[TOO_LONG] += 1
        else:
            rows.append(row)
    return rows, dict(dropped)
