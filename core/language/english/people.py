"""English patterns of people: their names and titles, the posts they hold, what they did, wrote or sent."""

from __future__ import annotations

import re

from core.language.language import alternation, language

_ENGLISH = language("en")
_TITLE = r"(?:(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Sir|Dame|Cllr|Councillor|PC|Rev|Captain|Capt)\.?\s)"
_PART = r"[A-Z\u00c0-\u00de](?:[a-z\u00df-\u00ff][\w’'-]*|\.|[’'][A-Z][\w’'-]+)"
_PARTICLE = r"(?:(?:de|van|von|der|den|la|al|bin|da|di|del)\s)?"
_COMPANY = r"(?:\s(?:LLP|LLC|Ltd|Limited|plc|Inc|AG|GmbH|SA|Corporation|Company|& Co)\b\.?)?"
# A person, or a company that is called by names.
NAME = (
    rf"(?:{_TITLE}{_PART}(?:[ \t]{_PARTICLE}{_PART}){{0,3}}"
    rf"|{_PART}(?:[ \t](?:&[ \t])?{_PARTICLE}{_PART}){{1,3}}){_COMPANY}"
)
_CAPITAL = r"[A-Z\u00c0-\u00de][\w’'&.-]*"
_ORGANISATION = rf"{_CAPITAL}(?:\s(?:(?:of|and|&|for|the)\s)*{_CAPITAL}){{0,5}}"
# Of "by the housing association": no word that begins something else.
_WORD_OF_ROLE = rf"(?!(?:{alternation(_ENGLISH.stop_words)})\b)[a-z][\w-]+"
# Marks of affiliations behind a name.
_MARKS = r"(?:\s?[\d*†‡§¶⁰¹²³⁴-⁹,]+(?=\s|,|$))?"
# Names on a line of their own, with marks of their affiliations.
NAMES = re.compile(rf"(?:{NAME}){_MARKS}(?:(?:,\s(?:and\s)?|\s(?:and|&|·|;)\s)(?:{NAME}){_MARKS})*")
# A cell of a table that holds a name and nothing else but, perhaps, what is said of it.
NAME_ALONE = re.compile(
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof|Sir|Dame|Cllr)\.?\s)?[A-Z\u00c0-\u00de][\w’'.-]*(?:\s(?:de|van|von|der|la|al|bin|and|&)?\s?"
    r"[A-Z\u00c0-\u00de][\w’'.-]*)+(?:,\s.*)?"
)
# Words of posts and bodies: what holds one is no person's name. "May" is one.
_MONTH = alternation(names[0].capitalize() for names in _ENGLISH.months if names[0] != "may")
POSTS = re.compile(
    r"\b(?:President|Officer|Chief|Executive|Vice|Director|Manager|Secretary|Treasurer|Committee|Board|Council|Group"
    r"|Chair\w*|Head|Department|Office|Minister|Engineer|Steward|Clerk|Master|Keeper|Report|Policy|Agreement|Section"
    rf"|Article|Instructor|Assistants?|{_MONTH})\b"
)
OFFICER = " officer"  # the end of a post that may be left out
QUALIFIED = re.compile(r"\b(?:deputy|vice|assistant|former|acting|past|honorary|co)\b", re.IGNORECASE)
# The same directly before the post that it makes another one.
QUALIFIERS = re.compile(r"\b(?:deputy|vice|assistant|former|acting|past|honorary|co)\b(?:[\s-]|$)+$", re.IGNORECASE)

WHO_IS = re.compile(
    r"^\W*(?:who|whom|what)(?:['’]s|\s(?:is|was|are|were))\s(?:the\s|our\s|your\s|its\s|their\s)?"
    r"(?:name of the\s|current\s|present\s|name of\s)?(?P<post>[^?]+?)\s*\??\s*$",
    re.IGNORECASE,
)
WHO_DOES = re.compile(
    r"^\W*(?:who|which \w+|whom)\s(?:has\s|had\s|have\s|is\s|are\s|was\s)?(?P<rest>[^?]+?)\s*\??\s*$", re.IGNORECASE
)
# A question for who did something or holds a post, up to the deed or the post.
SIGNER = re.compile(
    r"^\W*(?:who|which (?:\w+ )?(?:firm|company|person|auditors?))\s(?:(?:has|have|had|is|are|was|were)\s)?(?:the\s)?",
    re.I,
)
# What one says of oneself, and the mark of a signature in a printed copy.
FIRST_PERSON = re.compile(r"\b(?:We|I)\s[^,;.]{3,70}")
SIGNATURE = re.compile(r"^[ \t]*(?P<mark>/s/)\s*(?P<name>[A-Z][^\n]{2,60}?)[ \t]*$", re.MULTILINE)
WHO_WROTE = re.compile(
    r"^\W*who(?:m|se)?\b.*\b(?:wrote|written|authors?|authored)\b|\bauthors?\b.*\b(?:of|names?)\b|\bwritten by who",
    re.IGNORECASE,
)
# Tests of how a question begins, in any case.
BEGINS_WITH_WHO = r"\W*who"
BEGINS_WITH_WH = r"\W*wh"
IS_WHO = r"\W*who\b"
# Of the name of a field in a form what it is asked for by: not whose it is, and nothing after "of" or a comma.
FIELD_HEAD = re.compile(r"(?:\w+['’]s?\s)?(?P<head>.+?)(?=\s(?:of|as|for|in|or|and|on|at)\s|,|$)")
# Parts a post from what it is of.
OF = re.compile(r"\s(?:of|at|for|in|on|with)\s(?=(?:the\s|this\s|a\s)?[\w])")
# The same behind a post, before the name of its holder.
OF_SOMETHING = r"(?:\s+of\s+[\w ]{2,30}?)??"
# Between a post and the name of its holder, and the other way round.
LINK = r"(?:\s*[:,–—(-]\s*|\s+(?:is|was|are|were)\s+(?:now\s+)?|[ \t]*\n[ \t]*|\s+)(?:(?:the|our|its|a)\s)?"
LINK_BEFORE = (
    r"(?:\s*,\s*(?:(?:the|our|its|a)\s)?|\s*\(\s*|\s+[–—-]\s+|\s*\n\s*(?:[A-Z][\w ]{3,30},\s*)?"
    r"|\s+(?:is|was|became|remains|serves as|acts as|served as|as|was appointed|was elected)\s+"
    r"(?:(?:the|our|its|a|new)\s)*)"
)
# The line at the head of a message that says when it was sent.
DATE_LINE = re.compile(
    r"^[ \t]*(?:[-•*]\s)?(?:Date|Dated|Sent|Date sent|Sent on):[ \t]+(?P<value>[^\n]+)$", re.MULTILINE | re.I
)


def done_by(forms: str) -> re.Pattern[str]:
    """Return what matches a verb in the passive with who did it ("was written for the museum by NAME").

    Args:
        forms: Alternation of the verb's forms.
    """
    return re.compile(
        rf"\b(?i:{forms})\b(?:\s+(?:for|on|in|at)\s+[^.;:\n]{{1,40}}?|\s+out)?\s+(?i:by)\s+"
        rf"(?:(?:(?i:the|our|his|her|its|their|an?)\s+(?:{_WORD_OF_ROLE}\s+){{0,3}}?)?(?P<name>(?-i:{NAME}|{_ORGANISATION}))"
        rf"|(?P<role>(?i:the|our|your|its|their|an?)\s{_WORD_OF_ROLE}(?:\s{_WORD_OF_ROLE})?))"
    )


def participles(verb: str) -> str:
    """Return an alternation of how the participle of a regular verb may be spelled: "supplies" gives "supplied"."""
    bases = {verb, verb.removesuffix("s"), verb.removesuffix("es"), re.sub(r"ies$", "y", verb)}
    bases = {base for base in bases if len(base) > 1}
    forms = {f"{base}ed" for base in bases} | {f"{base}d" for base in bases if base.endswith("e")}
    forms |= {f"{base[:-1]}ied" for base in bases if base.endswith("y")}
    return alternation(sorted(forms | {f"{base}{base[-1]}ed" for base in bases}))


# Stands for whoever signs below and names nobody.
UNNAMED = re.compile(r"\W*(?:(?:each of )?the )?undersigned\W*", re.IGNORECASE)
