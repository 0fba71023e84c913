"""Words of an English sentence that a question may ask for: values, names, code, lists and noun phrases.

There is no parser: noun phrases are runs of content words between function words, verbs and marks. What is no phrase is
found out by the reader, which has to give the same words as the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from core.language.language import alternation, language
from synth.facts.english.casing import Casing
from synth.facts.english.prose.verbs import AUXILIARIES, is_known_verb, is_noun_too, past_base, present_base
from synth.facts.english.values import values_in

CandidateKind = Literal["quantity", "date", "name", "definition", "reason", "list", "phrase"]

_ENGLISH = language("en")
_DATES = frozenset({"date", "time", "frequency"})
_WORD = r"[A-Za-z0-9][\w’'&+-]*(?:[./]\w+)*"
_TOKEN = re.compile(rf"{_WORD}|[^\s\w]|\w")
_CAPITAL = r"[A-Z][\w’&+-]*(?:\.(?=[A-Z]))?"
_NAME = re.compile(
    rf"{_CAPITAL}(?: (?:of (?:the )?|for (?:the )?|de |van |von |& )?{_CAPITAL}|(?<=\w) \d+(?:\.\d+)*(?![\w%]))*"
)
_CODE = re.compile(
    r"(?<![\w.])(?:--?[a-z][\w-]*(?:=\w+)?|[\w-]+(?:_[\w-]+)+|[\w-]*\w\.(?:py|toml|txt|json|yaml|yml|cfg|ini|md|pdf|html|xml|csv|log|conf|sh)"
    r"|[a-z][\w]*(?:\.[a-z_]\w+)+(?:\(\))?|[a-z_]\w*\(\))(?![\w])"
)
_QUOTED = re.compile(r"[“\"]([^“”\"]{3,60})[”\"]")
_MONTHS = {name for names in _ENGLISH.months for name in names} | {
    name for names in _ENGLISH.weekdays for name in names
}
_ADVERB = re.compile(r"[a-z]{3,}ly$")
# Words that no phrase begins with, though no stop words.
_LOOSE = frozenset(
    """also however therefore thus hence moreover furthermore instead rather often usually always never sometimes already
    still even especially particularly using based including according due via within without among across along toward
    towards upon per whereas although though because since unless either neither whether many several various different
    certain another much less least most more fewer able well respectively e.g i.e etc may might must shall would could
    can cannot""".split()
)
_PHRASE_WORDS = range(1, 7)
_MOST_LIST_CHARS = 160
_CONTRACTION = re.compile(r"[’'](?:re|ve|ll|m|d|t)$")
_GERUND = re.compile(r"[a-z]{3,}ing$")


@dataclass(frozen=True, slots=True, order=True)
class AnswerCandidate:
    """Words of a sentence that may be asked for.

    Attributes:
        start: First code point in the sentence.
        end: One past the last.
        kind: What they are.
    """

    start: int
    end: int
    kind: CandidateKind


def answer_candidates(sentence: str, casing: Casing) -> list[AnswerCandidate]:
    """Return what a sentence on one line can be asked for, the likeliest first.

    Values come first, then what something is, names, lists and noun phrases. Values, names and phrases do not overlap.

    Args:
        sentence: As `flatten` gives it.
        casing: How the document spells its words.
    """
    chosen: list[AnswerCandidate] = []
    for candidates in (_values(sentence), _marked(sentence), _names(sentence, casing), _phrases(sentence)):
        for candidate in candidates:
            if not any(candidate.start < other.end and other.start < candidate.end for other in chosen):
                chosen.append(candidate)
    longer = [*_definitions(sentence), *_reasons(sentence), *_lists(sentence)]
    order = {"quantity": 0, "date": 0, "definition": 1, "reason": 1, "name": 2, "list": 3, "phrase": 4}
    return sorted([*chosen, *longer], key=lambda candidate: (order[candidate.kind], -(candidate.end - candidate.start)))


def _values(sentence: str) -> Iterator[AnswerCandidate]:
    for value in values_in(sentence):
        kind: CandidateKind = "date" if value.kind in _DATES else "quantity"
        if value.kind != "number" or re.search(r"\d{2}|\d\.\d|,", value.text):
            yield AnswerCandidate(value.start, value.end, kind)


def _marked(sentence: str) -> Iterator[AnswerCandidate]:
    """What stands in quotation marks, and names of files, options and functions."""
    for match in _QUOTED.finditer(sentence):
        yield AnswerCandidate(match.start(1), match.end(1), "name")
    for match in _CODE.finditer(sentence):
        if len(match[0]) > 3:
            yield AnswerCandidate(match.start(), match.end(), "name")


def _names(sentence: str, casing: Casing) -> Iterator[AnswerCandidate]:
    for match in _NAME.finditer(sentence):
        first = match[0].split()[0]
        alone = first == match[0]
        begins = match.start() == 0 or sentence[: match.start()].rstrip()[-1:] in '.:;“"•'
        if match.start() and sentence[match.start() - 1] in "_-./\\@#":
            continue
        if first.casefold() in _ENGLISH.stop_words or first.casefold() in _LOOSE:
            inner = _NAME.search(sentence, match.start() + len(first), match.end())
            if inner is None:
                continue
            yield AnswerCandidate(inner.start(), inner.end(), "name")
            continue
        if begins and alone and not (casing.is_name(first.casefold()) or re.search(r".[A-Z\d]", first)):
            continue
        if first.rstrip(".").casefold() in _MONTHS or len(match[0]) < 2:
            continue
        yield AnswerCandidate(match.start(), match.end(), "name")


def _is_break(token: str) -> bool:
    """Whether a token cannot stand inside a noun phrase."""
    word = token.casefold()
    if not token[0].isalnum() or word in _ENGLISH.stop_words or word in AUXILIARIES or _ADVERB.match(word):
        return True
    if _CONTRACTION.search(word):
        return True
    base = past_base(word) or present_base(word)
    return is_known_verb(word) and not is_noun_too(base or word) and not _GERUND.match(word)


def _runs(sentence: str) -> Iterator[tuple[int, int, int, str]]:
    """Yield runs of content words: start, end, number of words, and what stands before them."""
    start = end = n_words = 0
    before = ""
    for token in _TOKEN.finditer(sentence):
        if _is_break(token[0]):
            if n_words:
                yield start, end, n_words, before
            n_words, before = 0, token[0].casefold()
            continue
        if n_words == 0 and token[0].casefold() in _LOOSE:
            before = token[0].casefold()
            continue
        start = start if n_words else token.start()
        end, n_words = token.end(), n_words + 1
    if n_words:
        yield start, end, n_words, before


def _phrases(sentence: str) -> Iterator[AnswerCandidate]:
    """Noun phrases that are not the first words of the sentence, and such with an "of" between two."""
    runs = [run for run in _runs(sentence) if run[0] > 0 and not _holds_verb(sentence[run[0] : run[1]])]
    for index, (start, end, n_words, before) in enumerate(runs):
        following = runs[index + 1] if index + 1 < len(runs) else None
        if (
            following
            and re.fullmatch(r" of (?:the |an? )?", sentence[end : following[0]])
            and n_words + following[2] < 7
        ):
            yield AnswerCandidate(start, following[1], "phrase")
            continue
        lone = n_words == 1 and not (before in _INTRODUCING and _ENDS_PHRASE.match(sentence, end))
        if n_words in _PHRASE_WORDS and not lone and before != "of" and not re.search(r"\d", sentence[start:end]):
            yield AnswerCandidate(start, end, "phrase")


_INTRODUCING = frozenset("a an the by with from into".split())
_ENDS_PHRASE = re.compile(r"\s*(?:[.,;:)]|$|(?:and|or|in|on|at|for|by|until|since|during)\b)")


def _holds_verb(phrase: str) -> bool:
    """Whether a word before the last of a run is a verb in a form that no noun has: "index makes lookups"."""
    return any(past_base(word) or present_base(word) for word in phrase.casefold().split()[:-1])


_REASON = re.compile(r"\bbecause (?:of )?(?P<why>[^,;:.]{4,90})(?=[,;:.]|$)")


def _reasons(sentence: str) -> Iterator[AnswerCandidate]:
    """What follows "because"."""
    for match in _REASON.finditer(sentence):
        yield AnswerCandidate(match.start("why"), match.end("why"), "reason")


_STOP = alternation(_ENGLISH.stop_words)
_ITEM = rf"(?:(?:an?|the|their|its|other) )?(?!(?:{_STOP})\b){_WORD}(?: (?!(?:{_STOP})\b){_WORD}){{0,3}}"
_LIST = re.compile(rf"(?<![\w’-]){_ITEM}(?:, {_ITEM})+,? (?:and|or) {_ITEM}(?![\w-])")
_LIST_OPENERS = frozenset("including as like namely".split())


def _lists(sentence: str) -> Iterator[AnswerCandidate]:
    """Enumerations of three things or more; they begin behind the last verb before their first comma."""
    for match in _LIST.finditer(sentence):
        start = match.start()
        head = sentence[start : sentence.index(",", start)]
        for token in _TOKEN.finditer(head):
            word = token[0].casefold()
            verb = past_base(word) or present_base(word)
            if word in _LIST_OPENERS or (is_known_verb(word) and not is_noun_too(verb or word)):
                start = match.start() + token.end() + 1
        if 0 < start < match.end() and match.end() - start <= _MOST_LIST_CHARS:
            yield AnswerCandidate(start, match.end(), "list")


_DEFINITION = re.compile(
    r"^(?P<subject>(?:(?:An?|The) )?[\w’()/-]+(?: [\w’()/-]+){0,4}) (?:is|are|was|were|refers to|means|denotes) "
    r"(?P<what>(?:an?|the|one of the) (?:[^,;:.()]|\.(?=\w)){8,150})(?=[,;:.(]|$)"
)


def _definitions(sentence: str) -> Iterator[AnswerCandidate]:
    """What a sentence says that its subject is."""
    match = _DEFINITION.match(sentence)
    if match and match["subject"].split()[0].casefold() not in _POINTERS:
        yield AnswerCandidate(match.start("what"), match.end("what"), "definition")


_POINTERS = frozenset("this that these those it they he she we there here what which one such another".split())
