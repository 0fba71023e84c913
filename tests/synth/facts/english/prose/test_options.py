"""What options of programs do, as manuals describe them."""

from __future__ import annotations

import pytest

from synth.facts.english.naming import Naming
from synth.facts.english.prose.options import option_facts

MANUAL = """Operation mode

   -c, --create
          Create a new archive.  Arguments supply the names of the files
          to be archived.

   --exclude=PATTERN
          Exclude files that match a pattern
          of the shell.

   -q, --quiet    Print nothing but errors.
   --level: Sets the level of compression, from 1 to 9; 6 is usual.

   --into=FOLDER
          Extract files into FOLDER.

   --again
          This is done after the one above.

   --broken
          Treat every archive as if oth‐
          erwise nothing were there.

   -x, --long-option
          A name that is only a noun.
"""


def described(text: str) -> dict[str, str]:
    naming = Naming(scope="“pack”")
    facts = list(option_facts(text, naming))
    for fact in facts:
        start, end = fact.value
        assert " ".join(text[start:end].split()) == fact.answer
        assert fact.quotes[0][0] <= start and end == fact.quotes[0][1]
        assert len(set(fact.questions)) >= 6 and all(fact.subject in question for question in fact.questions)
    return {fact.subject.removeprefix("the option "): fact.answer for fact in facts}


def test_options_say_what_they_do() -> None:
    assert described(MANUAL) == {
        "--create": "Create a new archive",
        "--exclude": "Exclude files that match a pattern of the shell",
        "--quiet": "Print nothing but errors",
        "--into=FOLDER": "Extract files into FOLDER",
        "--level": "Sets the level of compression, from 1 to 9",
    }


@pytest.mark.parametrize(
    "text",
    [
        "The value -5 Kelvin was measured. It rose.",
        "A dash - Create nothing from it.",
        "--create\n   Create a new archive.\n\n--create\n   Create a new user.\n",
        "--sort\n   Sort (by name\n\n",
    ],
)
def test_other_dashes_and_doubtful_descriptions_give_nothing(text: str) -> None:
    assert described(text) == {}
