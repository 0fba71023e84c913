"""English months, weekdays, quarters and scales, as numbers and as parts of patterns; compiles no pattern."""

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
# Names of the scales in which tables and questions give amounts, by their power of ten, and parts of patterns for them.
SCALE_NAMES = {power: name for name, power in _ENGLISH.scales.items() if power <= 9}
ANY_SCALE = "|".join(f"{name}s?" for name in SCALE_NAMES.values())
PLURAL_SCALES = "|".join(f"{name}s" for name in SCALE_NAMES.values())
