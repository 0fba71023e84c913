"""English patterns of questions that a heading answers by what stands below it, and of versions of programs."""

from __future__ import annotations

import re

# "Under which license is it published?", "What are the reasons for ...?"
ASKS = re.compile(
    r"\b(?:which|what)(?:['’]s)?\s(?:(?:is|are|was|were)\s)?(?:(?:the|your|its|our|their|an?)\s)?"
    r"(?P<noun>[\w-]+(?:\s[\w-]+){0,2})",
    re.IGNORECASE,
)
# "Which Python version is needed?", "What version of Python does it need?"
ASKS_VERSION = re.compile(
    r"\b(?:which|what)\s(?:is\s)?(?:the\s)?(?:minimum\s|minimal\s|least\s)?"
    r"(?:(?P<name>[\w.+#-]+(?:\s(?!version)[\w.+#-]+)?)\sversions?|versions?\sof\s(?P<of>[\w.+#-]+))\b",
    re.IGNORECASE,
)
_NUMBER = r"v?\d+(?:\.(?:\d+|x))*"
VERSION = re.compile(
    rf"\s+(?:versions?\s+)?(?P<version>(?:>=?|<=?|≥|≤|~)?\s?{_NUMBER}"
    rf"(?:\+|\s+(?:or|and)\s+(?:newer|later|higher|above|up|older|below)|\s?(?:to|until|-|–|—)\s?{_NUMBER}"
    rf"|(?:,\s{_NUMBER})*,?\s(?:or|and)\s{_NUMBER})?)",
    re.IGNORECASE,
)
# Words of a few that are no sentence: "Snow and strikes", "MIT or the like".
IN_PHRASE = frozenset(
    "a an the of and or in on at for from to with by per up only no not each every both all any".split()
)
