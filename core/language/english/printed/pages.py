"""What pages of English documents print that is no text of theirs: running lines, page numbers, idle titles."""

from __future__ import annotations

import re

_PAGE = r"(?:page|pages?\s+no\.?|pg\.?|p\.|seite|página|pagina|pág\.)"  # in German, French and Spanish, too
_OF = r"(?:of|/|von|de|sur)"
_ROMAN = r"(?=[ivxlc])(?:c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
# A line that holds the number of its page.
LONE_FOLIO = re.compile(rf"\W*(?:{_PAGE}\s*)?(?:\d{{1,4}}|{_ROMAN})(?:\s*{_OF}\s*\d+)?\W*", re.IGNORECASE)
# The same where it says so itself: "- 4 -", "Page 4", "4 of 12"; `number` is none where the rest tells enough.
PLAIN_FOLIO = re.compile(
    rf"(?:[-–—·•|~]\s*(?:\d{{1,4}}|{_ROMAN})\s*[-–—·•|~]"
    rf"|\W*{_PAGE}\s*(?:\d{{1,4}}|{_ROMAN})(?:\s*{_OF}\s*\d+)?\W*"
    rf"|\W*(?P<number>\d{{1,4}}|{_ROMAN})(?:\s*{_OF}\s*\d{{1,4}})?\W*)",
    re.IGNORECASE,
)
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
# Headings that name a part of any document; in German, too.
PART_TITLE = re.compile(
    r"(?i)^[\d.\s]*(?:abstract|summary|(?:executive |plain.language )summary|introduction|overview|preface|foreword|"
    r"(?:table of )?contents|background|motivation|references|bibliography|acknowledge?ments?|appendix|notes?|about|"
    r"usage|installation|requirements|features|licen[cs]e|changelog|getting started|quick ?start|"
    r"inhalt(?:sverzeichnis)?|einleitung|einführung|vorwort|zusammenfassung|überblick)\W*$"
)
# What a header or footer holds that says nothing but the page; in German, too.
PAGE_NUMBER = re.compile(r"(?i)\W*(?:page|seite|p\.)?\s*\d*\s*(?:(?:of|von|/)\s*\d*)?\W*")
# An entry of a row of figures that is no figure.
NO_AMOUNT = re.compile(r"(?i:n\.?/?[am]\.?|flat|nil|none)")
