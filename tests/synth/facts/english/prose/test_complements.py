"""What can be asked of what follows a verb; what leans on other sentences, or is read in two ways, is not."""

from __future__ import annotations

import pytest

from synth.facts.english import asking
from synth.facts.english.prose.clause import parse
from synth.facts.english.prose.complements import complements


def asked(sentence: str) -> dict[str, str]:
    clause = parse(sentence)
    assert clause is not None
    return {
        asking.direct(clause, gap, gap.wh[0], clause.subject): clause.sentence[gap.start : gap.end]
        for gap in complements(clause)
    }


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("The old kiln consumes a tonne of peat.", "what does The old kiln consume", "a tonne of peat"),
        ("Trained divers must inspect the lower gate.", "what must Trained divers inspect", "the lower gate"),
        ("The lock keeper repainted the hull in 1988.", "what did The lock keeper repaint in 1988", "the hull"),
        ("Ida Falk has restored the west organ.", "what has Ida Falk restored", "the west organ"),
        ("Rickets is caused by a lack of sunlight.", "what is Rickets caused by", "a lack of sunlight"),
        ("The new mortar is made from lime and sand.", "what is The new mortar made from", "lime and sand"),
        ("Blue glaze consists of cobalt and quartz.", "what does Blue glaze consist of", "cobalt and quartz"),
        (
            "Lost tickets must be reported to the head porter.",
            "to whom must Lost tickets be reported",
            "the head porter",
        ),
        (
            "The east mill was rebuilt by volunteers from Lund.",
            "by whom was The east mill rebuilt",
            "volunteers from Lund",
        ),
        (
            "The old kiln was built by the potter Jo Ann Reed.",
            "by whom was The old kiln built",
            "the potter Jo Ann Reed",
        ),
        ("Spare keys are kept in a steel locker.", "where are Spare keys kept", "in a steel locker"),
        ("Marsh voles nest under the river bank.", "where do Marsh voles nest", "under the river bank"),
        (
            "The sea wall was built to protect the lower town.",
            "why was The sea wall built",
            "to protect the lower town",
        ),
        (
            "The night ferry was cancelled because of thick fog.",
            "why was The night ferry cancelled",
            "because of thick fog",
        ),
        (
            "The test rig stops when the outer door is opened.",
            "when does The test rig stop",
            "when the outer door is opened",
        ),
        ("The upper gate is locked after the last train.", "when is The upper gate locked", "after the last train"),
        (
            "Old labels are removed by soaking the jars overnight.",
            "how are Old labels removed",
            "by soaking the jars overnight",
        ),
        ("Linseed oil is used to protect bare timber.", "what is Linseed oil used for", "to protect bare timber"),
        (
            "The tariff guide covers freight, mooring and pilotage.",
            "what does The tariff guide cover",
            "freight, mooring and pilotage",
        ),
    ],
)
def test_a_question_for_what_follows_the_verb(sentence: str, question: str, answer: str):
    assert asked(sentence)[question] == answer


@pytest.mark.parametrize(
    "sentence",
    [
        "The old kiln does not consume peat.",  # what it does not
        "The old kiln makes sense.",  # a verb that says little
        "The panel shows that prices fell.",  # a clause
        "The new rule allows cells to divide.",  # a clause without its verb's form
        "The old kiln consumes 40 kg of peat.",  # asked with "how many"
        "The probe was set as follows.",
        "Pipe extracted files to COMMAND.",  # an instruction
        "N Line numbers enabled via the panel.",  # a label before the sentence
        "The head porter replaced them.",  # refers to another sentence
        "Only trained staff may open the cabinet.",
        "The signal appears only when the gate is shut.",
    ],
)
def test_what_cannot_be_asked_plainly(sentence: str):
    clause = parse(sentence)
    assert clause is None or not [gap for gap in complements(clause) if gap.kind in ("object", "moment")]
