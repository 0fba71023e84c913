"""The gate of imported rows: hidden characters are counted, rows that trainers cannot use are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import DataError
from core.rows import read_pairs
from synth.importing.drafts import Draft, Unusable
from synth.importing.gate import gated
from synth.importing.load import ImportPlan, add_rows, import_sources

TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("hidden", "kind", "count"),
    [
        ("\u200b\u2060", "zero-width", 2),
        ("\u202e", "bidi", 1),
        (TAGS, "tag", 4),
        ("\ufe01" * 3, "variation selector", 3),
    ],
)
def test_hidden_characters_are_taken_out_of_every_text_and_counted(hidden, kind, count):
    plain = Draft(
        question="q", answer="a", context="c", system="s", rejected="r", turns=(("t", "u"),), left_out=(("images", 1),)
    )
    row = gated(
        Draft(
            question=f"q{hidden}",
            answer=f"{hidden}a",
            context=f"c{hidden}",
            system=f"s{hidden}",
            rejected=f"r{hidden}",
            turns=((f"t{hidden}", f"u{hidden}"),),
            left_out=(("images", 1),),
        )
    )
    assert row.left_out == (("images", 1), (f"hidden characters ({kind})", 7 * count))
    assert Draft.from_json({**row.to_json(), "left_out": plain.left_out}) == plain


def test_what_readers_see_stays():
    text = f"{FAMILY} \u2764\ufe0f \u0646\u0627\u0645\u0647\u200c\u0627\u06cc def f():\n\treturn 1"
    assert gated(Draft(question=text, answer=text)).answer == text
    assert gated(Draft(question="", answer="a\x00b\x1b[31m\x85c")).answer == "ab[31m\nc"


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (Draft(question="\ud83d?", answer="a"), "half of a surrogate pair"),
        (Draft(question="q", answer="a", turns=(("q", "\udc00"),)), "half of a surrogate pair"),
        (Draft(question="q", answer="\u200b \n"), "the answer is empty"),
        (Draft(question="q", answer="42", rejected="42 "), "are the same"),
        (Draft(question="q", answer="42", rejected="4\u200b2"), "are the same"),
        (Draft(question="q", answer="42", rejected="\u200b"), "the rejected answer is empty"),
    ],
)
def test_what_trainers_cannot_use(tmp_path, draft, reason):
    with pytest.raises(Unusable, match=reason):
        gated(draft)
    with pytest.raises(DataError, match=reason) as caught:
        add_rows(tmp_path / "out", [draft], ImportPlan(split="train"))
    assert caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["x.jsonl", "faq.md", "notes.txt"])
def test_every_kind_of_file_passes(tmp_path: Path, name):
    texts = {
        "x.jsonl": "".join(json.dumps({"question": f"Q{n}?", "answer": f"A{n}{TAGS}"}) + "\n" for n in range(2)),
        "faq.md": "".join(f"Q: What is {n}?\nA: It is {n}.{TAGS}\n\n" for n in range(2)),
        "notes.txt": f"The harbour lies{TAGS} in the north.\n\nFerries leave at{TAGS} noon.\n",
    }
    (tmp_path / name).write_text(texts[name], encoding="utf-8")
    done = import_sources(tmp_path / "out", [str(tmp_path / name)], ImportPlan())
    assert done.reads[0].left_out == {"hidden characters (tag)": 8}
    assert not any(
        ord(character) > 0xE0000 for row in read_pairs(tmp_path / "out" / "pairs.jsonl") for character in row.answer
    )


def test_a_broken_emoji_is_counted_with_its_line(tmp_path: Path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"question": "\\ud83d\\ude00?", "answer": "a"}\n{"question": "\\ud83d?", "answer": "a"}\n')
    done = import_sources(tmp_path / "out", [str(path)], ImportPlan())
    assert (done.added, done.reads[0].examples) == (1, [(2, "half of a surrogate pair (a broken emoji) in the text")])
