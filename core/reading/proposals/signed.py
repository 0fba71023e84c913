"""Who did what a page says in the first person: the name that is signed under it ("We have audited", "/s/ Roe LLP")."""

from __future__ import annotations

from collections.abc import Sequence

from core.language.english import people
from core.reading.confidence import probability
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, Quote
from core.reading.reader import read_question
from core.reading.tables.lookup import meets
from core.reading.text.sentences import sentences_of
from core.reading.text.words import content_stems

_FEATURES = {"close": 0.8, "covered": 1.0, "early": 0.0}


def from_signatures(question: str, passages: Sequence[Passage]) -> list[Proposal]:
    """Return the name under what a page says in the first person of the deed or the post that is asked for.

    Args:
        question: As a person asks it; nothing is proposed for one that does not ask who.
        passages: Best first; a page under which several names are signed answers nothing.
    """
    match = people.SIGNER.match(question)
    terms = read_question(question[match.end() :]).terms if match else ()
    if not terms:
        return []
    for index, passage in enumerate(passages):
        signatures = list(people.SIGNATURE.finditer(passage.page))
        if len({signature["name"] for signature in signatures}) != 1:
            continue
        for unit in sentences_of(passage.page):
            text = " ".join(passage.page[unit.start : unit.end].split())
            statement = people.FIRST_PERSON.search(text)
            if statement is None or not meets(terms[0], content_stems(statement[0])):
                continue
            signature = signatures[0]
            quotes = (Quote(index, signature.start("mark"), signature.end("name")), Quote(index, unit.start, unit.end))
            confidence = probability("named", _FEATURES)
            return [Proposal("named", signature["name"], quotes, (), confidence, _FEATURES)]
    return []
