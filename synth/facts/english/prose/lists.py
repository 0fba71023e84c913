"""Facts of small tables and lists: glossaries, ratings, fees, years, numbered headings, dates of issue.

A table is read where its line of heads shows how a row is divided: "Term Meaning", "Year Event", one word per column.
Rows that do not fit are left out; a table with many such rows is left out whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from synth.facts.draft import FactDraft, Span
from synth.facts.english.naming import Naming
from synth.facts.english.prose import terms
from synth.facts.english.tables.grid import PageLine, lines_of
from synth.facts.english.values import DATE, values_in
from synth.facts.english.wording import questions

_GLOSSARY = re.compile(
    r"(?:Term|Word|Abbreviation|Acronym|Expression|Symbol)s?,? (?:(?:and|or) \w+ )?(?:Meaning|Definition|Description|Explanation)s?",
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?:Year|Date) [A-Z][a-z]+")
_YEAR_ROW = re.compile(r"(?P<year>(?:1[5-9]|20)\d\d) (?P<event>[A-Z][^.]{7,110})")
_HEAD_WORD = re.compile(r"[A-Z][a-z]{2,}$")
_CAPTION = re.compile(r"^(?:Table|Tab\.|Exhibit|Schedule)\s+[\w.-]+?[.:]?\s+(?P<title>[A-Z].{3,90})$")
_FIGURES = re.compile(r"(?P<cells>(?:\s(?:[$€£])?\d[\d,]*(?:\.\d+)?%?)+)$")
_NUMBERED = re.compile(
    r"^(?P<number>(?:Note|Section|Chapter|Article|Appendix|Annex) (?:\d{1,2}(?:\.\d+)*|[A-Z]|[IVX]{1,5})|\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)"
    r"\s*(?:[-–—.:]\s*)*(?P<title>[A-Z][A-Za-z][^.!?;:]{2,70})$"
)
_ISSUED = re.compile(
    rf"(?:^|[.;|–—(] ?)(?P<what>Effective(?: date)?|Last (?:updated|revised|modified|reviewed)|Publication date|Date of issue|Next review(?: date)?)"
    rf"(?: on| as of)?:?\s+(?P<date>{DATE})(?=$|[.,;)\s])"
)
_FEWEST = 3
_WIDE_ROW = 80  # characters from which a line may be broken


def list_facts(text: str, naming: Naming) -> Iterator[FactDraft]:
    """Yield drafts for the small tables, headings and dates of issue of a page."""
    lines = lines_of(text)
    if sum(bool(re.search(r"\.{4,}|(?:\. ){4,}|[a-z] \d{1,3}$", line.text)) for line in lines) <= 0.3 * len(lines):
        yield from _headings(lines, naming)
    if not naming.filing:
        yield from _dates_of_issue(lines, naming)
    for number, line in enumerate(lines[:-_FEWEST]):
        if _GLOSSARY.fullmatch(line.text):
            yield from _glossary(lines[number + 1 :], line, naming)
        elif _YEARS.fullmatch(line.text):
            yield from _timeline(lines[number + 1 :], line, _title(lines[:number]), naming)
        elif 2 <= len(line.text.split()) <= 6 and all(_HEAD_WORD.match(word) for word in line.text.split()):
            yield from _ratings(lines[number + 1 :], line, _title(lines[:number]), naming)


def _title(above: Sequence[PageLine]) -> PageLine | None:
    """The caption right above the heads, or None."""
    return above[-1] if above and _CAPTION.match(above[-1].text) else None


def _words(line: PageLine) -> str:
    caption = _CAPTION.match(line.text)
    return caption["title"].rstrip(".") if caption else line.text


def _glossary(rows: Sequence[PageLine], head: PageLine, naming: Naming) -> Iterator[FactDraft]:
    for number, row in enumerate(rows):
        if re.match(r"(?:Table|Figure) \d", row.text):
            return
        gloss = terms.glossed(row.text.rstrip("."))
        if number + 1 < len(rows) and _runs_on(row.text, rows[number + 1].text):
            continue  # where the meaning ends is not certain
        if gloss is None or re.search(r"\b(?:we|our|this|these|it|its|their)\b", row.text):
            continue
        term, start, end = gloss
        meaning = row.text[start:end]
        short = terms.is_short_for(term, meaning)
        name = f"“{term}”" if not short else term
        forms = [f"what does {name} mean", f"what is the meaning of {name}", f"how is {name} explained"]
        if short:
            forms = [f"what does {term} stand for", f"what is {term} short for", f"what is the full form of {term}"]
        yield FactDraft(
            kind="acronym" if short else "definition",
            statement=f"According to {naming.scope}, {name} means: {meaning}.",
            subject=term,
            answer=meaning,
            value=(row.start + start, row.start + end),
            quotes=((row.start, row.end), (head.start, head.end)),
            questions=questions(forms, f"what {name} {'stands for' if short else 'means'}", naming.scope, named=False),
        )


def _runs_on(row: str, following: str) -> bool:
    """Whether the line after a row of a glossary belongs to it."""
    if following[:1].islower():
        return True
    return len(row) > _WIDE_ROW and not row.endswith(".") and terms.glossed(following.rstrip(".")) is None


def _timeline(rows: Sequence[PageLine], head: PageLine, title: PageLine | None, naming: Naming) -> Iterator[FactDraft]:
    matches = []
    for row in rows:
        match = _YEAR_ROW.fullmatch(row.text)
        if match is None:
            break
        matches.append((row, match))
    for row, match in matches if len(matches) >= _FEWEST else []:
        event = f"“{match['event']}”"
        forms = [
            f"which year is given for {event}",
            f"what is the year of {event}",
            f"what year belongs to {event}",
        ]
        yield FactDraft(
            kind="date",
            statement=f"According to {naming.scope}, the year of {event} is {match['year']}.",
            subject=match["event"],
            answer=match["year"],
            value=(row.start, row.start + 4),
            quotes=_quotes(row, head, title),
            questions=questions(forms, f"which year is given for {event}", naming.scope, named=False),
        )


def _ratings(rows: Sequence[PageLine], head: PageLine, title: PageLine | None, naming: Naming) -> Iterator[FactDraft]:
    """Rows of a label and figures, one per head word but the first; or of a label and one amount."""
    if title is None:
        return
    heads = head.text.split()
    labelled: list[tuple[PageLine, str, list[Span]]] = []
    missed = 0
    for row in rows:
        parts = _figures(row.text, len(heads) - 1) or (_amount(row.text) if len(heads) == 2 else None)
        if parts is None:
            missed += 1
            if missed > 2 or re.search(r"[a-z]{2}\.$|^(?:Table|Figure) \d", row.text):
                break
            continue
        labelled.append((row, *parts))
    if len(labelled) < _FEWEST or missed - 1 > len(labelled):
        return
    for row, label, cells in labelled:
        for name, (start, end) in zip(heads[1:], cells, strict=True):
            yield _rating(
                label,
                name,
                row.text[start:end],
                (row.start + start, row.start + end),
                _quotes(row, head, title),
                _words(title),
                naming,
            )


def _figures(row: str, size: int) -> tuple[str, list[Span]] | None:
    """Label and spans of exactly `size` figures that end a row."""
    match = _FIGURES.search(row)
    if match is None or size < 1:
        return None
    cells = [(word.start(), word.end()) for word in re.finditer(r"\S+", row) if word.start() >= match.start()]
    label = row[: match.start()].strip()
    return (label, cells) if len(cells) == size and _is_label(label) else None


def _amount(row: str) -> tuple[str, list[Span]] | None:
    """Label and span of the amount with its unit that ends a row."""
    amounts = [
        value for value in values_in(row) if value.end == len(row) and value.kind not in ("number", "count", "date")
    ]
    if not amounts or amounts[0].start < 3:
        return None
    label = row[: amounts[0].start].strip()
    return (label, [(amounts[0].start, amounts[0].end)]) if _is_label(label) else None


def _is_label(label: str) -> bool:
    return bool(re.match(r"[A-Z][\w’(), /&°-]*$", label)) and not re.search(
        r"\d|\b(?:or|and|to|of|the|at|in|by|over|under|below|above)$", label
    )


def _rating(
    label: str,
    name: str,
    answer: str,
    value: Span,
    quotes: tuple[Span, ...],
    title: str,
    naming: Naming,
) -> FactDraft:
    item, head, table = f"“{label}”", f"“{name}”", f"“{title}”"
    forms = [
        f"what is the entry for {item} in the column {head} of {table}",
        f"which value stands under {head} for {item} in {table}",
        f"what does {table} give for {item} under {head}",
    ]
    unit = re.search(r" in ([a-z]+)$", title)
    answer = f"{answer} {unit[1]}" if unit and answer.replace(",", "").replace(".", "").isdigit() else answer
    return FactDraft(
        kind="table",
        statement=f"According to {naming.scope}, the entry for {item} in the column {head} of {table} is {answer}.",
        subject=label,
        answer=answer,
        value=value,
        quotes=quotes,
        questions=questions(forms, f"what {table} gives for {item} under {head}", naming.scope, named=False),
    )


def _quotes(row: PageLine, head: PageLine, title: PageLine | None) -> tuple[Span, ...]:
    spans = [(row.start, row.end), (head.start, head.end)]
    return (*spans, (title.start, title.end)) if title else tuple(spans)


def _headings(lines: Sequence[PageLine], naming: Naming) -> Iterator[FactDraft]:
    for position, line in enumerate(lines):
        match = _NUMBERED.match(line.text)
        if match is None or re.search(
            r"\d$|,$|\b(?:and|of|the|in|to|for|or)$|[”\"]|\b(?:we|our|is|are|was|were|has|have)\b", match["title"]
        ):
            continue
        before = lines[position - 1].text if position else ""
        if re.search(r"(?:,|\b(?:and|of|the|in|to|see|or|with|under|by))$", before, re.IGNORECASE):
            continue
        number, title = match["number"], f"“{match['title'].strip()}”"
        if naming.filing and not number[0].isalpha():
            continue  # the number of an exhibit, not of a section
        kind = number.split()[0].lower() if number[0].isalpha() else "section"
        forms = [
            f"which {kind} is titled {title}",
            f"under which number does the {kind} {title} stand",
            f"what is the number of the {kind} {title}",
        ]
        yield FactDraft(
            kind="heading",
            statement=f"In {naming.scope}, {number if number[0].isalpha() else f'section {number}'} is titled {title}.",
            subject=match["title"].strip(),
            answer=number if number[0].isalpha() else f"section {number}",
            value=(line.start, line.start + len(number)),
            quotes=((line.start, line.end),),
            questions=questions(forms, f"which {kind} is titled {title}", naming.scope, named=False),
        )


def _dates_of_issue(lines: Sequence[PageLine], naming: Naming) -> Iterator[FactDraft]:
    """What a document says of its own date."""
    for line in lines:
        if len(line.text) > 160:
            continue
        match = _ISSUED.search(line.text)
        if match is None or not re.search(r"\d{4}", match["date"]):
            continue
        what = match["what"].lower()
        if what.startswith("last"):
            forms = [f"when was {naming.scope} {what}", f"on what date was {naming.scope} {what}"]
            indirect = f"when {naming.scope} was {what}"
        else:
            noun = what if "date" in what else f"{what} date"
            forms = [f"what is the {noun} of {naming.scope}", f"which date is the {noun} of {naming.scope}"]
            indirect = f"what the {noun} of {naming.scope} is"
        first, second = (form[0].upper() + form[1:] + "?" for form in forms)
        yield FactDraft(
            kind="date",
            statement=f"{indirect[0].upper()}{indirect[1:]}: {match['date']}.",
            subject=naming.scope,
            answer=match["date"],
            value=(line.start + match.start("date"), line.start + match.end("date")),
            quotes=((line.start, line.end),),
            questions=(first, second, f"Please tell me {indirect}.", f"Do you know {indirect}?"),
        )
