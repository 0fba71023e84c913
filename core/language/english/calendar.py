"""Names of English months, weekdays and quarters, as numbers and as parts of patterns; compiles none."""

from __future__ import annotations

from core.language.language import alternation, language, numbered

_ENGLISH = language("en")
# Numbers of quarters by their ordinals, and of months by their names.
QUARTER_OF = numbered(_ENGLISH.ordinals[:4])
MONTH_OF = numbered(_ENGLISH.months)
MONTH = rf"(?:{alternation(MONTH_OF)})\.?"
# Months as heads of columns have them, whole or cut.
HEAD_MONTH = rf"(?:{'|'.join(names[0][:3].capitalize() for names in _ENGLISH.months)})[a-z]{{0,6}}\.?"
WEEKDAY = rf"(?:{alternation(names[0] for names in _ENGLISH.weekdays)})s?"
