"""Whether a text answers a question close to the one asked: of another number, another year, the opposite event.

"Class 4B visits on 20 March" does not tell when class 5A does, fees "from September 2025" are not those of 2023, and
when the coach leaves is not when it comes back. What a question is about and no passage speaks of is told here, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from core.language.english.questions import asking, near
from core.language.language import language
from core.reading.tables.lookup import meets, stems_of, years_in
from core.reading.text.words import is_empty, listed_stems, stem, wider, words

_ENGLISH = language("en")
# Of a question: what it asks of a thing, people, and nouns that stand for any answer.
LIGHT = (
    listed_stems("predicate")
    | listed_stems("persons")
    | listed_stems("answer_kind")
    | listed_stems("any_thing")
    | listed_stems("request")
    | listed_stems("ordering")
    | listed_stems("no_thing")
    | listed_stems("light_adjective")
    | frozenset(map(stem, _ENGLISH.time_units))
)
_EMPTY_VERBS = listed_stems("empty_verb")
_FEWEST_LETTERS = 3
_MOST_WORDS = 3  # of a noun with what stands before it
_ROOT_LETTERS = 4


def of_other_number(question: str, text: str, around: str, page: str) -> bool:
    """Tell whether a text is about another one of several numbered things ("class 4B", where class 5A is asked for).

    Args:
        question: As a person asks it.
        text: What would be quoted.
        around: What governs it.
        page: The text that it stands in.
    """
    for match in near.NUMBERED.finditer(question):
        noun, code = stem(match["noun"].casefold()), match["code"].casefold()
        if not _may_be_numbered(match["noun"]):
            continue
        for place in (text, around, page):
            stated = list(_codes(noun, place))
            if stated:
                # Elsewhere on the page several may be named, one of which the text is about.
                if not any(_is_in(code, each) for each in stated) and (place is not page or len(set(stated)) == 1):
                    return True
                break
    return False


def _may_be_numbered(noun: str) -> bool:
    word = noun.casefold()
    return len(word) >= _FEWEST_LETTERS and not is_empty(word) and stem(word) not in LIGHT


def _codes(noun: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the numbers that a noun has in a text, as the ends of a range: "bays 20 to 24"."""
    for match in near.NUMBERED.finditer(text):
        if stem(match["noun"].casefold()) == noun:
            last = near.RANGE_END.match(text, match.end())
            yield match["code"].casefold(), (last["last"] if last else match["code"]).casefold()
            for further in near.FURTHER_CODES.finditer(text, match.end()):
                if text[match.end() : further.start()].strip(" ,") not in ("", "and", "or"):
                    break
                yield further["code"].casefold(), further["code"].casefold()


def _is_in(code: str, ends: tuple[str, str]) -> bool:
    if code in ends:
        return True
    return code.isdigit() and all(map(str.isdigit, ends)) and int(ends[0]) <= int(code) <= int(ends[1])


def of_other_year(question: str, page: str, source: str) -> bool:
    """Tell whether a page names years, and none that a question names; a range or an open end may hold it.

    Args:
        question: As a person asks it.
        page: The text of the page.
        source: The name and the title of its document.
    """
    asked_years = {int(year) for year in years_in(question)}
    given = {int(year) for year in years_in(f"{source} {page}")}
    if not asked_years or not given or asked_years & given:
        return False
    return not any(_spans(year, page) for year in asked_years)


def _spans(year: int, page: str) -> bool:
    """Whether a page has a span of years that holds one, or an open one."""
    for match in near.YEARS_BETWEEN.finditer(page):
        last = match["last"] if len(match["last"]) > 2 else match["first"][:2] + match["last"]
        if int(match["first"]) <= year <= int(last):
            return True
    return any(
        year >= int(match["year"]) if match["since"] else year <= int(match["year"])
        for match in near.YEAR_OPEN.finditer(page)
    )


def of_opposite(question: str, text: str) -> bool:
    """Tell whether a text has the opposite of what a question asks about, and not that itself ("leaves", "returns")."""
    for pair in near.OPPOSITE_EVENTS:
        for mine, other in (pair, pair[::-1]):
            if mine.search(question) and not other.search(question) and other.search(text) and not mine.search(text):
                return True
    return False


def unspoken(question: str, texts: Iterable[str]) -> bool:
    """Tell whether a question is about a thing that no text speaks of, in that word, one like it or a wider one."""
    nouns = [noun for noun in _nouns(question) if noun not in LIGHT]
    if not nouns:
        return False
    spoken = frozenset[str]().union(*map(stems_of, texts))
    return any(not _is_spoken(noun, spoken) for noun in nouns)


def shares_word(question: str, text: str) -> bool:
    """Tell whether a text has a word of a question, other than a verb that stands beside any noun ("take")."""
    return any(_is_spoken(term, stems_of(text)) for term in stems_of(question) - _EMPTY_VERBS)


def _is_spoken(noun: str, spoken: frozenset[str]) -> bool:
    if meets(noun, spoken) or not spoken.isdisjoint(wider(noun)):
        return True
    root = noun[: max(_ROOT_LETTERS, len(noun) - 3)]
    return any(other.startswith(root) or (len(other) >= _ROOT_LETTERS and noun.startswith(other)) for other in spoken)


def _nouns(question: str) -> Iterator[str]:
    """Yield the stems of the words that stand behind an article, a preposition or "how much", as nouns do.

    The last of several may be the verb of a question with an auxiliary verb: "when does the tenancy begin".
    """
    inverted = asking.DO_SUPPORT.search(question) is not None
    # When it is tells nothing of what it is: "after the price rise".
    for phrase in near.NOUN_OPENING.split(near.TIME_CLAUSE.sub(" ", question))[1:]:
        kept: list[str] = []
        for word in words(re.split(r"[,;:.?!()\"“”]", phrase)[0]):
            if is_empty(word):
                break
            kept.append(word)
        kept = kept[:_MOST_WORDS]
        if inverted and len(kept) > 1:
            kept.pop()
        yield from (stem(word) for word in kept if _may_be_noun(word))
    done = near.VERBS_AND_OBJECT.search(question)
    if done is not None:
        last = [word for word in words(done["rest"]) if not is_empty(word) and stem(word) not in LIGHT][1:]
        yield from (stem(word) for word in last[-1:] if _may_be_noun(word))


def _may_be_noun(word: str) -> bool:
    return len(word) >= _FEWEST_LETTERS and word.isalpha() and not near.SUPERLATIVE.fullmatch(word)
