"""Follow-up questions made to stand alone, so that search finds what they mean.

A language model rewrites them from the conversation; without one, or where its rewriting cannot be trusted, a rule
carries over the names of the question before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate

from core.language.english.questions.asking import OPENING
from core.language.english.questions.conversation import (
    AMONG,
    BACK_TO,
    BARE_WORD,
    GOES_ON,
    NAMED_ONE,
    NAMED_SUBJECT,
    OF_THE_SAME,
    OF_WHAT,
    OTHER_ONE,
    OWN_THING,
    POINTS_BACK,
    POINTS_NOWHERE,
)
from core.reading.extractive import ExtractiveChat
from core.reading.text.words import STOPWORDS, terms, words

Turn = tuple[str, str]

_REWRITE = ChatPromptTemplate.from_messages(
    [
        (
            "human",
            "Rewrite the last question so that it can be understood without the conversation. Keep its meaning; "
            "replace words like it, they or that by what they stand for. Write the question only.\n\n{turns}\n\n"
            "Last question: {question}\nRewritten question:",
        )
    ]
)
_TURNS = 3
_ANSWER_CHARS = 300
_MAX_GROWTH_CHARS = 200
_SUBJECTS = 3  # of a question about several of them
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def depends_on_history(question: str) -> bool:
    """Whether a question points back ("its price?"), goes on ("and in 2022?") or names nothing."""
    body = POINTS_NOWHERE.sub(" ", question)
    return bool(POINTS_BACK.search(body) or GOES_ON.match(question)) or len(terms(question)) < 2


def carried(question: str, earlier: str, subjects: Sequence[str] = (), nouns: Set[str] = frozenset()) -> str:
    """Make a follow-up stand alone by rule.

    A fragment ("and in 2022?") takes over the earlier question, its year or its subject replaced if the fragment has
    one; another topic ("what about the deposit?") keeps the subject; "the other one" takes over the earlier question
    of the other subject, "which of them" all subjects; a whole question with a pronoun takes over the earlier one's
    names, else the subject and its content words.

    Args:
        question: The follow-up.
        earlier: The question before it, itself made to stand alone.
        subjects: Names that the conversation has been about, the last one last.
        nouns: Words that stood beside these names ("depot" of "the North depot").
    """
    back = BACK_TO.match(question)
    if back is not None and OPENING.match(back["rest"]) and (named := _full_name(back["subject"], subjects)):
        rest = back["rest"][0].upper() + back["rest"][1:]
        return f"{rest.rstrip('? ')} ({named})?"
    if OTHER_ONE.match(question) and len(subjects) > 1:
        return _of_other(earlier, subjects)
    if AMONG.search(question) and len(subjects) > 1 and not _names(question):
        return f"{question.rstrip('? ')} ({', '.join(subjects[-_SUBJECTS:])})?"
    if not depends_on_history(question):
        return question
    bare, opening = BARE_WORD.match(question), OPENING.match(earlier)
    if bare is not None and opening is not None and opening["word"]:
        return bare["word"].capitalize() + earlier[opening.end() :]
    rest = NAMED_ONE.sub(r"\1", GOES_ON.sub("", question).strip())
    fragment = bool(GOES_ON.match(question)) and len(terms(rest)) <= 4 and not POINTS_BACK.search(rest)
    if fragment or not terms(rest):
        moved = _moved_subject(rest, earlier, nouns)
        if moved:
            return moved
        years = _YEAR.findall(rest)
        base = _YEAR.sub(years[0], earlier) if len(years) == 1 else earlier
        addition = rest.rstrip("? ") if not years or len(terms(rest)) > 1 else ""
        return f"{base.rstrip('? ')} {addition}".strip() + "?"
    question_words = set(words(question))
    names = [name for name in NAMED_SUBJECT.findall(earlier) if not set(words(name)) <= question_words | STOPWORDS]
    content = [word for word in words(earlier) if word not in STOPWORDS and word not in question_words]
    if not names and subjects:
        names = [subjects[-1]]  # the question before named nothing: it was of the same as those before it
    topic = " ".join(dict.fromkeys(names or content))
    owned = OWN_THING.search(question)
    if owned is not None and names and (of_what := _of_what(earlier, names[-1])):
        return f"{question[: owned.start()]}{owned['be']} the {owned['thing']} {of_what}?"
    return f"{question.rstrip('? ')} ({topic})?" if topic else question


def _names(text: str) -> list[str]:
    """The names in a text; a capital that begins a question makes none."""
    return [name for name in NAMED_SUBJECT.findall(text) if not set(words(name)) <= STOPWORDS]


def _full_name(name: str, subjects: Sequence[str]) -> str:
    """The last subject that has all words of a name ("Ada" of "Ada Reiss"), a name of its own as it is, else `""`."""
    own = set(words(name))
    fitting = [subject for subject in subjects if own and own <= set(words(subject))]
    return fitting[-1] if fitting else name if NAMED_SUBJECT.fullmatch(name) or name[:1].isupper() else ""


def _of_other(earlier: str, subjects: Sequence[str]) -> str:
    """The earlier question, asked of the last subject that it does not name."""
    named = [subject for subject in subjects if set(words(subject)) <= set(words(earlier))]
    others = [subject for subject in subjects if subject not in named]
    other = others[-1] if others else subjects[-2]
    if named and named[-1] in earlier:
        return earlier.replace(named[-1], other)
    return f"{earlier.rstrip('? ')} ({other})?"


def _with_subjects(subjects: Sequence[str], question: str) -> tuple[str, ...]:
    """The subjects of a conversation after one more question, the last one named last; short for a full name is it."""
    kept = list(subjects)
    for name in _names(question):
        full = _full_name(name, kept)
        known = [subject for subject in kept if subject == full or set(words(subject)) <= set(words(name))]
        kept = [subject for subject in kept if subject not in known]
        kept.append(max([full, *known], key=len))
    return tuple(kept)


def _nouns_beside(names: Sequence[str], text: str) -> frozenset[str]:
    """The words in small letters right before or behind names in a text, but for function words."""
    joined = rf"\b(?:{'|'.join(map(re.escape, names))})\b" if names else r"(?!)"
    before, behind = (
        re.findall(pattern, text) for pattern in (rf"([a-z][\w-]+)\s{joined}", rf"{joined}\s([a-z][\w-]+)")
    )
    return frozenset((*before, *behind)) - STOPWORDS


def _moved_subject(rest: str, earlier: str, nouns: Set[str]) -> str:
    """What a fragment asks where it names another subject, or another topic of the same; `""` where it does neither.

    "And in Alder?" asks the earlier question of Alder; "What about the deposit?" asks for the deposit of the same.
    """
    names = _names(f"x {rest}")
    known = NAMED_SUBJECT.findall(earlier)
    if not known or _YEAR.search(rest):
        return ""
    if names:
        only_names = set(words(rest)) <= STOPWORDS.union(nouns, *(words(name) for name in names))
        return earlier.replace(known[-1], names[0]) if only_names else f"{rest.rstrip('? ')}?"
    thing, of_what = OF_THE_SAME.match(rest), _of_what(earlier, known[-1])
    if thing is not None and of_what and thing["thing"].casefold() not in earlier.casefold():
        return f"What is the {thing['thing']} {of_what}?"
    return f"{rest.rstrip('? ')} ({' '.join(dict.fromkeys(known))})?" if terms(rest) else ""


def _of_what(earlier: str, name: str) -> str:
    """The end of a question that says of what it asks ("of the Elm Street policy"), `""` where it has none."""
    match = re.search(OF_WHAT.format(name=re.escape(name)), earlier)
    return "" if match is None else match[0]


def _trusted(rewritten: str, question: str, history: Sequence[Turn]) -> bool:
    """A rewriting is used if it is one short line, keeps what was asked and brings in nothing from elsewhere."""
    if not rewritten or "\n" in rewritten or len(rewritten) > len(question) + _MAX_GROWTH_CHARS:
        return False
    known_terms = set(terms(question)).union(
        *(terms(f"{earlier_question} {answer}") for earlier_question, answer in history)
    )
    kept, new = set(terms(question)), set(terms(rewritten))
    return bool(new) and len(kept & new) >= 0.5 * len(kept) and new <= known_terms


def standalone(question: str, history: Sequence[Turn], chat: BaseChatModel) -> str:
    """Return the question so that it can be understood, and searched for, on its own.

    Args:
        question: The latest question.
        history: Earlier questions, stand-alone where known, and answers; oldest first.
        chat: Rewrites it, unless it is the extractive reader.

    Raises:
        BackendError: The model failed.
    """
    if not history:
        return question
    if not isinstance(chat, ExtractiveChat):
        recent = history[-_TURNS:]
        turns = "\n".join(
            f"Question: {earlier_question}\nAnswer: {answer[:_ANSWER_CHARS]}" for earlier_question, answer in recent
        )
        reply = chat.invoke(_REWRITE.format_messages(turns=turns, question=question))
        rewritten = reply.text.strip().strip('"“”').strip()
        if _trusted(rewritten, question, recent):
            return rewritten
    nouns = frozenset[str]().union(*(_nouns_beside(_names(text), text) for text, _ in history))
    return carried(question, *_context(history, nouns), nouns)


def _context(history: Sequence[Turn], nouns: Set[str]) -> tuple[str, tuple[str, ...]]:
    """The last question of a conversation, itself made to stand alone, and the names that the conversation is about."""
    earlier = history[0][0]
    subjects = _with_subjects((), earlier)
    for next_question, _ in history[1:]:
        earlier = carried(next_question, earlier, subjects, nouns)
        subjects = _with_subjects(subjects, earlier)
    return earlier, subjects
