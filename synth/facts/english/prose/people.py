"""Which noun phrases name people or bodies of people, by the noun they end in: "who" asks for them."""

from __future__ import annotations

import re

_PEOPLE = frozenset(
    """accountant actor administrator administration agency agent analyst applicant architect army artist assistant association
    auditor author authority bank board borrower brother builder buyer captain caretaker carrier chair chairman chairperson
    chairwoman chemist chief child children church citizen clerk coach college commission commissioner committee company
    contractor coordinator council court crew customer daughter dean dentist department designer developer director doctor
    driver editor emperor employee employer engineer farmer father fisherman fishermen founder government governor guardian
    guest head hunter inspector instructor insurer journalist judge king landlord lawyer leader learner lender librarian
    maintainer man manager manufacturer mayor member men merchant minister ministry monk mother musician nurse office officer
    official ombudsman operator organisation organization owner painter parent parliament participant patient people person
    pharmacist physician physicist player poet police president porter priest principal producer professor provider publisher pupil
    queen reader referee representative researcher resident respondent reviewer ruler sailor scientist secretary seller sister
    society soldier specialist staff student supervisor supplier surgeon teacher team technician tenant trader translator
    traveller treasurer tutor union university user vendor visitor volunteer warden woman women worker writer""".split()
)
_HEAD_ENDS = re.compile(r",| (?:of|from|in|at|for|with|on|who|that|called|under|aged|born|living|working)\b")


def are_people(phrase: str) -> bool:
    """Tell whether a noun phrase names people: by the last word before its first preposition."""
    words = _HEAD_ENDS.split(phrase.casefold())[0].split()
    if not words:
        return False
    head = words[-1].strip("“”\"'’")
    singular = f"{head[:-3]}y" if head.endswith("ies") else head.removesuffix("s")
    return head in _PEOPLE or singular in _PEOPLE
