"""What a document and its organisation are called, and how a question refers to them.

A question must say whose figure and which document it asks about, because many documents treat the same subjects. Read
from the metadata and the first pages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.types import Document, Page
from synth.facts.english.prose.verbs import is_participle, past_base
from synth.facts.english.tables.flat import Flat
from synth.facts.english.values import DATE

_FORM = re.compile(r"^\s*(?:FORM|Form)\s+(10-[QK](?:/A)?|20-F|40-F|8-K|S-1)\b", re.MULTILINE)
_PERIOD = re.compile(
    rf"for\s+the\s+((?:quarterly|fiscal|annual|transition)?\s*(?:period|quarter|year))\s+ended:?\s+({DATE})",
    re.IGNORECASE,
)
_REGISTRANT = re.compile(r"([^\n]{3,80})\n[^\n\w]*\n?\s*\(exact\s+name\s+of\s+registrant", re.IGNORECASE)
_AFTER_NUMBER = re.compile(r"commission\s+file\s+(?:number|no\.?)[^\n]*\n(?:[^\n\w]*\n)?([^\n]{3,80})\n", re.IGNORECASE)
_ORGANISATION = re.compile(
    r"\b(?:Inc|Corp|Corporation|Company|Ltd|Limited|LLC|LLP|PLC|plc|GmbH|AG|S\.A|N\.V|Institute|University|College|School"
    r"|Agency|Department|Ministry|Council|Committee|Commission|Authority|Association|Society|Foundation|Trust|Bank|Group"
    r"|Office|Bureau|Service|Hospital|Museum|Union|Federation|Centre|Center|Organi[sz]ation|Laboratory|Network|Board)\b"
)
_COMPANY = re.compile(
    r"\b(?:Inc|Corp|Ltd|LLC|LLP|PLC|plc|GmbH|AG|S\.A|N\.V|Limited|Corporation)\b|\.com\b", re.IGNORECASE
)
_LEGAL_FORM = re.compile(r"(?i)(?:inc|corp|corporation|company|ltd|llc|plc|co|and subsidiaries)\.?")
_TOOL = re.compile(r"(?i)edgar|donnelley|workiva|adobe|microsoft word|anonymous|\bkscope|unknown|user|administrator")
_DOCUMENT_NOUN = re.compile(
    r"(?i)\b(?:handbook|manual|policy|polic(?:y|ies)|report|guide|guideline|circular|agreement|contract|plan|act|code|rules"
    r"|charter|statute|regulations?|terms|notice|standard|specification|procedure|protocol|review|survey|statement"
    r"|constitution|bylaws|catalogue|catalog|brochure|newsletter|minutes|programme|strategy|memorandum|lease|edition"
    r"|leaflet|booklet|sheet|instructions|prospectus|accounts|summary)$"
)
# So few words that end in such a noun say the sort of a document, not which it is.
_MAX_SORT_WORDS = 3
_NAMES_ONE = re.compile(r"\b[A-Z]\w*[^\W\d_]|\d")
_SHORT_NAMES = "Company Corporation Registrant Institute University College Society Foundation Trust Bank Agency Authority Association Council Organisation Organization Group Firm Museum Hospital".split()
_SMALL_WORDS = frozenset("of the and for in on at to de la".split())
_WE = re.compile(r"\b(we|our|us|ours)\b", re.IGNORECASE)
_WE_VERB = {"have": "has", "are": "is", "were": "was", "do": "does"}


@dataclass(frozen=True, slots=True)
class Naming:
    """How questions name a document.

    Attributes:
        scope: Noun phrase for the document, with its organisation and period where it states them.
        organisation: Whose document it is, `""` where that is not known.
        aliases: Short forms that stand for the organisation ("the Company").
        filing: Whether it is one of many reports on the same subjects, so that every question names it.
    """

    scope: str
    organisation: str = ""
    aliases: tuple[str, ...] = ()
    filing: bool = False

    @property
    def whose(self) -> str:
        """The organisation as a possessive."""
        return _possessive(self.organisation)


def _possessive(name: str) -> str:
    return name + ("’" if name.endswith("s") else "’s")


def name_document(document: Document, pages: Sequence[Page]) -> Naming:
    """Find out what to call a document.

    Args:
        document: With title and metadata.
        pages: Its first pages, three or so.
    """
    opening = "\n".join(page.text for page in pages)
    form = _FORM.search(opening)
    if form:
        return _filing(form[1], opening, " ".join(document.title.split()))
    organisation = _organisation(document.metadata.get("author", ""), opening)
    title = _title(document, is_owned=bool(organisation))
    in_title = organisation and organisation.removeprefix("the ").casefold() in title.casefold()
    short = len(title.split()) < 3
    scope = f"the {title}" if _DOCUMENT_NOUN.search(title) and not title.startswith("The ") else f"“{title}”"
    if organisation and short and not in_title:
        scope += f" of {organisation}"
    return Naming(scope, organisation, _aliases(organisation), filing=False)


def _filing(form: str, opening: str, title: str) -> Naming:
    period = _PERIOD.search(" ".join(opening.split()))
    name = _registrant(opening)
    if period:
        when = f" for the {' '.join(period[1].lower().split())} ended {' '.join(period[2].split())}"
    else:
        when = f" (“{title}”)"
    owner = f"{_possessive(name)} " if name else "the "
    return Naming(f"{owner}Form {form}{when}", name, _aliases(name, company=True), filing=True)


def _registrant(opening: str) -> str:
    """The company on the cover of a filing; a legal form alone on its line belongs to the line before."""
    match = _REGISTRANT.search(opening) or _AFTER_NUMBER.search(opening)
    if match is None:
        return ""
    line = match[1].strip(" *_")
    before = opening[: match.start()].rstrip().rpartition("\n")[2].strip(" *_")
    if _LEGAL_FORM.fullmatch(line):
        line = f"{before} {line}"
    if len(line) > 80 or not re.search(r"[A-Za-z]{3}", line.rpartition(" ")[0] or line):
        return ""
    name = _mixed_case(line.rstrip("."), opening)
    return f"{name}." if line.endswith(".") else name


def _mixed_case(name: str, opening: str) -> str:
    """A name in capitals, spelled as the running text spells it, or with capital initials."""
    name = " ".join(name.split())
    if not name.isupper():
        return name
    spellings = re.findall(re.escape(name).replace(r"\ ", r"\s+"), opening, re.IGNORECASE)
    mixed = next((" ".join(spelling.split()) for spelling in spellings if not spelling.isupper()), "")
    if mixed:
        return mixed
    return " ".join(word.lower() if word.lower() in _SMALL_WORDS else word.capitalize() for word in name.split())


def _title(document: Document, *, is_owned: bool) -> str:
    """The title without its subtitle, where what is left, perhaps with the owner's name, says which document it is."""
    title = " ".join(document.title.split()).strip(" .–—-:")
    head, *rest = (part.strip() for part in re.split(r":\s+|\s+[–—]\s+|\s+\|\s+", title, maxsplit=1))
    if not is_owned and rest and _says_sort_alone(head) and _NAMES_ONE.search(rest[0]):
        return title
    return head if head and (len(head.split()) >= 2 or _DOCUMENT_NOUN.search(head)) else title


def _says_sort_alone(head: str) -> bool:
    """Whether a title's head is true of many documents: "Package leaflet", "Annual report"."""
    words = head.removeprefix("The ").split()
    named = any(word[:1].isupper() for word in words[1:-1]) or any(character.isdigit() for character in head)
    return len(words) <= _MAX_SORT_WORDS and not named and _DOCUMENT_NOUN.search(head) is not None


def _organisation(author: str, opening: str) -> str:
    """The author where it is an organisation that the document names, with its article."""
    author = " ".join(author.split())
    if not author or len(author) > 80 or "," in author or _TOOL.search(author) or not _ORGANISATION.search(author):
        return ""
    used = any(noun in author and re.search(rf"\bthe {noun}\b", opening) for noun in _SHORT_NAMES)
    if author not in " ".join(opening.split()) and not used:
        return ""
    return author if _COMPANY.search(author) or author.startswith("The ") else f"the {author}"


def _aliases(organisation: str, *, company: bool = False) -> tuple[str, ...]:
    """Short forms of an organisation's name, longest first; without the word "the"."""
    if not organisation:
        return ()
    nouns = [noun for noun in _SHORT_NAMES if re.search(rf"\b{noun}\b", organisation)]
    if company:
        nouns += ["Company", "Registrant", "Corporation"]
    return tuple(dict.fromkeys(nouns))


def resolve(flat: Flat, naming: Naming) -> Flat:
    """Put the organisation's name for "the Company", "we" and "our", and the document's for "this handbook".

    A sentence in which that cannot be done keeps its pronouns, by which it is dropped later.
    """
    if naming.aliases:
        pattern = rf"\b([Tt]he) (?:{'|'.join(naming.aliases)})\b(?!\s[A-Z])((?:’|')s\b)?"
        for match in reversed(list(re.finditer(pattern, flat.text))):
            if (
                flat.text[: match.start()].endswith(("of ", "“", '"'))
                and naming.organisation in flat.text[: match.start()]
            ):
                continue
            name = naming.whose if match[2] else naming.organisation
            flat = flat.replaced(match.start(), match.end(), _capital(name, match.start() == 0))
    return _without_we(flat, naming) if naming.filing and naming.organisation else flat


def _capital(name: str, first: bool) -> str:
    return name[0].upper() + name[1:] if first else name


def _without_we(flat: Flat, naming: Naming) -> Flat:
    """Turn the first person of a filing into the third, where the verb after "we" can follow."""
    text = flat.text
    for match in reversed(list(_WE.finditer(text))):
        word = match[1].casefold()
        if word == "our":
            flat = flat.replaced(match.start(), match.end(), naming.whose)
        elif word == "we":
            following = re.match(r" (?:(?:[a-z]+ly|also) )?([a-z]+)", text[match.end() :])
            verb = following[1] if following else ""
            if verb in _WE_VERB and following:
                start = match.end() + following.start(1)
                flat = flat.replaced(start, start + len(verb), _WE_VERB[verb])
            elif not (past_base(verb) or verb in ("had", "will", "may", "can", "could", "would", "must", "should")) or (
                is_participle(verb) and not past_base(verb)
            ):
                continue
            flat = flat.replaced(match.start(), match.end(), naming.organisation)
    return flat
