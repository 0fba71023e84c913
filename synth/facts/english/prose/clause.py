"""Parses the main clause of a sentence: what stands before it, its subject, its verb, and the rest.

Works by closed word classes and positions only; a sentence that can be read in two ways gives no clause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from synth.facts.english.prose.verbs import (
    AUXILIARIES,
    BE,
    HAVE,
    is_base,
    is_known_verb,
    is_noun_too,
    is_participle,
    is_verb,
    past_base,
    present_base,
)
from synth.facts.english.values import is_plural

_LEADING = re.compile(
    r"(?:As of|At|In|On|During|From|Since|By|For|Until|Between|Under|With|Within|When|If|After|Before|Upon|Every|Each week|"
    r"Through|Throughout|Effective|Below|Above|Over)\b"
)
_DISCOURSE = re.compile(
    r"^(?:However|Additionally|In addition|Furthermore|Moreover|Also|Finally|Currently|Generally|Typically|Historically"
    r"|Accordingly|For example|For instance|In fact|In particular|In practice|As a result|Consequently|Specifically|Today"
    r"|Overall|In general|Second|First|Thus|Therefore|Hence|Interestingly|Notably), ",
)
# What cannot stand in a subject that a question repeats.
_NOT_SUBJECT = frozenset(
    """who which that what where when while if because whose whom whether although though unless as than but or it they
    them he she we i you this these those such there here its their his her our my your one ones itself themselves other
    another others same former latter said any some none neither either following above below previous preceding prior
    both most many much more less not no nobody nothing everyone everybody everything anyone anybody anything someone
    something whoever whenever wherever whatever however respective resulting remaining corresponding aforementioned
    it's there's let please note see""".split()
)
_WORD = re.compile(r"\S+")
_ADVERBS = re.compile(
    r"(?:[a-z]+ly|also|now|then|still|just|even|often|always|never|usually|already|further|not|only|never)$"
)
# Words that begin another clause.
_CLAUSE_OPENERS = frozenset("and that which who but when while as because than".split())
_SAME_PAST = frozenset("cost set put spread shed".split())
_MAX_SUBJECT_WORDS = 16
_AGENTLESS = re.compile(r"[.!?;:]")


@dataclass(frozen=True, slots=True)
class Clause:
    """A main clause, taken apart; the parts are spans of the sentence.

    Attributes:
        sentence: The whole sentence on one line, without its full stop.
        lead: What stands before the subject ("As of 1 May 2022"), without its comma; `""` where nothing does.
        subject: Subject, as it stands.
        verb: First finite verb, lower case.
        verb_at: Where it begins.
        rest_at: Where what follows it begins.
    """

    sentence: str
    lead: str
    subject: str
    verb: str
    verb_at: int
    rest_at: int

    @property
    def rest(self) -> str:
        return self.sentence[self.rest_at :]

    @property
    def inverted(self) -> tuple[str, str]:
        """The auxiliary that goes before the subject of a question, and what follows the subject."""
        if self.verb in HAVE:
            skipped = next((word for word in self.rest.split() if not _ADVERBS.match(word)), "").strip(",")
            if is_participle(skipped):
                return self.verb, ""
            return {"has": "does", "have": "do", "had": "did"}[self.verb], "have"
        if self.verb in AUXILIARIES:
            return self.verb, ""
        if self.verb in _SAME_PAST and is_plural(self.subject.split(" for ")[0].split(" of ")[0]):
            return "do", self.verb
        if past_base(self.verb):
            return "did", past_base(self.verb)
        if present_base(self.verb):
            return "does", present_base(self.verb)
        return "do", self.verb


def _lead_end(sentence: str) -> int:
    """Where the comma after an opening phrase stands, 0 where there is none, -1 where it cannot be told."""
    if not _LEADING.match(sentence):
        return 0
    depth = 0
    for match in re.finditer(r"[(),]", sentence):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[0] != "," or depth:
            continue
        comma = match.start()
        if (
            re.match(r", (?:(?:19|20)\d\d\b|and\b|or\b|respectively)", sentence[comma:])
            or sentence[comma + 1 : comma + 2].isdigit()
        ):
            continue
        if re.search(r"\b\d{4}, [^,]+$", sentence[:comma]) and re.match(r", \d", sentence[comma:]):
            continue
        return comma
    return -1


def _finite(words: list[tuple[str, int]], position: int) -> bool:
    """Whether the word at a position is the finite verb, given what stands before it."""
    word = words[position][0]
    if word in AUXILIARIES:
        return True
    if position == 0:
        return False
    before = words[position - 1][0]
    if before in (
        "a",
        "an",
        "the",
        "of",
        "and",
        "to",
        "in",
        "for",
        "by",
        "with",
        "on",
        "at",
        "from",
        "or",
    ) or before.endswith(("'s", "’s")):
        return False
    if past_base(word):
        return True
    base = present_base(word)
    if base:
        # "stores", "returns": a verb only where what follows could be its object or adverbial.
        after = words[position + 1][0] if position + 1 < len(words) else ""
        # A plural has no verb in the singular: in "shows works by" the first of two is the verb.
        is_followed = after in _AFTER_VERB or after[:1].isdigit() or (present_base(after) and not is_plural(before))
        return not is_noun_too(base) or bool(is_followed) or _is_only_verb(words, position)
    head = next(
        (
            words[back - 1][0]
            for back in range(1, position)
            if words[back][0] in ("of", "in", "at", "from", "for", "on")
        ),
        before,
    )
    after = words[position + 1][0] if position + 1 < len(words) else ""
    if not (is_plural(before) or is_plural(head)):
        return False
    return is_base(word) or (is_verb(word) and (after in _AFTER_VERB or _is_only_verb(words, position)))


def _is_only_verb(words: list[tuple[str, int]], position: int) -> bool:
    """Whether no other word of the main clause can be its verb: "The warranty covers defects in material"."""
    if position + 1 >= len(words) or words[position][0][-1] in ",;:.":
        return False
    for other, (word, _) in enumerate(words):
        if other > position and (word.strip(",") in _CLAUSE_OPENERS | {"if"} or words[other - 1][0][-1] in ",;:"):
            return True
        if other < position and word in _CLAUSE_OPENERS | _TIME_OPENERS:
            return False
        if other not in (0, position) and (
            word in AUXILIARIES or past_base(word) or (other < position and (present_base(word) or is_base(word)))
        ):
            return False
        if other > position and ((present_base(word) or is_base(word)) and words[other - 1][0] not in _BEFORE_NOUN):
            return False
    return True


_TIME_OPENERS = frozenset("if until before after where unless although".split())
# Words after which none is a finite verb.
_BEFORE_NOUN = frozenset("a an the of and to in for by with on at from or into per as its their each every".split())


_AFTER_VERB = frozenset(
    "a an the on in at to from by for up about every each between within only until after before when if more with into through once twice up down behind beside near against under over above below along around across no one two three four five six seven eight nine ten".split()
)


def parse(sentence: str) -> Clause | None:
    """Take a sentence apart, or return None where the rules cannot be sure.

    Args:
        sentence: On one line, with or without its full stop.
    """
    text = sentence.rstrip(". ")
    opening = _DISCOURSE.match(text)
    start = opening.end() if opening else 0
    text = text[:start] + text[start : start + 1].upper() + text[start + 1 :]
    lead_end = _lead_end(text[start:])
    if lead_end < 0:
        return None
    lead = text[start : start + lead_end]
    subject_at = start + lead_end + (2 if lead_end else 0)
    words = [(_low(match[0]), match.start()) for match in _WORD.finditer(text, subject_at)][: _MAX_SUBJECT_WORDS + 8]
    for position, (word, offset) in enumerate(words[: _MAX_SUBJECT_WORDS + 1]):
        if position and (word in ("would", "could", "might") or _past_twice(words, position)):
            return None
        if position and _finite(words, position) and not _is_ambiguous(words, position):
            subject = text[subject_at:offset].strip()
            if not is_subject(subject) or _is_read_twice(words, position) or _is_bare_passive(text, words, position):
                return None
            while position + 1 < len(words) and word in AUXILIARIES and words[position + 1][0] in ("not", "never"):
                return None
            return Clause(text, lead, subject, word, offset, min(len(text), offset + len(word) + 1))
        if (
            word in _NOT_SUBJECT
            or (word in ("each", "every", "all") and (position or re.match(r"\w+ of\b", text[offset:])))
            or (word[-1] in ",;:" and not _allowed_comma(text, offset + len(word) - 1))
        ):
            return None
    return None


def _low(word: str) -> str:
    """Lower case, except that a capital other than the sentence's first marks a name, which is no verb."""
    return word if word[0].isupper() and is_known_verb(word.casefold()) else word.casefold()


def _allowed_comma(text: str, comma: int) -> bool:
    """A comma inside a date, a company's name or a number does not end a subject."""
    return bool(re.match(r", (?:(?:19|20)\d\d\b|Inc\b|Ltd\b|LLC\b|L\.P\.|Jr\b|N\.A\.)", text[comma:]))


def _past_twice(words: list[tuple[str, int]], position: int) -> bool:
    """Whether two past tenses follow one another so that the first may be a participle: "MRI performed later showed"."""
    if not past_base(words[position][0]) or words[position][0] in AUXILIARIES:
        return False
    for back in range(position + 1, len(words)):
        word, before = words[back][0], words[back - 1][0]
        if before[-1] in ",;:." or word in _CLAUSE_OPENERS or word == "or":
            return False
        if (
            past_base(word)
            and back > position + 1
            and not re.search(r"^(?:an?|the|its|of|for|in|to|by)$|ly$|[’']s$", before)
        ):
            return True
    return False


def _is_ambiguous(words: list[tuple[str, int]], position: int) -> bool:
    """Whether a past tense may be a participle, or a present one a noun: "The shares purchased under the plan were ..."."""
    word = words[position][0]
    is_present = is_noun_too(present_base(word))
    if word in AUXILIARIES or not (past_base(word) or is_present):
        return False
    for later, _ in words[position + 1 :]:
        if is_present and later in _TIME_OPENERS:
            return False
        if later[-1] in ",;:." or (later in _CLAUSE_OPENERS and later != "as") or later == "where":
            return False
        if later in AUXILIARIES:
            return True
    return False


def _is_read_twice(words: list[tuple[str, int]], position: int) -> bool:
    """Whether an earlier word may be the verb as well: "The club's insurance covers third-party claims up to ..."."""
    if not is_noun_too(present_base(words[position][0])):
        return False
    return any(
        present_base(words[back][0])
        and words[back - 1][0] not in _BEFORE_NOUN
        and not words[back - 1][0].endswith(("'s", "’s"))
        for back in range(2, position)
    )


def _is_bare_passive(text: str, words: list[tuple[str, int]], position: int) -> bool:
    """Whether a past tense is a participle without its auxiliary: "Version 3, approved by Ann Lee on 4 May"."""
    word, start = words[position]
    if word in AUXILIARIES or not is_participle(word):
        return False
    return re.match(r"by (?:the |an? )?[A-Z]", text[start + len(word) + 1 :]) is not None


def is_subject(subject: str) -> bool:
    """Whether a noun phrase can stand in a question: it names something and refers to nothing outside the sentence."""
    words = subject.split()
    if (
        not words
        or len(words) > _MAX_SUBJECT_WORDS
        or subject.count("(") != subject.count(")")
        or subject[0] in "(,-–—•"
    ):
        return False
    if re.match(
        r"(?:Based|Compared|Given|Due|According|Subject|Relative|Owing|Thanks|Except|Together|Along|Included|Including|Related|Then|Thus|Therefore|So|Hence|Also)\b",
        subject,
    ):
        return False
    plain = [word.strip("“”\"'’(),").casefold() for word in words]
    if (
        words[0][0].isdigit()
        or any(word in _NOT_SUBJECT for word in plain)
        or (plain[0] == "all" and len(plain) < 2)
        or not re.search(r"[A-Za-z]{2}", subject)
    ):
        return False
    return not (
        plain[-1] in ("of", "and", "the", "a", "an", "to", "in", "for", "by", "or", "with")
        or _AGENTLESS.search(subject[-1])
    )


def holds_verb(text: str) -> bool:
    """Whether a stretch of text holds a further finite verb or opens a subordinate clause."""
    words = [word.strip(',;:()“”"').casefold() for word in text.split()]
    for position, word in enumerate(words):
        if word in ("which", "that", "who", "whom", "whose", "if", "unless", "whether", "because", "although"):
            return True
        if word in AUXILIARIES:
            return True
        if position and is_known_verb(word) and present_base(word) and not is_noun_too(present_base(word)):
            return True
    return False


def is_second_verb(first: str, second: str) -> bool:
    """Whether a word after "and" can be a second verb of the subject of the first."""
    second = second.casefold()
    if second in AUXILIARIES:
        return second in BE | HAVE or second not in ("do", "does", "did")
    if present_base(first) or first in ("is", "has"):
        return bool(present_base(second)) and second not in ("reports", "costs", "sales", "returns")
    return bool(past_base(second)) and bool(past_base(first))
