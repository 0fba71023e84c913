"""Facts of one sentence of running text: resolves who "the Company" is, sets asides apart, and applies the rules to
each clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from synth.facts.draft import FactDraft, Span
from synth.facts.english import asking, names
from synth.facts.english.asking import Gap
from synth.facts.english.casing import Casing, lowered
from synth.facts.english.definite import Definites
from synth.facts.english.distribute import distributed
from synth.facts.english.naming import Naming, resolve
from synth.facts.english.prose import sentences as prose
from synth.facts.english.prose import terms
from synth.facts.english.prose.clause import Clause, is_second_verb, parse
from synth.facts.english.prose.complements import complements
from synth.facts.english.prose.phrases import ENDS_IN_ADVERB, is_plain_subject, starts_with_verb
from synth.facts.english.prose.subjects import Inverse, inverses
from synth.facts.english.tables.flat import Flat, without_asides
from synth.facts.english.values import Askable
from synth.facts.english.wording import is_named, questions, sentence

_MIN_CHARS, _MAX_CHARS = 24, 420
_DANGLING = re.compile(
    r"(?i)\b(?:this|these|those|such|aforementioned|foregoing|above|below|following|previous(?:ly)?|it|they|them|their|its|itself|he|she|his|her|him"
    r"|we|our|us|ours|you|your|yours|my|I|former|latter|respective(?:ly)?|said|thereof|therein|thereto|hereof|herein|same|another|other|others"
    r"|there|here|one of|both|either|neither)\b"
)
_OWN = re.compile(
    r"(?i)\b(?:its|their|it|they|them|him|his|her|itself|themselves|other|another|above|below|both|same|one of|following|here|there)\b"
)
_VAGUE = re.compile(
    r"(?i)^the (?:amount|increase|decrease|change|remaining\b.*|remainder|balance|difference|total|figure|number|company|result|effect|impact|case"
    r"|court|plaintiffs?|defendants?|complaint|agreement|transaction|matter|lawsuits?|actions?|charge|program|plan|fine|decision|period"
    r"|study|authors?|patients?|model|method|group|table|section|rest|majority|average|value|rate|percentage|ratio|former|latter)$"
)
_SPLIT = re.compile(r"; (?=\w)|, (?:and|but|while) (?=\w)")


@dataclass(frozen=True, slots=True)
class _Source:
    """What every draft of a sentence has: what the sentence states, where it stands, and how its document speaks."""

    statement: str
    quote: Span
    naming: Naming
    casing: Casing
    definites: Definites


def facts_of(flat: Flat, naming: Naming, casing: Casing, definites: Definites) -> Iterator[FactDraft]:
    """Yield what a sentence states.

    Args:
        flat: The sentence on one line.
        naming: How the document is named.
        casing: How the document spells its words.
        definites: What the document has but one of.
    """
    if not _MIN_CHARS <= len(flat.text) <= _MAX_CHARS or not _is_whole(flat.text):
        return
    quote = flat.span(0, len(flat.text))
    whole = resolve(flat, naming)
    yield from _short_forms(flat, naming, quote)
    plain = without_asides(whole)
    source = _Source(_statement(plain.text, naming, casing), quote, naming, casing, definites)
    yield from _definition(plain, source)
    for post, start, end in names.posts(plain.text):
        yield _holder(plain, post, start, end, source)
    amount = prose.leading(plain.text.rstrip(". "))
    if amount is not None:
        yield from _counted(plain, *amount, source)
    # What a filing says in words is said in every other one.
    main = [] if naming.filing else [clause for _, clause in _main_clause(plain)]
    if not naming.filing:
        for inverse in inverses(plain.text.rstrip(". "), next(iter(main), None)):
            yield from _inverse(plain, inverse, source)
    for part, clause in (pair for version in distributed(plain) for pair in _clauses(version)):
        for gap in _gaps(clause, in_words=clause in main):
            draft = _draft_for_gap(part, clause, gap, source)
            if draft is not None:
                yield draft
        meaning = terms.classified(clause)
        if (
            meaning is not None
            and is_plain_subject(clause)
            and _stands(clause.subject, source)
            and clause.subject != naming.organisation
        ):
            yield _meaning(part, meaning, source)


def _is_whole(text: str) -> bool:
    """Whether a text is one declarative sentence with its marks in order."""
    return (
        (text[0].isupper() or text[0].isdigit() or text[0] in '“"‘$')
        and text.endswith((".", ".”", '."', ".)", ";"))
        and text.count("(") == text.count(")")
        and text.count("“") == text.count("”")
        and not re.search(r"[?☐☒□_]|\.{3}|\. \. |https?://\S+ \S+ https?|[|•\t]|\d \d \d ", text)
    )


def _gaps(clause: Clause, *, in_words: bool) -> Iterator[Gap]:
    yield from prose.gaps(clause)
    for rule in (names.holder, names.agent, names.place):
        gap = rule(clause)
        if gap is not None:
            yield gap
    if in_words:
        yield from complements(clause)


def _inverse(flat: Flat, inverse: Inverse, source: _Source) -> Iterator[FactDraft]:
    answer = flat.text[inverse.start : inverse.end]
    if inverse.kind in ("subject", "name") and not _stands(answer, source):
        return
    yield FactDraft(
        kind=inverse.kind,
        statement=source.statement,
        subject=inverse.subject,
        answer=lowered(answer, source.casing) if inverse.kind == "subject" else answer,
        value=flat.span(inverse.start, inverse.end),
        quotes=(source.quote,),
        questions=questions(inverse.direct, inverse.indirect, source.naming.scope, named=False),
    )


def _clauses(flat: Flat) -> Iterator[tuple[Flat, Clause]]:
    """The main clause, further ones after a semicolon or ", and", and a second predicate of the first subject."""
    for start in [0, *(match.end() for match in _SPLIT.finditer(flat.text))]:
        part = flat.piece(start, len(flat.text))
        main = [] if start and _leans(part.text) else list(_main_clause(part))
        if not main:
            continue
        yield from main
        _, clause = main[0]
        second = _second_predicate(part, clause)
        again = parse(second.text) if second else None
        if second and again and again.subject == clause.subject:
            yield second, again


def _main_clause(flat: Flat) -> Iterator[tuple[Flat, Clause]]:
    """The main clause as it stands, and without an adverb before its verb."""
    clause = parse(flat.text)
    if clause is None:
        return
    yield flat, clause
    bare = _without_adverb(flat, clause)
    plain = parse(bare.text) if bare else None
    if bare and plain:
        yield bare, plain


def _leans(text: str) -> bool:
    """Whether a clause after a conjunction lives on the one before: "an appeal goes to ..." (of what?), "cut costs ..."."""
    return starts_with_verb(text) or re.match(r"an? ", text, re.IGNORECASE) is not None


def _without_adverb(flat: Flat, clause: Clause) -> Flat | None:
    """The sentence without an adverb before its verb, which its subject ends in."""
    match = ENDS_IN_ADVERB.search(clause.subject)
    if match is None or not match.start():
        return None
    end = clause.verb_at - 1
    return flat.replaced(end - len(match[0]), end, "")


def _second_predicate(flat: Flat, clause: Clause) -> Flat | None:
    """The sentence with its first predicate taken out: "X employs 64 staff and takes on 22" gives "X takes on 22"."""
    if clause.lead:
        return None
    for match in re.finditer(r",? and (\w+) ", clause.rest):
        if re.search(
            r"[;:]|\b(?:that|which|who|whose|whom|when|where|if|because|while)\b", clause.rest[: match.start()]
        ):
            return None
        if is_second_verb(clause.verb, match[1]):
            return flat.replaced(clause.verb_at, clause.rest_at + match.start(1), "")
    return None


def _stands(subject: str, source: _Source) -> bool:
    """Whether a subject says what it means without the sentence before it."""
    naming = source.naming
    if _DANGLING.search(subject) or _VAGUE.match(subject):
        return False
    bare = re.fullmatch(r"[Tt]he ([a-z-]+)", subject)
    if bare:
        in_name = re.search(rf"\b{re.escape(bare[1])}\b", naming.scope, re.IGNORECASE) is not None
        return in_name or (not naming.filing and source.definites.is_only(bare[1]))
    return not (naming.filing and re.match(r"[Tt]he [a-z-]+(?: [a-z-]+)?$", subject))


def _draft_for_gap(flat: Flat, clause: Clause, gap: Gap, source: _Source) -> FactDraft | None:
    """A draft for one gap of a clause, None where its question would depend on other sentences."""
    if not _stands(clause.subject, source):
        return None
    naming = source.naming
    subject = lowered(clause.subject, source.casing)
    around = f"{gap.before} {gap.after} {' '.join(gap.wh)} {clause.lead}"
    if (
        _OWN.search(around)
        or re.search(r"(?i)\b(?:this|these|those|such|we|our|us|you|your|my|i)\b", around)
        or len(around) > 220
    ):
        return None
    lead = clause.lead[0].lower() + clause.lead[1:] if clause.lead else ""
    forms = []
    for wh in gap.wh:
        direct = asking.direct(clause, gap, wh, subject)
        forms.append(f"{direct} {lead}".strip())
    if clause.lead:
        forms.append(f"{lead}, {asking.direct(clause, gap, gap.wh[0], subject)}")
    indirect = f"{asking.indirect(clause, gap, gap.wh[0], subject)} {lead}".strip()
    answer = flat.text[gap.start : gap.end]
    if answer.casefold() in forms[0].casefold():
        return None
    if naming.filing and not _is_pinned(gap, clause, forms[0], answer, naming):
        return None
    named = not naming.filing and is_named(clause.subject) and not names.is_post(clause.subject)
    return FactDraft(
        kind=gap.kind,
        statement=source.statement,
        subject=subject,
        answer=answer,
        value=flat.span(gap.start, gap.end),
        quotes=(source.quote,),
        questions=questions(forms, indirect, source.naming.scope, named=named),
    )


def _counted(flat: Flat, value: Askable, predicate: str, source: _Source) -> Iterator[FactDraft]:
    """A quantity that is the subject: "Six bicycles are kept ..."."""
    noun = f"percentage {predicate}" if value.kind == "percent" else f"{value.noun} {predicate}"
    forms = [f"what {noun}"] if value.kind == "percent" else [f"how many {noun}", f"what number of {noun}"]
    if _OWN.search(forms[0]) or _DANGLING.search(forms[0]):
        return
    yield FactDraft(
        kind="quantity",
        statement=source.statement,
        subject=value.noun or predicate,
        answer=value.text,
        value=flat.span(value.start, value.end),
        quotes=(source.quote,),
        questions=questions(forms, forms[0], source.naming.scope, named=False),
    )


def _is_pinned(gap: Gap, clause: Clause, question: str, answer: str, naming: Naming) -> bool:
    """Whether a question on a filing says what its figure is for: a period, or for other facts a name."""
    if _BARE_MEASURE.fullmatch(clause.subject):
        return False
    if gap.kind == "quantity" and re.search(r"[$€£¥%]|per ?cent|points|\bmillion|\bbillion", answer):
        return bool(_PERIOD.search(question))
    if gap.wh[0] == "where" and clause.verb in ("is", "are", "was", "were") and not gap.before:
        return False
    rest = question.replace(naming.whose, "").replace(naming.organisation, "") if naming.organisation else question
    return bool(re.search(r"(?<!^)\b[A-Z]\w", rest)) or clause.subject == naming.organisation


_PERIOD = re.compile(
    r"\b(?:19|20)\d\d\b|\bQ[1-4]\b|\b(?:first|second|third|fourth) quarter\b|\b(?:three|six|nine|twelve) months\b"
)
_BARE_MEASURE = re.compile(
    r"(?i)(?:(?:q[1-4]|ytd|(?:19|20)\d\d|first|second|third|fourth|quarter|fiscal(?: year)?|total) )*(?:net )?(?:operating (?:income|loss|expenses|margin)|revenues?|sales|gross (?:margin|profit)|cost of (?:sales|revenues?)|income|loss|expenses|volume|results)"
)


def _statement(text: str, naming: Naming, casing: Casing) -> str:
    """The sentence, with the document it is from where it does not name its subject itself."""
    text = sentence(text, ".")
    if not naming.filing and naming.organisation and naming.organisation.casefold() in text.casefold():
        return text
    return f"According to {naming.scope}, {lowered(text, casing)}"


def _definition(flat: Flat, source: _Source) -> Iterator[FactDraft]:
    meaning = terms.defined(flat.text.rstrip(". "))
    if meaning is not None:
        yield _meaning(flat, meaning, source)


def _meaning(flat: Flat, meaning: terms.Meaning, source: _Source) -> FactDraft:
    """A draft that asks what a term means or what a thing is."""
    term = lowered(meaning.term, source.casing)
    start, end = meaning.start, meaning.end
    plural = meaning.verb in ("are", "are defined as", "were defined as")
    be = "are" if plural else "is"
    quoted = f"“{meaning.term}”"
    if meaning.kind == "definition":
        forms = [f"what does {quoted} mean", f"how is {quoted} defined", f"what is the definition of {quoted}"]
        indirect = f"what {quoted} means"
    else:
        be = "are" if flat.text[:start].rstrip().endswith(" are") else be
        person = re.match(r"(?:Dr|Mr|Mrs|Ms|Prof|Professor|Sir|Dame)\b", meaning.term)
        wh = "who" if person else "what"
        forms = [f"{wh} {be} {term}", f"how {be} {term} described", f"{wh} {be} {term} said to be"]
        indirect = f"{wh} {term} {be}"
    named = not source.naming.filing and meaning.kind == "is-a" and is_named(meaning.term)
    return FactDraft(
        kind=meaning.kind,
        statement=source.statement,
        subject=meaning.term if meaning.kind == "definition" else term,
        answer=flat.text[start:end],
        value=flat.span(start, end),
        quotes=(source.quote,),
        questions=questions(forms, indirect, source.naming.scope, named=named),
    )


def _holder(flat: Flat, post: str, start: int, end: int, source: _Source) -> FactDraft:
    post = post[0].lower() + post[1:] if post.startswith("The ") else post
    forms = [f"who is {post}", f"what is the name of {post}"]
    return FactDraft(
        kind="name",
        statement=source.statement,
        subject=post,
        answer=flat.text[start:end],
        value=flat.span(start, end),
        quotes=(source.quote,),
        questions=questions(forms, f"who {post} is", source.naming.scope, named=False),
    )


def _short_forms(flat: Flat, naming: Naming, quote: Span) -> Iterator[FactDraft]:
    """Abbreviations that the sentence spells out."""
    for short, start, end in terms.expansions(flat.text):
        long = flat.text[start:end]
        forms = [f"what does {short} stand for", f"what is {short} short for", f"what is the full form of {short}"]
        yield FactDraft(
            kind="acronym",
            statement=f"In {naming.scope}, {short} stands for {long}.",
            subject=short,
            answer=long,
            value=flat.span(start, end),
            quotes=(quote,),
            questions=questions(
                forms,
                f"what the abbreviation {short} stands for",
                naming.scope,
                named=len(short) > 3 and not naming.filing,
            ),
        )
