"""The audit before the first step: a loss on the wrong tokens is an error here, not a bad model later.

Every check reads what the trainer will read, token by token, and raises `GateError` with the row that failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.chat.thoughts import split_thought
from core.errors import DataError, GateError
from core.prompt import load_prompt
from finetune.data.dataset import CONTROL, OTHER_OBJECTIVE, TOO_LONG, Tokenised
from finetune.data.encoding import IGNORED, TokenRow
from finetune.data.kinds import KindShare, kind_shares
from finetune.data.template import ChatFormat, spoken

# More rows than this lost to their length is a wrong max_length, not a few odd rows.
_MOST_TOO_LONG = 0.2
# A tokenizer that knows a language needs one token for some four bytes of its words; below this it spells.
_BYTES_PER_TOKEN = 2.0
_MOST_UNKNOWN = 0.001
# Digits of a digest that are shown; how the sentence on another prompt begins.
_SHORT, _OTHER_PROMPT = 12, "passages are shown in another prompt"
_HINT = "kb finetune --dry-run --data DIR"
_OPEN, _CLOSE = "⟦", "⟧"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What the audit saw.

    Attributes:
        example: A row as text, trained tokens between ⟦ and ⟧.
        passed: What was checked, one sentence each.
        warnings: What a person should know and may accept.
        kinds: What the rows teach, most rows first.
    """

    example: str
    passed: tuple[str, ...]
    warnings: tuple[str, ...]
    kinds: tuple[KindShare, ...] = ()


def audit(data: Tokenised, chat: ChatFormat, context_tokens: int, *, ask_digest: str = "") -> Audit:
    """Check every row, and how data and model fit.

    Args:
        context_tokens: The longest input of the model; 0 where it does not say.
        ask_digest: Of the prompt that `kb ask` shows passages in; that of the built-in prompt if empty.

    Raises:
        DataError: No row is left.
        GateError: A check failed; the message names the row and shows it.
    """
    check_rows_left(data)
    check_padding(chat, data.rows)
    prefix = answer_prefix(chat)
    for row in data.rows:
        check_labels(row, chat, prefix)
        check_ends(row, chat)
        check_beginning(row, chat)
    check_lengths(data, context_tokens)
    prompt = _prompt_sentence(chat, ask_digest or load_prompt().digest)
    return Audit(
        example=marked(min(data.rows, key=lambda row: (not row.ends, row.id)), chat),
        passed=(
            _labels_sentence(data),
            "every answer ends with a trained EOS that stops generation",
            f"every prompt is a prefix of its row, BOS occurs once, no row is longer than {data.max_length} tokens",
            _padding_sentence(chat),
            *([] if prompt.startswith(_OTHER_PROMPT) else [prompt]),
        ),
        warnings=(*_warnings(data, chat), *([prompt] if prompt.startswith(_OTHER_PROMPT) else [])),
        kinds=kind_shares(data.rows),
    )


def _prompt_sentence(chat: ChatFormat, ask_digest: str) -> str:
    """Return whether rows with passages are shown as `kb ask` will show them."""
    own, current = chat.answer_prompt.digest[:_SHORT], ask_digest[:_SHORT]
    if own == current:
        return f"passages are shown in the prompt of kb ask ({own})"
    return f"{_OTHER_PROMPT} than that of kb ask: {own}, not {current}"


def _labels_sentence(data: Tokenised) -> str:
    answers = sum(row.n_answers for row in data.rows)
    several = f" ({answers:,} answers, those of earlier turns among them)" if answers > len(data.rows) else ""
    tokens = f"{data.n_trained:,} of {data.n_tokens:,} tokens"
    return f"only answers are labelled: {tokens} in {len(data.rows):,} rows{several}"


def _padding_sentence(chat: ChatFormat) -> str:
    if chat.stand_in_pad is None:
        return f"the pad token {chat.tokenizer.pad_token!r} ends nothing and is never trained"
    token = chat.tokenizer.convert_ids_to_tokens(chat.pad_id)
    return f"the tokenizer has no pad token that ends nothing; {token!r} fills batches, under masks that leave it out"


def check_rows_left(data: Tokenised) -> None:
    """Check that rows remain, and that not many fell to their length.

    Raises:
        DataError: None remains.
        GateError: More than a fifth were too long.
    """
    reasons = ", ".join(f"{count} {reason}" for reason, count in data.dropped.items())
    if not data.rows:
        raise DataError(
            f"every row was filtered out: {reasons or 'the data is empty'}",
            hint=_remedy(data),
            click="make training data again under Data",
        )
    too_long = data.dropped.get(TOO_LONG, 0)
    if too_long > _MOST_TOO_LONG * (too_long + len(data.rows)):
        raise GateError(
            f"{too_long} of {too_long + len(data.rows)} rows are longer than max_length {data.max_length}",
            hint="kb finetune --dry-run --data DIR --set over_long=shorten  # or a larger max_length",
            click="choose another recipe",
        )


def _remedy(data: Tokenised) -> str:
    """Return what brings back the rows of the commonest reason."""
    reason = max(data.dropped, key=lambda name: data.dropped[name], default="")
    if reason == OTHER_OBJECTIVE:
        return f"{_HINT} --set objective=mixed"
    if reason == TOO_LONG:
        return f"{_HINT} --set max_length=0 --set over_long=shorten"
    if reason.startswith(CONTROL):
        return f"{_HINT} --base smollm2  # or write the token otherwise in the rows"
    return "kb finetune --from-docs --dry-run  # or put rows into the data"


def check_padding(chat: ChatFormat, rows: Sequence[TokenRow]) -> None:
    """Check that padding neither stops generation nor is learned.

    Raises:
        GateError: The pad token is an end, or a label.
    """
    if chat.pad_id in chat.eos_ids:
        raise GateError(f"the pad token {chat.tokenizer.pad_token!r} also ends answers", hint=_HINT)
    if chat.stand_in_pad is not None:
        return  # it may stand in text; masks and labels leave padding out by its place
    for row in rows:
        if chat.pad_id in row.labels:
            raise GateError(f"row {row.id} trains the pad token: {marked(row, chat)}", hint=_HINT)


def check_ends(row: TokenRow, chat: ChatFormat) -> None:
    """Check that a row ends with a trained EOS.

    Raises:
        GateError: It does not: the model would never learn to stop.
    """
    if row.ends and row.input_ids[-1] not in chat.eos_ids:
        raise GateError(
            f"row {row.id} does not end with EOS ({chat.tokenizer.eos_token!r}), so the model would never stop; the "
            f"chat template must write it after an answer: {marked(row, chat)}",
            hint="kb finetune --base smollm2 --dry-run --data DIR",
            click="choose another base model",
        )
    if any(row.input_ids[end - 1] not in chat.eos_ids for _, end in _trained_spans(row)[:-1]):
        raise GateError(f"row {row.id}: the answer of an earlier turn does not end with EOS", hint=_HINT)
    if row.ends and row.labels[-1] != row.input_ids[-1]:
        raise GateError(f"row {row.id} ends with EOS but does not train it: {marked(row, chat)}", hint=_HINT)


def check_beginning(row: TokenRow, chat: ChatFormat) -> None:
    """Check that BOS is not written by the template and added by the tokenizer too.

    Raises:
        GateError: It stands twice.
    """
    bos = chat.tokenizer.bos_token_id
    if bos is not None and row.input_ids[:2] == (bos, bos):
        raise GateError(f"row {row.id} begins with two BOS tokens: {marked(row, chat)}", hint=_HINT)


def answer_prefix(chat: ChatFormat) -> str:
    """Return what the template itself writes between the generation prompt and an answer (an empty thought, say)."""
    probe = "answer"
    before, whole = chat.answered([{"role": "user", "content": "q"}], probe)
    return whole[len(before) :].partition(probe)[0]


def check_labels(row: TokenRow, chat: ChatFormat, prefix: str) -> None:
    """Check that the trained tokens, read back as text, are the answer and its end.

    Args:
        prefix: What the template writes before an answer; trained with it.

    Raises:
        GateError: Labels are not the tokens they stand on, stand on the prompt, or leave out part of the answer.
    """
    if len(row.labels) != len(row.input_ids):
        raise GateError(f"row {row.id} has {len(row.labels)} labels for {len(row.input_ids)} tokens", hint=_HINT)
    trained = [token for token, label in zip(row.input_ids, row.labels, strict=True) if label != IGNORED]
    if trained != [label for label in row.labels if label != IGNORED]:
        raise GateError(f"row {row.id}: labels differ from the tokens at their positions", hint=_HINT)
    if not row.ends or row.id.partition("+")[2]:
        return  # a window of a text, trained whole
    answers = (*row.earlier_answers, row.answer)
    spans = _trained_spans(row)
    if len(spans) != len(answers):
        raise GateError(
            f"row {row.id} trains {len(spans)} stretches where it has {len(answers)} answers: {marked(row, chat)}",
            hint=_HINT,
        )
    for (start, end), answer in zip(spans, answers, strict=True):
        _check_answer(row, row.input_ids[start:end], answer, chat, prefix)


def _trained_spans(row: TokenRow) -> list[tuple[int, int]]:
    """Return (start, end) of every stretch of trained tokens."""
    trained = [False, *(label != IGNORED for label in row.labels), False]
    edges = [index for index in range(len(row.labels) + 1) if trained[index] != trained[index + 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _check_answer(row: TokenRow, trained: Sequence[int], answer: str, chat: ChatFormat, prefix: str) -> None:
    """Check that trained tokens are one answer and its end.

    Raises:
        GateError: They are another text.
    """
    kept = list(trained)
    while kept and kept[-1] in chat.eos_ids:
        kept.pop()
    text = str(chat.tokenizer.decode(kept, skip_special_tokens=False)).removeprefix(prefix)
    if text.strip() != answer.strip() and not _same_in_template(text, answer):
        raise GateError(
            f"row {row.id} trains {text.strip()[:80]!r} where the answer is {answer.strip()[:80]!r}: "
            f"{marked(row, chat)}",
            hint=_HINT,
        )


def _same_in_template(text: str, answer: str) -> bool:
    """Whether a template wrote an answer with the marks and blanks of a thought in its own way, as the model will."""
    thought, rest = split_thought(answer)
    written = spoken(text)
    marked_otherwise = thought and spoken(thought) in written and written.endswith(spoken(rest))
    return bool(written == spoken(answer) or marked_otherwise)


def check_lengths(data: Tokenised, context_tokens: int) -> None:
    """Check that no row is longer than what was promised and than what the model can read.

    Raises:
        GateError: One is.
    """
    longest = max(data.rows, key=lambda row: row.n_tokens)
    limit = min(data.max_length, context_tokens or data.max_length)
    if longest.n_tokens > limit:
        raise GateError(
            f"row {longest.id} has {longest.n_tokens} tokens; the limit is {limit}",
            hint="kb finetune --recipe long-context --data DIR --dry-run",
            click="choose the recipe long-context",
        )


def marked(row: TokenRow, chat: ChatFormat) -> str:
    """Return a row as text with its trained tokens between ⟦ and ⟧."""
    parts: list[str] = []
    start = 0
    trained = [label != IGNORED for label in row.labels]
    for end in range(1, len(trained) + 1):
        if end == len(trained) or trained[end] != trained[start]:
            text = str(chat.tokenizer.decode(row.input_ids[start:end], skip_special_tokens=False))
            parts.append(f"{_OPEN}{text}{_CLOSE}" if trained[start] else text)
            start = end
    return "".join(parts)


def losses(data: Tokenised) -> list[str]:
    """Say which rows are not trained, or not whole, a sentence each."""
    sentences = [
        f"{count} rows dropped: {reason}" for reason, count in data.dropped.items() if reason != OTHER_OBJECTIVE
    ]
    if others := data.dropped.get(OTHER_OBJECTIVE):
        sentences.append(f"{others} rows are not trained with this objective; objective=mixed trains text and answers")
    if data.shortened:
        sentences.append(f"the context of {data.shortened} rows was shortened")
    if data.cut:
        sentences.append(f"{data.cut} conversations are longer than max_length and trained up to the answer that fits")
    return sentences


def _warnings(data: Tokenised, chat: ChatFormat) -> list[str]:
    warnings = losses(data)
    if chat.source != "model":
        warnings.append(f"the model has no chat template; the {chat.source} one is used, and questions need it too")
    if chat.moves_system:
        warnings.append("the chat template takes no system message; one stands at the head of the first user turn")
    warnings += _language(data, chat)
    return warnings


def _language(data: Tokenised, chat: ChatFormat) -> list[str]:
    """Judge by the tokenizer whether the model knows the language of the answers.

    Raises:
        GateError: The tokenizer cannot write them at all.
    """
    # Digits are often split one by one, in any language; words tell.
    texts = [text for row in data.rows for text in (*row.earlier_answers, row.answer)]
    words = [word for text in texts for word in text.split() if word.isalpha()]
    ids = [token for word in words for token in chat.encode(f" {word}")]
    if not ids:
        return []
    unknown = sum(token == chat.tokenizer.unk_token_id for token in ids)
    if unknown > _MOST_UNKNOWN * len(ids):
        raise GateError(
            f"the tokenizer cannot write {unknown} of {len(ids)} tokens of the answers: unsupported script",
            hint="kb finetune --base hf:Qwen/Qwen2.5-1.5B-Instruct --dry-run --data DIR",
            click="choose another base model",
        )
    per_token = sum(len(word.encode()) + 1 for word in words) / len(ids)
    if per_token < _BYTES_PER_TOKEN:
        return [
            f"the tokenizer needs a token for every {per_token:.1f} bytes of words: the model hardly knows the language"
        ]
    return []
