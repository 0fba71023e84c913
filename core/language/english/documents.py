"""What English documents print around their text: numbers of sections and steps, running lines, captions, titles."""

from __future__ import annotations

import re

from core.language.english.periods import MONTH

# A heading, a clause or an item with its number.
NUMBERED = re.compile(
    r"^\W{0,3}(?:section|clause|article|chapter|step|item|note|rule|part|§)?\s*(?P<number>\d+(?:\.\d+)*[a-z]?)(?![\d]|\.\d)",
    re.I,
)
NUMBERED_ITEM = re.compile(
    r"(?P<indent>[ \t]*)(?:(?:step|item)[ \t]+(?P<named>\d{1,3})[.):]?|(?P<number>\d{1,3})[.)])[ \t]+(?=\S)",
    re.IGNORECASE,
)
# A line that holds the number of its page.
FOLIO = re.compile(r"(?:page\s+)?\d{1,4}(?:\s+of\s+\d{1,4})?$", re.IGNORECASE)
LONE_FOLIO = re.compile(r"\W*(?:page\s*)?\d{1,4}(?:\s*(?:of|/)\s*\d+)?\W*", re.IGNORECASE)
# The line over a table or a figure.
CAPTION = re.compile(r"(?:table|figure|exhibit|schedule)\s+[\w.-]+", re.IGNORECASE)
DATE_HEAD = re.compile(rf"{MONTH} \d{{1,2}},", re.IGNORECASE)  # "June 25," over "2022"
COLUMN_HEAD = re.compile(rf"\b(?:19|20)\d\d\b|\b{MONTH} \d|\bended\b|\bas of\b|\(in ", re.IGNORECASE)
# A line of running text may end in a date: "... ends on February 28, 2027."
DATE_END = re.compile(rf"[a-z]\s+{MONTH} \d{{1,2}}, (?:19|20)\d\d[.;,]?$", re.IGNORECASE)
# Lines that stand at the top of pages and say nothing about them.
RUNNING_LINE = re.compile(
    r"(?:table of contents|contents|index|(?:page|p\.)?\s*[\divxlc]+(?:\s*(?:of|/)\s*\d+)?|https?://\S+)", re.I
)
# First lines that many documents share and that name none of them.
BOILERPLATE = re.compile(
    r"(?i)^((united states\s*)?securities and exchange commission.*|united states|washington,? d\.? ?c\.?.*|"
    r"form (10-?[kq]|8-?k)|table of contents|contents|index|page \d+.*|confidential|draft|abstract|introduction)\W*$"
)
# What programs write into a title by themselves: product names, file names, paths, identifiers; some in German.
SENSELESS_TITLE = re.compile(
    r"(?i)^(untitled|no title|none|null|title|(document|dokument|presentation|slide|book)\s*\d*|new document.*|"
    r"(microsoft )?(word|excel|powerpoint) ?-.*|.*\.(docx?|dotx?|pptx?|xlsx?|rtf|odt|pages|tex|dvi|p?s|eps|html?|indd|"
    r"qxd|pdf|pub|txt|md|xml|fm|cdr|tmp)|"
    r"[a-z]:\\.*|/.*|file:.*|https?:.*|[0-9a-f-]{16,}|\S*_\S*|\(.*\)|.*\bcid:\d+.*)$"
)
PROGRAM_TITLE = re.compile(
    r"^\s*Microsoft (?:Word|PowerPoint|Excel) - |\.(?:docx?|pdf|html?|pptx?|xlsx?|indd)\b|\buntitled\b", re.I
)
# What a header or footer holds that says nothing but the page; in German, too.
PAGE_NUMBER = re.compile(r"(?i)\W*(?:page|seite|p\.)?\s*\d*\s*(?:(?:of|von|/)\s*\d*)?\W*")
# Words in the name of a kind of document that comes in versions.
VERSIONED = re.compile(
    r"^(?:report|filing|quarter|quarterly|year|annual|fiscal|version|edition|release|revision|update|issue|statement|"
    r"document|policy|manual|handbook|guide|agreement|plan|contract|terms|standard|specification|results|period)s?$"
)
# The label of the question in a prompt.
QUESTION_LINE = re.compile(r"^[ \t]*(?:question|q)[ \t]*:", re.IGNORECASE | re.MULTILINE)
