"""Records of existing NLP datasets as instructions: classification, inference, summaries, questions on a text, choices,
masked words, entities, translation, generation.

Each gets one of several wordings (`synth/templates/tasks.toml`), chosen by the seed and the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.gold import named_gold
from core.language.language import alternation, language
from core.language.names import language_name
from core.prompt import ABSTENTION
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents, optional, required, texts
from synth.templates.wording import choose, fill

TEXTS = (
    "text",
    "sentence",
    "review",
    "review_body",
    "content",
    "comment",
    "comment_text",
    "tweet",
    "message",
    "document",
    "article",
    "description",
    "utterance",
    "headline",
    "news",
    "body",
    "question",
)
LABELS = (
    "label_text",
    "label_name",
    "label",
    "labels",
    "sentiment",
    "category",
    "class",
    "intent",
    "emotion",
    "topic",
    "coarse_label",
    "target",
    "stars",
    "rating",
    "score",
)
LONG_TEXTS = ("article", "document", "dialogue", "text", "passage", "report", "content", "source", "body")
SUMMARIES = ("highlights", "summary", "summaries", "abstract", "tldr", "headline", "target")
TOKENS = ("tokens", "words")
TAGS = ("ner_tags", "tags", "ner", "labels", "entities_tags", "pos_tags")
CHOICES = ("choices", "options", "endings", "candidates")
CORRECT = ("answerkey", "answer_key", "answer", "label", "correct_answer", "correct", "answer_idx", "gold", "target")
MASK = re.compile(r"\[MASK\]|<mask>|\[BLANK\]|<blank>|_{2,}", re.IGNORECASE)
MASKED = ("masked_sentence", "masked_sentences", "masked_text", "text", "sentence", "question", "input")
WORDS = ("obj_label", "answer", "target", "label", "word", "masked_word", "output")
# SNLI and MNLI, whose integers carry no names in plain files.
_INFERENCE = ("entailment", "neutral", "contradiction")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReader:
    """Turns records of one source into drafts.

    Attributes:
        seed: Seed of the choice of wordings.
        classes: Column name to class names by number.
        options: Column name to the labels seen in the whole source, in order; empty where they are too many to list.
        answers: Columns that hold the gold answer, best first; empty: each record's own.
    """

    seed: int = 0
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answers: tuple[str, ...] = ()

    def draft(self, task: str, record: Fields, **values: str) -> Draft:
        """Return the record in one of the wordings of a task."""
        wording = choose(task, seed=self.seed, key="\n".join(values.values()))
        kind = {"summarisation": "summary"}.get(task, "import" if task == "question-answering" else "instruction")
        return Draft(
            question=fill(wording.question, values),
            context=fill(wording.context, values),
            answer=fill(wording.answer, values),
            kind=kind,
            template=wording.name,
            documents=documents(record),
        )

    def label(self, record: Fields, *names: str) -> tuple[str, str]:
        """Return (column, label as a word) of the first of the fields that has a label.

        Raises:
            Unusable: The label is missing, a list, or stands for "none" (-1).
        """
        for name in names:
            value = record.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, list | dict):
                raise Unusable(f"field {name!r} is not one label")
            if value == -1:
                raise Unusable("the record has no label (-1)")
            return name, self.name_of(name, value)
        raise Unusable(f"field {names[0]!r} is missing")

    def name_of(self, column: str, value: Any) -> str:
        """Return a class as a word: numbers get their names where the source has them."""
        names = self.classes.get(column, ())
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
            return names[value].replace("_", " ")
        return str(value).strip()

    def listed(self, column: str) -> str:
        """Return the labels to choose from, as a sentence names them."""
        names = [name.replace("_", " ") for name in self.classes.get(column, ())] or list(self.options.get(column, ()))
        return ", ".join(names)


def classification(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """A text and a label."""
    column, label = reading.label(record, *LABELS)
    text = required(record, *(name for name in TEXTS if name != column))
    title = optional(record, "title") if column != "title" else ""
    if title and not text.startswith(title):
        text = f"{title}\n\n{text}"
    options = reading.listed(column)
    task = "classification" if options else "classification-open"
    # Reviews share titles ("Great!") without sharing anything else.
    untitled = {name: value for name, value in record.items() if name != "title"}
    yield reading.draft(task, untitled, text=text, label=label, options=options)


def inference(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """A premise, a hypothesis and how they stand to each other."""
    column, label = reading.label(record, "label_text", "label", "gold_label")
    options = reading.listed(column)
    if label.isdigit() and int(label) < len(_INFERENCE):
        label, options = _INFERENCE[int(label)], ", ".join(_INFERENCE)
    if label == "-":
        raise Unusable("the record has no label (-)")
    premise, hypothesis = required(record, "premise", "sentence1"), required(record, "hypothesis", "sentence2")
    options = options or ", ".join(_INFERENCE)
    yield reading.draft("inference", record, premise=premise, hypothesis=hypothesis, label=label, options=options)


def sentence_pair(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """Two sentences and a label."""
    column, label = reading.label(record, "label_text", "label", "is_duplicate", "score")
    first = required(record, "sentence1", "question1", "text1")
    second = required(record, "sentence2", "question2", "text2")
    options = reading.listed(column) or label
    yield reading.draft("sentence-pair", record, first=first, second=second, label=label, options=options)


def summarisation(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """A text and its summary."""
    name = next((name for name in SUMMARIES if record.get(name)), SUMMARIES[0])
    text = required(record, *(other for other in LONG_TEXTS if other != name))
    yield reading.draft("summarisation", record, text=text, summary=required(record, name))


def squad(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """An article with paragraphs, each with questions and answer spans; one paragraph with questions will do.

    Questions that cannot be answered from their paragraph get the sentence that says so.
    """
    title = optional(record, "title")
    for number, paragraph in enumerate(record.get("paragraphs") or [record]):
        context = optional(paragraph, "context")
        if not context:
            raise Unusable(f"paragraph {number + 1} has no context")
        shared = {"title": title or optional(paragraph, "title"), "document_id": paragraph.get("document_id")}
        for item in paragraph.get("qas") or ():
            yield _span_answer({**shared, **item}, context, reading)


def flat_squad(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """A question, its context and `answers` with `text` and `answer_start`."""
    yield _span_answer(record, required(record, "context"), reading)


def _span_answer(record: Fields, context: str, reading: TaskReader) -> Draft:
    question = required(record, "question")
    answers = record.get("answers")
    if isinstance(answers, dict):
        answer_texts = texts(answers, "text")
    else:
        answer_texts = [
            str(answer["text"]) for answer in answers or () if isinstance(answer, dict) and answer.get("text")
        ]
    answer_text = next((text.strip() for text in answer_texts if text.strip()), "")
    if record.get("is_impossible") or not answer_text:
        if record.get("is_impossible") is False:
            raise Unusable("an answerable question without an answer")
        answer_text = ABSTENTION
    draft = reading.draft("question-answering", record, question=question, text=context, answer=answer_text)
    if answer_text != ABSTENTION:
        return draft
    return Draft(
        question=draft.question,
        context=draft.context,
        answer=answer_text,
        kind="unanswerable",
        template=draft.template,
        documents=draft.documents,
    )


def multiple_choice(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """A question, its choices, and the right one as a letter, a number or its text."""
    name = next(name for name in CHOICES if record.get(name))
    choices, marks = _choices(record[name])
    right = _right(record, choices, marks)
    listed = "\n".join(f"{chr(65 + i)}. {choice}" for i, choice in enumerate(choices))
    values = {"question": required(record, "question", "ctx", "query", "sent1"), "choices": listed}
    values |= {"letter": chr(65 + right), "answer": choices[right]}
    text = optional(record, "context", "passage", "article", "support")
    task = "multiple-choice-text" if text else "multiple-choice"
    yield reading.draft(task, record, **values, **({"text": text} if text else {}))


def _choices(value: Any) -> tuple[list[str], list[str]]:
    """Return (texts, marks) of choices given as a list, as marks to texts, or as `text` beside `label`."""
    if isinstance(value, dict) and "text" in value:
        return texts(value, "text"), [str(mark) for mark in value.get("label", ())]
    if isinstance(value, dict):
        return [str(text) for text in value.values()], [str(mark) for mark in value]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [str(each.get("text", "")) for each in value], [str(each.get("label", "")) for each in value]
    return texts({"choices": value}, "choices"), []


def _right(record: Fields, choices: Sequence[str], marks: Sequence[str]) -> int:
    """Return the index of the right choice; a column that is named as the right one goes before a model's answer."""
    for name in (*named_gold(record), *CORRECT):
        value = record.get(name)
        index = None if value in (None, "") else _choice(str(value).strip(), choices, marks)
        if index is not None:
            return index
    raise Unusable("the right choice is not among the choices")


def _choice(spelled: str, choices: Sequence[str], marks: Sequence[str]) -> int | None:
    if spelled in marks:
        return marks.index(spelled)
    if spelled in choices:
        return choices.index(spelled)
    if spelled.lstrip("-").isdigit() and 0 <= int(spelled) < len(choices):
        return int(spelled)
    if len(spelled) == 1 and 0 <= ord(spelled.upper()) - 65 < len(choices):
        return ord(spelled.upper()) - 65
    return None


def masked_word(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """A sentence with a mask and the masked word."""
    name = next(name for name in MASKED if record.get(name))
    text = " ".join(texts(record, name))
    masks = MASK.findall(text)
    if len(masks) != 1:
        raise Unusable(f"{len(masks)} masks in the text, not one")
    word = required(record, *(other for other in WORDS if other != name))
    yield reading.draft("masked-word", record, text=text, mask=masks[0], word=word)


def entities(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """Tokens and their tags (BIO, IOB or plain types)."""
    tokens = texts(record, next(name for name in TOKENS if record.get(name)))
    column = next(name for name in TAGS if record.get(name))
    tags = [reading.name_of(column, tag).replace(" ", "_") for tag in record[column]]
    if len(tags) != len(tokens):
        raise Unusable("tokens and tags differ in number")
    if all(tag.isdigit() for tag in tags):
        raise Unusable("the tags are numbers without names")
    lines = [f"{kind}: {' '.join(words)}" for kind, words in _spans(tokens, tags)]
    types = [
        name.partition("-")[2] or name for name in reading.classes.get(column, ()) or reading.options.get(column, ())
    ]
    listed = ", ".join(sorted({name for name in types if name != "O"})) or "any"
    yield reading.draft(
        "entities", record, text=detokenised(tokens), options=listed, entities="\n".join(lines) or "none"
    )


def _spans(tokens: Sequence[str], tags: Sequence[str]) -> list[tuple[str, list[str]]]:
    spans: list[tuple[str, list[str]]] = []
    inside = ""
    for token, tag in zip(tokens, tags, strict=True):
        prefix, dash, kind = tag.partition("-")
        kind = kind if dash else prefix
        if tag == "O" or not tag:
            inside = ""
        elif kind == inside and prefix not in ("B", "S", "U"):
            spans[-1][1].append(token)
        else:
            spans.append((kind, [token]))
            inside = kind
    return spans


def detokenised(tokens: Sequence[str]) -> str:
    """Return tokens as a sentence: no space before closing marks or after opening ones."""
    endings = alternation(language("en").word_lists["contraction"])
    return re.sub(rf" ([,.;:!?%)\]}}’]|(?:{endings})\b)|(?<=[(\[{{$]) ", lambda m: m[1] or "", " ".join(tokens))


def translation(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """`translation`: {"en": ..., "de": ...}; the first language is the original."""
    pair = record["translation"]
    if not isinstance(pair, dict) or len(pair) != 2 or not all(isinstance(text, str) for text in pair.values()):
        raise Unusable("field 'translation' is not two texts by language")
    (source, text), (target, other) = pair.items()
    yield reading.draft(
        "translation",
        record,
        text=text,
        translation=other,
        source_language=language_name(str(source)),
        target_language=language_name(str(target)),
    )


def generation(record: Fields, reading: TaskReader) -> Iterator[Draft]:
    """Words (`concepts`, `keywords`) or a title, and the text made from them."""
    name = next((name for name in ("concepts", "keywords") if record.get(name)), "")
    text = required(record, "target", "text", "sentence", "content", "body")
    if name:
        yield reading.draft("generation", record, words=", ".join(texts(record, name)), text=text)
    else:
        yield reading.draft("title", record, title=required(record, "title"), text=text)
