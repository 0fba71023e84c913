"""Records of NLP datasets as instructions: values, labels, choices, spans and faults, task by task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.prompt import ABSTENTION
from synth.importing.drafts import Draft, Unusable
from synth.importing.records import tasks
from synth.importing.records.tasks import TaskReader, detokenised


def read(task: Callable[..., Any], record: dict[str, Any], **reader: Any) -> list[Draft]:
    return list(task(record, TaskReader(**reader)))


def only(task: Callable[..., Any], record: dict[str, Any], **reader: Any) -> Draft:
    (draft,) = read(task, record, **reader)
    return draft


def whole(draft: Draft) -> str:
    return f"{draft.question}\n{draft.context}"


def test_a_class_number_becomes_its_name():
    draft = only(
        tasks.classification, {"text": "Great oars!", "label": 1}, classes={"label": ("very_bad", "very_good")}
    )
    assert draft.answer == "very good"
    assert "very bad, very good" in whole(draft)
    assert "Great oars!" in whole(draft)
    assert draft.template.startswith("classification/")


def test_labels_seen_in_the_source_are_offered_and_too_many_are_not():
    record = {"text": "Great oars!", "label": "good"}
    assert "bad, good" in whole(only(tasks.classification, record, options={"label": ("bad", "good")}))
    assert only(tasks.classification, record).template.startswith("classification-open/")


def test_a_title_stands_before_its_text():
    draft = only(tasks.classification, {"title": "Oars", "text": "They float.", "label": "good"})
    assert "Oars\n\nThey float." in whole(draft)
    assert draft.documents == ()  # reviews share titles without sharing anything else


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"text": "a", "label": -1}, "the record has no label"),
        ({"text": "a", "label": ["x"]}, "is not one label"),
        ({"text": "a"}, "field 'label_text' is missing"),
        ({"label": "x"}, "is missing"),
        ({"text": " ", "label": "x"}, "is empty"),
    ],
)
def test_a_record_without_text_or_label_is_unusable(record, reason):
    with pytest.raises(Unusable, match=reason):
        read(tasks.classification, record)


@pytest.mark.parametrize(
    ("label", "word"),
    [(0, "entailment"), ("2", "contradiction"), ("neutral", "neutral")],
)
def test_inference_labels_without_names(label, word):
    draft = only(tasks.inference, {"premise": "It rains.", "hypothesis": "It is wet.", "label": label})
    assert draft.answer == word
    assert "entailment, neutral, contradiction" in whole(draft)


def test_a_missing_gold_label_is_unusable():
    with pytest.raises(Unusable, match="no label"):
        read(tasks.inference, {"premise": "a", "hypothesis": "b", "gold_label": "-"})


def test_two_sentences_and_a_label():
    record = {"question1": "Who rows?", "question2": "Who sails?", "is_duplicate": 0}
    draft = only(tasks.sentence_pair, record, classes={"is_duplicate": ("no", "yes")})
    assert draft.answer == "no"
    assert "Who rows?" in whole(draft)
    assert "Who sails?" in whole(draft)


def test_a_summary():
    draft = only(tasks.summarisation, {"dialogue": "A: Row! B: No.", "summary": "B does not row."})
    assert (draft.answer, draft.kind) == ("B does not row.", "summary")


ARTICLE = {
    "title": "Boats",
    "paragraphs": [
        {
            "context": "Alder has 14 oars.",
            "qas": [
                {"question": "How many oars?", "answers": [{"text": "14", "answer_start": 10}]},
                {"question": "Who built it?", "answers": [], "is_impossible": True},
            ],
        }
    ],
}


def test_squad_gives_every_question_with_its_paragraph():
    answerable, impossible = read(tasks.squad, ARTICLE)
    assert (answerable.answer, answerable.kind) == ("14", "import")
    assert (impossible.answer, impossible.kind) == (ABSTENTION, "unanswerable")
    assert all("Alder has 14 oars." in whole(draft) for draft in (answerable, impossible))
    assert answerable.documents == impossible.documents == ("title:Boats",)


def test_a_flat_record_of_squad():
    record = {
        "question": "How many?",
        "context": "14 oars.",
        "answers": {"text": ["14", "14 oars"], "answer_start": [0, 0]},
    }
    assert only(tasks.flat_squad, record).answer == "14"
    with pytest.raises(Unusable, match="without an answer"):
        read(tasks.flat_squad, {**record, "answers": {"text": []}, "is_impossible": False})


@pytest.mark.parametrize(
    ("choices", "key", "answer"),
    [
        (["oar", "mast", "keel"], {"answer": 1}, "mast"),
        (["oar", "mast", "keel"], {"answer": "C"}, "keel"),
        (["oar", "mast", "keel"], {"answer": "oar"}, "oar"),
        ({"text": ["oar", "mast"], "label": ["X", "Y"]}, {"answerKey": "Y"}, "mast"),
        ({"A": "oar", "B": "mast"}, {"answer": "B"}, "mast"),
        ([{"label": "1", "text": "oar"}, {"label": "2", "text": "mast"}], {"answer": "2"}, "mast"),
    ],
)
def test_choices_in_every_spelling(choices, key, answer):
    record = {"question": "Which?", "choices": choices, **{name.lower(): value for name, value in key.items()}}
    draft = only(tasks.multiple_choice, record)
    assert answer in draft.answer
    assert "A. oar" in whole(draft)


def test_a_key_outside_the_choices_is_unusable():
    with pytest.raises(Unusable, match="not among the choices"):
        read(tasks.multiple_choice, {"question": "Which?", "choices": ["oar"], "answer": 7})


def test_one_mask_and_its_word():
    draft = only(tasks.masked_word, {"masked_sentence": "An [MASK] floats.", "obj_label": "oar"})
    assert "oar" in draft.answer
    with pytest.raises(Unusable, match="2 masks"):
        read(tasks.masked_word, {"masked_sentence": "[MASK] and [MASK]", "obj_label": "oar"})


@pytest.mark.parametrize(
    ("tags", "entities"),
    [
        (["B-PER", "I-PER", "O", "B-LOC"], "PER: Ole Brandt\nLOC: Kvitholm"),
        (["B-PER", "B-PER", "O", "O"], "PER: Ole\nPER: Brandt"),
        (["PER", "PER", "O", "LOC"], "PER: Ole Brandt\nLOC: Kvitholm"),
        (["O", "O", "O", "O"], "none"),
    ],
)
def test_entities_from_tags(tags, entities):
    record = {"tokens": ["Ole", "Brandt", "left", "Kvitholm"], "ner_tags": tags}
    assert only(tasks.entities, record).answer == entities


def test_tags_as_numbers_need_names():
    record = {"tokens": ["Ole"], "ner_tags": [1]}
    assert only(tasks.entities, record, classes={"ner_tags": ("O", "B-PER")}).answer == "PER: Ole"
    with pytest.raises(Unusable, match="without names"):
        read(tasks.entities, record)
    with pytest.raises(Unusable, match="differ in number"):
        read(tasks.entities, {**record, "ner_tags": ["O", "O"]})


def test_tokens_become_a_sentence():
    assert (
        detokenised(["He", "(", "Ole", ")", "does", "n't", "row", ",", "does", "he", "?"])
        == "He (Ole) doesn't row, does he?"
    )


@given(st.lists(st.sampled_from(["a", "b", ",", ".", "(", ")"]), max_size=12))
def test_detokenising_keeps_every_sign(tokens):
    assert detokenised(tokens).replace(" ", "") == "".join(tokens)


def test_a_translation_names_both_languages():
    draft = only(tasks.translation, {"translation": {"en": "an oar", "de": "ein Ruder"}})
    assert draft.answer == "ein Ruder"
    assert "German" in whole(draft)
    with pytest.raises(Unusable, match="two texts"):
        read(tasks.translation, {"translation": {"en": "an oar"}})


def test_text_from_words_or_a_title():
    assert "oar, boat" in whole(only(tasks.generation, {"concepts": ["oar", "boat"], "target": "An oar moves a boat."}))
    assert only(tasks.generation, {"title": "Oars", "text": "They float."}).answer


def test_the_wording_depends_on_seed_and_record():
    record = {"text": "Great oars!", "label": "good"}
    templates = {only(tasks.classification, record, seed=seed).template for seed in range(12)}
    assert len(templates) > 1
    assert only(tasks.classification, record, seed=3) == only(tasks.classification, record, seed=3)
