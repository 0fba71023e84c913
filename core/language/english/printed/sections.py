"""English patterns of references to a part of a document by its number: "clause 2(b)", "A.10", "Annex B", "item iv"."""

from __future__ import annotations

import re

# What stands after the text with a number of its own: its word tells "Annex 2" from section 2.
APPENDED = r"annexe?|appendix|schedule|exhibit|attachment"
_KIND = (
    r"sub-?sections?|sections?|sec\.?|sub-?clauses?|clauses?|articles?|chapters?|(?:sub-?)?paragraphs?|items?|points?"
    rf"|steps?|notes?|rules?|part|{APPENDED}"
)
_FIGURES = r"\d+(?:\.\d+)*[a-z]?"
_LETTERED = r"(?-i:[A-Z])(?:\.\d+)+"
_ROMAN = r"(?-i:[IVXL]{2,6}|[ivxl]{2,6})"
_BRACKETED = r"\((?:[a-z]|[ivxl]{1,6}|\d{1,2})\)"
_VERB = (
    r"(?:say|state|contain|tell|read|mean|require|provide|cover|regulate|concern|forbid|prohibit|permit|allow|demand"
    r"|mention|set out|deal with)s?"
)
_AFTER_LETTER = rf"(?=\W*$|\s+(?:about|of|in|for|under|{_VERB})\b)"
# The number of a part in a question, with the marks of what is inside it.
SECTION = re.compile(
    rf"(?:\b(?P<kind>{_KIND})(?![\w-])|§)\s*(?:no\.?\s*|number\s*)?"
    rf"(?P<number>(?:{_FIGURES}|{_LETTERED})(?:\s?{_BRACKETED})*|(?:{_BRACKETED}\s?)+"
    rf"|(?<=\s){_ROMAN}(?![\w.'’-]*\w)|(?<=\s)(?-i:[A-Za-z])(?!['’.-]\w){_AFTER_LETTER})(?![\d,.]*\d)",
    re.IGNORECASE,
)
# The same without a word before it: only what no other figure looks like.
BARE_SECTION = re.compile(
    rf"(?<![\w.$€£])(?P<number>\d+(?:\.\d+){{2,}}(?:\s?{_BRACKETED})*|(?:{_FIGURES}|{_LETTERED})(?:\s?{_BRACKETED})+)"
    r"(?![\d.]*\d)",
    re.IGNORECASE,
)
# A number that is all the question is about: "What does 2.1 say?".
ONLY_SECTION = re.compile(
    rf"^\W*(?:what (?:does|do)\s+(?P<number>\d+(?:\.\d+)+|{_LETTERED})\s+(?:{_VERB}|say about)"
    r"|(?:what is(?: in)?|show(?: me)?|read(?: out)?|quote|explain|summari[sz]e)\s+"
    rf"(?P<named>{_LETTERED})(?:\s+about)?)\W*$",
    re.IGNORECASE,
)
CONTENT_OF = re.compile(
    r"\b(?:what (?:does|is|are|do)|tell|summari[sz]e|show|read|quote|describe|explain)\b|^\W*(?:section|step)",
    re.IGNORECASE,
)
# What may stand around the number of a section whose whole text is asked for.
SECTION_FILLER = re.compile(
    rf"\b(?:what|does|the|about|and|are|for|summari[sz]e|show|quote|describe|explain|please|can|you|could|out|text|content"
    rf"|{_VERB})\b",
    re.IGNORECASE,
)
STEP = re.compile(r"step|item|point", re.IGNORECASE)

# A heading, a clause or an item with its number.
NUMBERED = re.compile(
    rf"^\W{{0,3}}(?P<kind>(?:section|clause|article|chapter|step|item|note|rule|part|point|{APPENDED}|§)(?![a-z])\s*)?"
    rf"(?P<number>{_FIGURES}|{_LETTERED}"
    rf"|(?(kind)(?<=\s)(?-i:[IVXL]{{1,6}}|[A-Z])(?![\w'’-])|(?-i:[IVXL]{{1,6}})(?=[.):]\s)))"
    rf"(?P<marks>(?:\s?{_BRACKETED})*)(?![\d]|\.\d)",
    re.IGNORECASE,
)
# What joins an item of a list to the next one.
JOINED = re.compile(r"(?:[,;]\s*(?:and|or|and/or)?|\s(?:and|or|and/or))\s*$", re.IGNORECASE)
