"""The shapes of records, and how the shape of a source is recognised from its first records.

`SHAPES` is ordered from specific to general: the first that fits most of the sample is used. Records that do not fit it
are reported with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.gold import answer_columns, answer_names, is_predicted, named_gold
from synth.importing.chats import conversations, exports, logged, message_rows, paired_turns, rendered, segments
from synth.importing.drafts import Draft
from synth.importing.fields import Fields, has
from synth.importing.records import compared, instructions, judged, reading_tasks, tasks
from synth.importing.records.tasks import TaskReader

Drafts = Callable[[Fields, TaskReader], Iterator[Draft]]
_ANSWERED = "questions and answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape of records.

    Attributes:
        name: Name for messages.
        fits: Whether a record (names normalised) has it.
        drafts: The rows of a record.
        spoken: Whether its answer is the last of a conversation, beside which a column may hold the right one.
        marked: Whether columns for system prompt, history, weight and rejected answer mean what they say.
        labels: Columns whose values, over the whole source, are the labels to choose from.
        gold: Whether its answer stands in the column that `answer_columns` chooses over the whole source.
    """

    name: str
    fits: Callable[[Fields], bool]
    drafts: Drafts
    labels: tuple[str, ...] = ()
    gold: bool = False
    marked: bool = False
    spoken: bool = False


def _plain(drafts: Callable[[Fields], Iterator[Draft]]) -> Drafts:
    """Fit a function that needs nothing but the record."""
    return lambda record, _: drafts(record)


def _messages(record: Fields, *keys: str) -> bool:
    """Whether a conversation stands in the record whose messages have these names."""
    for name in ("messages", "conversations", "conversation", "contents"):
        value = record.get(name)
        if (
            isinstance(value, list)
            and value
            and all(isinstance(each, dict) and set(keys) <= set(each) for each in value)
        ):
            return True
    return False


def _alpaca(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    return instructions.alpaca(record, reading.answers)


def _question_answer(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    return instructions.question_answer(record, reading.answers)


def _is_answered(record: Fields) -> bool:
    """Whether a record has a question and an answer; `input` and others are questions beside an answer of that name."""
    names = answer_names(dict(record))
    answered = bool(answer_columns(names, others=instructions.OUTPUTS))
    if has(record, *instructions.NAMED_QUESTION):
        return answered
    if has(record, "problem"):
        return bool(answer_columns(names, others=("solution",)))
    return has(record, "query", "prompt", "user_input", "input") and bool(answer_columns(names))


def _utterances(record: Fields) -> bool:
    names = ("conversations", "dialog", "dialogue", "utterances", "turns")
    value = next((record[name] for name in names if record.get(name)), None)
    return isinstance(value, list) and len(value) > 1 and all(isinstance(text, str) for text in value)


def _rated(record: Fields) -> bool:
    """Whether a whole conversation is labelled as good or bad, as ms-swift has it."""
    return isinstance(record.get("label"), bool) and _messages(record, "role")


def _has_all(record: Fields, *names: str) -> bool:
    return all(name in record for name in names)


def _is(record: Fields, kind: type | tuple[type, ...], *names: str) -> bool:
    return any(isinstance(record.get(name), kind) for name in names)


def _is_squad(record: Fields) -> bool:
    paragraphs = record.get("paragraphs")
    if isinstance(paragraphs, list):
        return bool(paragraphs) and isinstance(paragraphs[0], dict) and "context" in paragraphs[0]
    return "context" in record and _is(record, list, "qas")


def _is_flat_squad(record: Fields) -> bool:
    answers = record.get("answers")
    if isinstance(answers, list):
        return has(record, "context") and has(record, "question") and all(isinstance(each, dict) for each in answers)
    return has(record, "context") and has(record, "question") and isinstance(answers, dict) and "text" in answers


def _is_masked(record: Fields) -> bool:
    if has(record, "masked_sentence", "masked_sentences", "masked_text"):
        return has(record, *tasks.WORDS)
    text = next((record[name] for name in tasks.MASKED if isinstance(record.get(name), str)), "")
    return bool(tasks.MASK.search(text)) and has(record, *tasks.WORDS) and not has(record, *tasks.CHOICES)


def _is_entities(record: Fields) -> bool:
    return _is(record, list, *tasks.TOKENS) and _is(record, list, *tasks.TAGS)


def _is_summary(record: Fields) -> bool:
    named = next((name for name in tasks.SUMMARIES if isinstance(record.get(name), str)), "")
    if not named or not _is(record, str, *(name for name in tasks.LONG_TEXTS if name != named)):
        return False
    # "headline" and "target" also name other things: a summary is the shorter of the two, by far.
    longest = max(len(record[name]) for name in tasks.LONG_TEXTS if name != named and isinstance(record.get(name), str))
    return named not in ("headline", "target") or len(record[named]) * 3 < longest


def _is_classified(record: Fields) -> bool:
    column = next((name for name in tasks.LABELS if record.get(name) not in (None, "")), "")
    value = record.get(column)
    text = next((name for name in tasks.TEXTS if name != column and isinstance(record.get(name), str)), "")
    # Beside what a model answered, a label is a verdict on it, and the text is a question.
    if text == "question" and is_predicted(record):
        return False
    if not column or not text or isinstance(value, list | dict) or has(record, "answer", "answers", "response"):
        return False
    return len(str(value).split()) <= 6


SHAPES: Sequence[Shape] = (
    Shape(
        name="kb pairs",
        fits=lambda r: {"id", "kind", "question", "answer", "evidence", "group", "split"} <= set(r),
        drafts=_plain(instructions.own_pair),
    ),
    Shape(
        name="kb preferences",
        fits=lambda r: {"id", "kind", "prompt", "chosen", "rejected", "group", "split"} <= set(r),
        drafts=_plain(instructions.own_preference),
    ),
    Shape(
        name="preferences (chosen, rejected)",
        fits=lambda r: has(r, *judged.CHOSEN) and has(r, *judged.REJECTED),
        drafts=_plain(judged.preference),
        marked=True,
    ),
    Shape(
        name="Alpaca preferences (output with two answers)",
        fits=instructions.is_paired,
        drafts=_plain(instructions.paired),
        marked=True,
    ),
    Shape(name="compared answers", fits=compared.is_compared, drafts=_plain(compared.compared), marked=True),
    Shape(
        name="judged answers (KTO)",
        fits=lambda r: has(r, "kto_tag") or (has(r, "label") and (_has_all(r, "prompt", "completion") or _rated(r))),
        drafts=_plain(judged.verdict),
        marked=True,
    ),
    Shape(
        name="grounded conversations (contexts, input, targets)",
        fits=lambda r: _is(r, list, "input") and _is(r, list, "targets"),
        drafts=_plain(instructions.grounded_conversation),
    ),
    Shape(name="logged calls", fits=logged.is_logged, drafts=_plain(logged.logged), marked=True),
    Shape(
        name="OpenAI messages",
        fits=lambda r: _messages(r, "role") or _messages(r, "author", "content"),
        drafts=_plain(conversations.openai),
        marked=True,
        spoken=True,
    ),
    Shape(
        name="ShareGPT",
        fits=lambda r: _messages(r, "from"),
        drafts=_plain(conversations.sharegpt),
        marked=True,
        spoken=True,
    ),
    Shape(
        name="utterances (LIMA, dialog)",
        fits=_utterances,
        drafts=_plain(conversations.utterances),
        marked=True,
        spoken=True,
    ),
    Shape(
        name="conversations of paired turns (XTuner)",
        fits=paired_turns.is_paired_turns,
        drafts=_plain(paired_turns.paired_turns),
        marked=True,
        spoken=True,
    ),
    Shape(name="Axolotl segments", fits=segments.is_segmented, drafts=_plain(segments.segmented), marked=True),
    Shape(name="OpenAssistant trees", fits=message_rows.is_tree, drafts=_plain(message_rows.tree)),
    Shape(name="ChatGPT export", fits=exports.is_chatgpt, drafts=_plain(exports.chatgpt)),
    Shape(name="Claude export", fits=exports.is_claude, drafts=_plain(exports.claude)),
    Shape(
        name="Dolly (instruction, context, response)",
        fits=lambda r: has(r, "instruction") and has(r, "response") and has(r, "context"),
        drafts=_alpaca,
        gold=True,
        marked=True,
    ),
    Shape(
        name="Alpaca (instruction, input, output)",
        fits=lambda r: has(r, "instruction", "inst") and bool(answer_columns(r, others=instructions.OUTPUTS)),
        drafts=_alpaca,
        gold=True,
        marked=True,
    ),
    Shape(name="CoQA", fits=reading_tasks.is_coqa, drafts=_plain(reading_tasks.coqa)),
    Shape(name="Natural Questions", fits=reading_tasks.is_natural, drafts=_plain(reading_tasks.natural_questions)),
    Shape(name="SQuAD", fits=_is_squad, drafts=tasks.squad),
    Shape(name="SQuAD, one question a record", fits=_is_flat_squad, drafts=tasks.flat_squad),
    Shape(
        name="multiple choice",
        fits=lambda r: _is(r, (list, dict), *tasks.CHOICES) and (has(r, *tasks.CORRECT) or bool(named_gold(r))),
        drafts=tasks.multiple_choice,
    ),
    Shape(name="named entities", fits=_is_entities, drafts=tasks.entities, labels=tasks.TAGS),
    Shape(name="translation", fits=lambda r: _is(r, dict, "translation"), drafts=tasks.translation),
    Shape(name="masked words", fits=_is_masked, drafts=tasks.masked_word),
    Shape(
        name="inference (premise, hypothesis, label)",
        fits=lambda r: has(r, "premise") and has(r, "hypothesis") and has(r, "label", "label_text", "gold_label"),
        drafts=tasks.inference,
        labels=("label_text", "label", "gold_label"),
    ),
    Shape(
        name="sentence pairs",
        fits=lambda r: has(r, "sentence1", "question1", "text1") and has(r, "sentence2", "question2", "text2"),
        drafts=tasks.sentence_pair,
        labels=("label_text", "label", "is_duplicate", "score"),
    ),
    Shape(
        name="words to a sentence",
        fits=lambda r: _is(r, list, "concepts", "keywords") and has(r, "target", "text", "sentence"),
        drafts=tasks.generation,
    ),
    Shape(name="summaries", fits=_is_summary, drafts=tasks.summarisation),
    Shape(name=_ANSWERED, fits=_is_answered, drafts=_question_answer, gold=True, marked=True),
    Shape(name="classification", fits=_is_classified, drafts=tasks.classification, labels=tasks.LABELS),
    Shape(
        name="prompts and completions",
        fits=lambda r: has(r, *instructions.PROMPTS) and has(r, *instructions.COMPLETIONS),
        drafts=_plain(instructions.prompt_completion),
        marked=True,
    ),
    Shape(name="conversations in one text", fits=rendered.is_rendered, drafts=_plain(rendered.rendered)),
    Shape(
        name="titles and texts",
        fits=lambda r: has(r, "title") and has(r, "text", "content", "body"),
        drafts=tasks.generation,
    ),
    Shape(name="plain texts", fits=lambda r: has(r, "text", "content"), drafts=_plain(instructions.plain_text)),
)


def answered_by(column: str) -> Shape:
    """Return the shape of questions whose answers stand in a column that a person named."""
    return Shape(
        name=_ANSWERED,
        fits=lambda record: has(record, column) and has(record, *instructions.QUESTIONS),
        drafts=_question_answer,
        gold=True,
        marked=True,
    )


def shape_of(sample: Sequence[Any]) -> Shape | None:
    """Return the first shape that fits more than half of a sample of records with normalised names."""
    records = [record for record in sample if isinstance(record, dict)]
    for shape in SHAPES:
        if sum(bool(shape.fits(record)) for record in records) * 2 > len(records):
            return shape
    return None
