"""What a question asks for beside its topic: a list, a count, a section, yes or no, a figure.

English rules; a question in another language is read by its words alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.language.english import polarity
from core.language.english.printed import sections
from core.language.english.questions import asking
from core.language.guess import guess_language
from core.reading.text.words import is_empty, stem, words

# A second question of so many words asks of the same as the first ("and when", "and by whom").
_BARE_WORDS = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for.

    Attributes:
        section: Number of the section, step or clause that it names, with the marks of what is inside it ("2(b)") or
            the word before it ("annex 2"); `""` where it names none.
        whole_section: Whether it asks what that section says, not for something in it.
        lists: Whether it asks for all items of a list.
        counts: What it asks to be counted, `""` where nothing.
        yes_no: Whether it can be answered by yes or no.
        figure: Whether a figure is likely to answer it.
        several: Whether one quote cannot be enough.
        denial: The words by which documents state what it denies, `""` where it denies nothing.
        negated: Whether it asks what is not so.
        steps: Whether it asks how to do something.
        heading: Words of the heading whose step or item it asks for as a whole, `""` where it names none.
        kind: The word before that number where it names an item of a list ("step"), else `""`.
        foreign: Whether it is in another language than English, in which these rules cannot tell what it asks for.
    """

    section: str
    whole_section: bool
    lists: bool
    counts: str
    yes_no: bool
    figure: bool
    several: bool
    denial: str
    negated: bool = False
    steps: bool = False
    heading: str = ""
    kind: str = ""
    foreign: bool = False


def read_asked(question: str) -> Asked:
    """Read what a question asks for."""
    section = (
        sections.SECTION.search(question)
        or sections.BARE_SECTION.search(question)
        or sections.ONLY_SECTION.search(question)
    )
    rest = (
        "" if section is None else question[: section.start()] + asking.OF_DOCUMENT.sub(" ", question[section.end() :])
    )
    others = re.findall(
        r"[^\W\d_]{3,}",
        sections.SECTION_FILLER.sub(" ", rest),
    )
    counts = asking.COUNT.search(question)
    under = None
    if section is not None and sections.STEP.match(section[0]) and sections.CONTENT_OF.search(question):
        under = asking.UNDER.search(question[section.end() :])
    denial = next((stated for pattern, stated in asking.DENIALS if pattern.search(question)), "")
    return Asked(
        section="" if section is None else _number_of(section),
        whole_section=section is not None and not others and bool(sections.CONTENT_OF.search(question)),
        lists=bool(asking.LIST.search(question)),
        counts=counts["what"] if counts else "",
        yes_no=bool(asking.YES_NO.search(question)),
        figure=bool(asking.FIGURE.search(question)),
        several=bool(asking.SEVERAL.search(question)),
        denial=denial,
        negated=bool(asking.NEGATED.search(question)),
        steps=bool(asking.STEPS.search(question)),
        heading="" if under is None else under["heading"],
        kind="" if section is None or (item := sections.STEP.match(section[0])) is None else item[0].casefold(),
        foreign=(own_language := guess_language(question)) is not None and own_language.code != "en",
    )


def _number_of(match: re.Match[str]) -> str:
    """The number of a reference as the lines of a page are read: without blanks, with the word of an annex."""
    groups = match.groupdict()
    number = "".join((groups["number"] or groups.get("named") or "").split())
    kind = (groups.get("kind") or "").casefold()
    return f"{kind} {number.casefold()}" if re.fullmatch(sections.APPENDED, kind) else number


def bare_question(text: str) -> str:
    """Return a question without what it says of how to answer, or of other names: lead-ins, units and rounding.

    Definitions stay. A text that holds nothing else is returned as it is.
    """
    text = asking.OTHER_NAME.sub("", text) or text
    text = asking.TYPED_NOT.sub(r"\1n't", asking.TYPED_IS.sub(r"\1 is", text))
    kept = [sentence for sentence in asking.SENTENCE_GAP.split(text.strip()) if not asking.INSTRUCTION.match(sentence)]
    kept = [asking.LEAD_IN.sub("", sentence) for sentence in kept]
    bare = " ".join(asking.UNIT_NOTE.sub("", sentence).strip() for sentence in kept)
    if not re.search(r"\w{3}", bare):
        # The whole question may stand in an instruction: "Answer the following question: ..."
        lead = asking.LEAD_IN.search(text)
        return text if lead is None else text[lead.end() :]
    return text if bare == text.strip() else bare[0].upper() + bare[1:]


def parts_of(question: str) -> tuple[str, ...]:
    """Return the questions that a text asks, each as a person would ask it alone but for words that point back.

    "Who chairs the board, and when was she appointed?" asks two, "Who won it and when?" asks who and when. A text that
    asks one question, or whose parts need each other ("the difference between what ..."), is its own only part.
    """
    sentences = [part for part in asking.QUESTION_GAP.split(question.strip()) if part]
    if len(sentences) > 1 and all(part.endswith("?") and asking.OPENING.match(part) for part in sentences):
        return tuple(sentences)
    both = asking.TWO_WORDS.match(question)
    if both is not None:
        return tuple(f"{both[name].capitalize()} {both['rest']}" for name in ("first", "second"))
    opening, joined = asking.OPENING.match(question), asking.AND_ASKS.search(question)
    if opening is None or joined is None or asking.INNER.search(question, opening.end(), joined.start()):
        return (question,)
    if asking.INNER.search(joined["tail"]):
        return (question,)
    first, second = question[: joined.start()].rstrip(), f"{joined['asks']}{joined['tail']}".rstrip("? ")
    if len(words(second)) <= _BARE_WORDS:
        if opening["word"] is None:
            return (question,)
        # What is asked of the same: "Who won it and when?" asks when one won it.
        second = f"{second} {first[opening.end() :].strip()}"
    return (f"{first}?", f"{second[0].upper()}{second[1:]}?")


def counted_is_named(question: str, sentence: str) -> bool:
    """Whether a sentence names what a question asks the number of; True where it asks for no number of things."""
    match = asking.HOW_MANY.search(question)
    if match is None:
        return True
    things = match["things"].split()
    # "how many error codes": either; "how many women took": what follows the noun is no part of it.
    kept = things if things[-1].endswith("s") else things[:1]
    thing_stems = {stem(word) for word in words(" ".join(kept)) if not is_empty(word)}
    return not thing_stems or not thing_stems.isdisjoint(stem(word) for word in words(sentence))


def asked_thing(question: str) -> tuple[str, ...]:
    """Return the stems of the noun phrase that names what is asked for, its head last; empty where none is told.

    "What is the focal length of the telescope?" asks for a focal length: pages that never speak of one do not answer.
    """
    for pattern in asking.THINGS:
        match = pattern.search(question)
        if match is not None:
            noun_words = words(match["noun"])
            if not asking.ANY_THING.isdisjoint(noun_words):
                return ()
            while len(noun_words) > 1 and asking.AFTER_NOUN.fullmatch(noun_words[-1]):
                noun_words.pop()
            return tuple(stem(word) for word in noun_words if not is_empty(word))
    return ()


def affirmed(question: str) -> str:
    """Return the question with a denial replaced by the words that documents use: "not present" becomes "absent"."""
    for pattern, stated in asking.DENIALS:
        question = pattern.sub(stated, question)
    return question


def contradicts(form: Asked, sentence: str) -> bool:
    """Whether a sentence states the opposite of what is asked ("Present: ..." where the absent are asked for)."""
    return ("absent" in form.denial and bool(asking.PRESENT.search(sentence))) or (
        form.negated and not form.denial and not asking.DENIES.search(sentence)
    )


def lists_opposite(form: Asked, question: str, text: str) -> bool:
    """Tell whether a line lists under its label what the question denies: "Included: ..." for what is not included."""
    label = polarity.LABEL.match(text)
    if label is None or not (form.negated and form.denial) or asking.DENIES.search(label[0]):
        return False
    return any(stem(word) in map(stem, words(question)) and not is_empty(word) for word in words(label[0])) and not any(
        stem(word) in map(stem, words(label[0])) for word in set(words(form.denial)) - set(words(question))
    )
