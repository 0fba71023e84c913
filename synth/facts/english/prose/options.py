"""Facts of manuals: what an option of a program does, from its name and the description beside or below it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from synth.facts.draft import FactDraft
from synth.facts.english.naming import Naming
from synth.facts.english.prose.verbs import is_base, present_base
from synth.facts.english.wording import questions

_NAME = (
    r"-{1,2}[A-Za-z0-9?][\w-]*(?:[= ]?(?:\[=?[^\]\n]{1,40}\]|<[^>\n]{1,40}>|(?<==)[\w:./,|-]+|(?<= )[A-Z][A-Z_-]*\b))?"
)
# Names stand alone on their line with the description below, or before a colon, a dash or a gap.
_OPTION = re.compile(
    rf"^[ \t]*(?:[•*] ?)?(?P<names>{_NAME}(?:(?:, ?| or | / ?){_NAME})*)"
    r"(?:(?:[ \t]*[:–—][ \t]+|[ \t]{2,}|[ \t]*\n[ \t]*)(?P<text>[A-Z][a-z]+\b(?:[^.!?;:\n]|\n[ \t]*(?=\S)|[.](?=\S))*))(?P<stop>[.;]|(?=\n[ \t]*\n|\Z))",
    re.MULTILINE,
)
_ONE = re.compile(r"(?<![\w-])(?P<whole>(?P<name>-{1,2}[A-Za-z0-9?][\w-]*)(?:[= ]?(?P<argument>\[?[=<\w][^,\s]*))?)")
# What programs do to files, beside the verbs of other texts.
_ACTIONS = frozenset(
    "append archive bind cat compress copy debug decompress delete disable dump emit enable encrypt execute extract find"
    " force format gzip initialise initialize input invoke list listen load log match merge mount output overwrite parse"
    " preserve print quote recurse redirect reload rename retry sort split strip suppress switch test trim truncate turn"
    " uninstall unmount update upgrade verify wait".split()
)
# Who is given what: understood only with the argument of the option.
_GIVEN = re.compile(r"\b(?:given|specified)\b|\b[A-Z]{3,}\b")
# What is understood only beside its neighbours, and a word that is broken at the end of a line.
_LEANS = re.compile(
    r"\b(?:this|these|those|such|it|its|they|them|their|above|below|following|previous|next|same|other|another|here|we|our|you|your)\b"
    r"|\w[‐­-]\n",
    re.IGNORECASE,
)
_FEWEST_WORDS, _MOST_WORDS = 3, 30


def option_facts(text: str, naming: Naming) -> Iterator[FactDraft]:
    """Yield drafts for the options that a page describes, each in the first sentence of its description."""
    markers = list(_OPTION.finditer(text))
    described = Counter(_name(match)[0] for match in markers)
    for match in markers:
        name, shown = _name(match)
        description = match["text"].rstrip()
        words = description.split()
        does = words[0].casefold()
        if (
            described[name] > 1  # of several commands
            or not _FEWEST_WORDS <= len(words) <= _MOST_WORDS
            or not (is_base(does) or present_base(does) or does == "do" or does in _ACTIONS)
            or _LEANS.search(description)
            or description.count("(") != description.count(")")
        ):
            continue
        start = match.start("text")
        answer = " ".join(words)
        option = f"the option {shown}"
        forms = [f"what does {option} do", f"what is {option} for", f"what is the effect of {option}"]
        yield FactDraft(
            kind="definition",
            statement=f"According to {naming.scope}, {option} has this effect: {answer}.",
            subject=option,
            answer=answer,
            value=(start, start + len(description)),
            quotes=((match.start("names"), start + len(description)),),
            questions=questions(forms, f"what {option} does", naming.scope, named=False),
        )


def _name(match: re.Match[str]) -> tuple[str, str]:
    """Return the longest spelling of an option, and the same with its argument where the description means that."""
    longest = max(_ONE.finditer(match["names"]), key=lambda match_of: len(match_of["name"]))
    argument = longest["argument"] or ""
    meant = bool(argument) and bool(_GIVEN.search(match["text"]))
    return longest["name"], longest["whole"] if meant else longest["name"]
