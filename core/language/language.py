"""What is known of each written language: words for numbers and dates, function words, sentence ends, stems.

The data stand in one TOML file per language in the folder `data`. What a file leaves out is empty, and `Language.lacks`
names it; nothing is filled in from another language. Patterns are of one language each: they stand in a folder of its
own (`core.language.english`) and are built from these data.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from core.errors import ConfigError

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """A written language; all words are lower case. Two languages are equal where they are the same object.

    Attributes:
        code: ISO 639-1 code.
        name: English name.
        scripts: Scripts that tell it, as `core.language.guess` names them.
        spaced: Whether blanks stand between words.
        stemmer: Name of its Snowball algorithm, `""` where there is none.
        sentence_ends: Characters that can end a sentence.
        decimal_mark: Character before the decimals of a number.
        articles: Definite and indefinite articles.
        stop_words: Words that carry no content, question words included.
        months: Spellings of January to December, full name first; abbreviations without their full stop.
        weekdays: Spellings of Monday to Sunday, full name first.
        small_numbers: Spellings of 0, 1, 2, ..., as far as each number has a word of its own.
        tens: Spellings of 10, 20, ..., 90.
        ordinals: Spellings of 1st, 2nd, ...
        quantities: Words for quantities that are no plain number ("dozen", "half").
        scales: Words that multiply ("million") with their power of ten.
        scale_abbreviations: Short forms of the same ("bn").
        time_units: Units of time, singular and plural.
        currencies: Names and codes of currencies.
        abbreviations: Words after which a full stop ends no sentence.
        ambiguous_abbreviations: Those of them that are words too.
        final_abbreviations: Words after which a full stop ends a sentence if a sentence starter follows.
        sentence_starters: Words that a sentence often begins with.
        open_words: Words that end no line of a paragraph's last sentence.
        hyphen_prefixes: First parts of compounds that keep their hyphen ("self-employed").
        hyphen_compounds: Usual compounds with a hyphen whose parts do not tell them ("so-called").
        question_words: Phrases that ask, by kind of answer: `date`, `duration`, `number`, `percent`, `person`, `place`,
            `reason`, `manner`, `thing`.
        question_openers: Words that begin a question where no question mark ends it.
        question_labels: What stands before a question in a list of questions and answers ("Q").
        answer_labels: What stands before its answer.
        percent_words: Spellings of "percent".
        minus_words: Words that make the number behind them negative.
        agents: By a verb, its forms and the nouns for who does it ("teach": "taught", "teacher").
        posts: Short forms of posts, spelled out ("cfo").
        word_lists: Words that play one part in a question, a label or a sentence, by that part ("request").
        synonyms: Words that documents use for one another.
        event_nouns: Nouns of events, each with the forms of its verb ("birth", "born").
        broader: Wider words, each followed by narrower ones ("pet", "dog").
        opposites: Words that tell two things apart where everything else is the same.
        contrasts: Words before a noun, no two of a row of one meaning ("annual", "sick" before "leave").
        abstention: What an answer says where the documents do not tell; empty for English.
        answer_prompt: The answer prompt in this language, with the places of the English one; empty for English.
    """

    code: str
    name: str
    scripts: tuple[str, ...]
    spaced: bool = True
    stemmer: str = ""
    sentence_ends: str = ""
    decimal_mark: str = "."
    articles: tuple[str, ...] = ()
    stop_words: frozenset[str] = frozenset()
    months: tuple[tuple[str, ...], ...] = ()
    weekdays: tuple[tuple[str, ...], ...] = ()
    small_numbers: tuple[tuple[str, ...], ...] = ()
    tens: tuple[tuple[str, ...], ...] = ()
    ordinals: tuple[tuple[str, ...], ...] = ()
    quantities: tuple[str, ...] = ()
    scales: Mapping[str, int] = field(default_factory=dict)
    scale_abbreviations: Mapping[str, int] = field(default_factory=dict)
    time_units: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    abbreviations: frozenset[str] = frozenset()
    ambiguous_abbreviations: frozenset[str] = frozenset()
    final_abbreviations: frozenset[str] = frozenset()
    sentence_starters: frozenset[str] = frozenset()
    open_words: tuple[str, ...] = ()
    hyphen_prefixes: frozenset[str] = frozenset()
    hyphen_compounds: frozenset[str] = frozenset()
    question_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    agents: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    posts: Mapping[str, str] = field(default_factory=dict)
    word_lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    synonyms: tuple[tuple[str, ...], ...] = ()
    event_nouns: tuple[tuple[str, ...], ...] = ()
    broader: tuple[tuple[str, ...], ...] = ()
    opposites: tuple[tuple[str, ...], ...] = ()
    contrasts: tuple[tuple[str, ...], ...] = ()
    question_openers: tuple[str, ...] = ()
    question_labels: tuple[str, ...] = ()
    answer_labels: tuple[str, ...] = ()
    percent_words: tuple[str, ...] = ()
    minus_words: tuple[str, ...] = ()
    abstention: str = ""
    answer_prompt: str = ""

    @property
    def lacks(self) -> tuple[str, ...]:
        """Names of the attributes for which there are no data."""
        return tuple(name for name in _OPTIONAL if not getattr(self, name))

    def stem(self, word: str) -> str:
        """Return the Snowball stem of a lower-case word, the word itself where the language has no stemmer."""
        return _stem(self.stemmer, word) if self.stemmer else word

    def month(self, word: str) -> int:
        """Return the number of a month (1 to 12) by its name or abbreviation in any case, 0 where it is none."""
        return _position(self.months, word.casefold().rstrip(".")) + 1

    def weekday(self, word: str) -> int:
        """Return the number of a weekday (1, Monday, to 7) by its name or abbreviation, 0 where it is none."""
        return _position(self.weekdays, word.casefold().rstrip(".")) + 1

    def number(self, word: str) -> int | None:
        """Return the value of a number word without parts ("seven", "forty"), None where it is none."""
        folded = word.casefold()
        small, ten = _position(self.small_numbers, folded), _position(self.tens, folded)
        return small if small >= 0 else 10 * (ten + 1) if ten >= 0 else None

    def ordinal(self, word: str) -> int:
        """Return the value of an ordinal ("third", "3rd"), 0 where it is none."""
        return _position(self.ordinals, word.casefold()) + 1


_OPTIONAL = (
    "stemmer",
    "sentence_ends",
    "articles",
    "stop_words",
    "months",
    "weekdays",
    "small_numbers",
    "tens",
    "ordinals",
    "quantities",
    "scales",
    "scale_abbreviations",
    "time_units",
    "currencies",
    "abbreviations",
    "final_abbreviations",
    "sentence_starters",
    "open_words",
    "question_words",
    "question_labels",
    "answer_labels",
    "percent_words",
)


def codes() -> tuple[str, ...]:
    """Return the codes of all languages in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def language(code: str) -> Language:
    """Return a language by its ISO 639-1 code.

    Raises:
        ConfigError: There are no data for this code.
    """
    if code not in codes():
        raise ConfigError(f"unknown language {code!r}; use one of {', '.join(codes())}")
    return _from_table(data_table(code))


def data_table(name: str) -> dict[str, Any]:
    """Return a TOML table of the folder `data` by its path there, without suffix: `en`, `en/formulas`."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def languages() -> tuple[Language, ...]:
    """Return all languages, by code."""
    return tuple(map(language, codes()))


def alternation(words: Iterable[str]) -> str:
    """Return a regular expression, without a group around it, for any of some words, the longest first."""
    return "|".join(map(re.escape, sorted(dict.fromkeys(words), key=lambda word: (-len(word), word))))


def numbered(rows: Iterable[Iterable[str]], *, start: int = 1) -> dict[str, int]:
    """Return every spelling in some rows with the number of its row: "january" and "jan" with 1."""
    return {spelling: number for number, spellings in enumerate(rows, start) for spelling in spellings}


@cache
def all_sentence_ends() -> str:
    """Return every character that ends a sentence in some language, in code point order."""
    return "".join(sorted({sign for each in languages() for sign in each.sentence_ends}))


def _from_table(table: Mapping[str, Any]) -> Language:
    """Build a language from its TOML table: word lists are strings of words, spellings lists of such strings."""
    as_read: dict[str, Callable[[Any], Any]] = {
        **dict.fromkeys(
            (
                "months",
                "weekdays",
                "small_numbers",
                "tens",
                "ordinals",
                "synonyms",
                "event_nouns",
                "broader",
                "opposites",
                "contrasts",
            ),
            _spellings,
        ),
        **dict.fromkeys(
            (
                "articles",
                "quantities",
                "time_units",
                "currencies",
                "open_words",
                "question_openers",
                "question_labels",
                "answer_labels",
                "minus_words",
            ),
            lambda v: tuple(v.split()),
        ),
        "percent_words": lambda v: _spellings([v])[0],
        **dict.fromkeys(
            (
                "stop_words",
                "abbreviations",
                "ambiguous_abbreviations",
                "final_abbreviations",
                "sentence_starters",
                "hyphen_prefixes",
                "hyphen_compounds",
            ),
            lambda v: frozenset(v.split()),
        ),
        "scripts": tuple,
        "question_words": lambda v: {kind: tuple(phrases) for kind, phrases in v.items()},
        "word_lists": lambda v: {part: tuple(words.split()) for part, words in v.items()},
        "agents": lambda v: {verb: _forms_and_nouns(text) for verb, text in v.items()},
    }
    return Language(**{name: as_read.get(name, lambda v: v)(value) for name, value in table.items()})


def _spellings(rows: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Split each row at blanks; an underscore stands for a blank inside one spelling."""
    return tuple(tuple(spelling.replace("_", " ") for spelling in row.split()) for row in rows)


def _forms_and_nouns(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take "teach taught | teacher" apart; an underscore stands for a blank inside one form."""
    forms, _, nouns = text.partition("|")
    return tuple(form.replace("_", " ") for form in forms.split()), tuple(nouns.split())


def _position(rows: Sequence[Sequence[str]], word: str) -> int:
    return next((position for position, spellings in enumerate(rows) if word in spellings), -1)


@cache
def _stemmer(algorithm: str) -> Any:
    # Loading all algorithms takes some 30 ms: only where something is stemmed.
    import snowballstemmer

    return snowballstemmer.stemmer(algorithm)


@lru_cache(maxsize=1 << 16)
def _stem(algorithm: str, word: str) -> str:
    return str(_stemmer(algorithm).stemWord(word))
