"""What a statement claims, and passages that claim something else in its place.

Figures, dates and times are replaced wherever the passages hold them, in every spelling; a statement without any is
contradicted in its names; one without names, in English, by turning the sentences that it cites.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.language.english import polarity
from core.language.english.questions import conversation
from core.language.guess import guess_language
from core.metrics import normalised
from core.provenance import Effect, ValueChange
from core.reading.proved import proper
from core.reading.text.fold import Folded
from core.reading.text.sentences import split_prose
from core.reading.text.words import is_empty, terms, words
from rag.why.figures import FigureSwap, figures_in, holds, keys_in, swap_for, with_figures

_NAME = re.compile(r"[^\W\d_][\w’'-]{2,}")
_ENUMERATOR = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
_SENTENCE = re.compile(r"[^.!?\n]+")
# Share of a statement's content words that a sentence holds which says it, or denies it.
_SAME_WORDS = 0.6
# Languages that write every noun with a capital, so that capitals tell no name.
_CAPITAL_NOUNS = frozenset({"de", "lb"})
_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxz"
_NEXT = {
    letter: row[(index + 1) % len(row)]
    for row in (_VOWELS, _CONSONANTS, _VOWELS.upper(), _CONSONANTS.upper())
    for index, letter in enumerate(row)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTest:
    """How one statement is put to the test.

    Attributes:
        text: The statement.
        keys: Keys of the figures that it claims; those of the question are no claim.
        names: Names that it claims, where it has no figures.
        figures: Figures of the passages that are replaced on its behalf.
        renamed: Names of the passages that are replaced.
        quotes: Sentences that are turned.
        changes: What was changed in words a person reads.
    """

    text: str
    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    figures: tuple[FigureSwap, ...] = ()
    renamed: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    changes: tuple[ValueChange, ...] = ()

    def effect(self, reply: str, *, abstains: bool) -> Effect:
        """Return what became of the statement in another answer.

        Args:
            reply: The answer, without citation keys.
            abstains: Whether it says that there is no answer.
        """
        if abstains:
            return "changed"
        if self.keys:
            reply_keys = keys_in(reply)
            kept = [holds(reply_keys, key) for key in self.keys]
            fresh = any(holds(reply_keys, swap.new_key) for swap in self.figures)
        elif self.names:
            reply_keys = frozenset(words(reply))
            kept = [name.casefold() in reply_keys for name in self.names]
            fresh = any(renamed(name).casefold() in reply_keys for name in self.renamed)
        else:
            return _wording_effect(self.text, reply)
        if any(kept):
            return "same" if all(kept) and not fresh else "mixed"
        return "changed"


def renamed(name: str) -> str:
    """Return an invented name: every Latin letter becomes the next of its kind, so `Brandt` becomes `Csepfv`."""
    return "".join(_NEXT.get(letter, letter) for letter in name)


def statement_test(
    text: str, quotes: Sequence[str], passages: Sequence[str], question: str, swaps: Sequence[FigureSwap] = ()
) -> StatementTest:
    """Choose what has to change in the passages for a statement to be contradicted.

    Args:
        text: The statement, without citation keys.
        quotes: What it cites.
        passages: The texts that the model was shown.
        question: Its figures and names stay as they are.
        swaps: Figures that are replaced already, on behalf of other statements.
    """
    claimed = _claim(text)
    question_keys = keys_in(question)
    keys = _keys(claimed, question_keys) or _keys(text, question_keys)
    if keys:
        cited = tuple(key for quote in quotes for key in _keys(quote, question_keys))
        figures = _swaps(keys, passages, question_keys, swaps) or _swaps(cited, passages, question_keys, swaps)
        return StatementTest(text=text, keys=keys, figures=figures, changes=_figure_changes(figures, passages))
    names = _names(claimed, passages, question) or _names(text, passages, question)
    if names:
        changes = tuple(ValueChange(old=name, new=renamed(name)) for name in names)
        return StatementTest(text=text, names=names, renamed=names, changes=changes)
    plain = tuple(quote for quote in dict.fromkeys(quotes) if _is_english(quote))
    changes = tuple(ValueChange(old=quote, new=opposite(quote)) for quote in plain)
    return StatementTest(text=text, quotes=plain, changes=changes)


def contradicting(text: str, tests: Iterable[StatementTest]) -> str:
    """Return a passage that says something else wherever it bears out one of the statements."""
    tests = list(tests)
    # Quotes first: they are looked for as the page has them.
    for quote in dict.fromkeys(quote for test in tests for quote in test.quotes):
        place = Folded(text).find(quote)
        if place is not None:
            text = text[: place[0]] + opposite(text[slice(*place)]) + text[place[1] :]
    text = with_figures(text, [swap for test in tests for swap in test.figures])
    names = dict.fromkeys(name for test in tests for name in test.renamed)
    if not names:
        return text
    pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)"
    return re.sub(pattern, lambda match: renamed(match[0]), text, flags=re.IGNORECASE)


def opposite(quote: str) -> str:
    """Return a quote whose sentences say the opposite, in English."""
    places = split_prose(quote, 0, len(quote)) or [(0, len(quote))]
    return " ".join(polarity.turned(quote[slice(*place)]) for place in places)


def _claim(text: str) -> str:
    """Return what a statement answers, without quote, number of a list and reference to a page."""
    return conversation.PAGE_REFERENCE.sub(" ", _ENUMERATOR.sub("", proper(text)))


def _keys(text: str, question_keys: frozenset[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(figure.key for figure in figures_in(text) if not holds(question_keys, figure.key)))


def _swaps(
    keys: Sequence[str], passages: Sequence[str], question_keys: frozenset[str], known: Sequence[FigureSwap]
) -> tuple[FigureSwap, ...]:
    """Return a swap for each of the values that a passage holds; the new one stands nowhere yet, where there is one."""
    chosen: dict[str, FigureSwap] = {swap.old_key: swap for swap in known}
    barred = {*question_keys, *keys, *(swap.new_key for swap in known)}
    shown = frozenset().union(*map(keys_in, passages))
    made: list[FigureSwap] = []
    for key in keys:
        choices = (swap_for(key, text, taken) for taken in (barred | shown, barred) for text in passages)
        swap = chosen.get(key) or next(filter(None, choices), None)
        if swap is not None:
            chosen[key] = swap
            barred.add(swap.new_key)
            made.append(swap)
    return tuple(made)


def _figure_changes(swaps: Sequence[FigureSwap], passages: Sequence[str]) -> tuple[ValueChange, ...]:
    """Return the first figure of the passages that each swap changes, as it was and as it is."""
    changes = []
    for swap in swaps:
        figures = [passage[f.start : f.end] for passage in passages for f in figures_in(passage)]
        old = next((figure for figure in figures if with_figures(figure, [swap]) != figure), "")
        changes += [ValueChange(old=old, new=with_figures(old, [swap]))] if old else []
    return tuple(changes)


def _names(text: str, passages: Sequence[str], question: str) -> tuple[str, ...]:
    """Return the capitalised words that the passages hold with a capital alone and the question does not hold."""
    language = guess_language(" ".join(passages))
    if language is not None and language.code in _CAPITAL_NOUNS:
        return ()
    question_words = frozenset(words(question))
    shown = {word for passage in passages for word in _NAME.findall(passage)}
    names = dict.fromkeys(word.removesuffix("'s").removesuffix("’s") for word in _NAME.findall(text))
    return tuple(
        name
        for name in names
        if name[0].isupper()
        and not is_empty(name.casefold())
        and name.casefold() not in question_words
        and name in shown
        and name.casefold() not in shown
        and renamed(name) != name
        and renamed(name) not in shown
    )


def _is_english(text: str) -> bool:
    language = guess_language(text)
    return language is None or language.code == "en"


def _wording_effect(statement: str, reply: str) -> Effect:
    """Return whether another answer says the same in its words, without a denial more or less."""
    own = frozenset(terms(statement))
    if not own:
        return "same" if normalised(reply).startswith(normalised(statement)) else "changed"
    sentences = [sentence for sentence in _SENTENCE.findall(reply) if sentence.strip()]
    shares = [len(own & frozenset(terms(sentence))) / len(own) for sentence in sentences]
    best = max(range(len(shares)), key=lambda index: shares[index], default=None)
    if best is None or shares[best] < _SAME_WORDS:
        return "changed"
    denies = [bool(polarity.NEGATIVE.search(text)) for text in (statement, sentences[best])]
    return "same" if denies[0] == denies[1] else "changed"
