"""A statement of operations as it stands on a page of a filing."""

from __future__ import annotations

TABLE = """Acme Widgets, Inc.
CONDENSED CONSOLIDATED STATEMENTS OF OPERATIONS (Unaudited)
(In millions, except per share amounts)
Three Months Ended
June 25,
2022
June 26,
2021
Net sales:
Products $ 63,355 $ 63,948
Services 19,604 17,486
Total net sales 82,959 81,434
Other income (expense), net of
taxes (10) 243
Earnings per share:
Basic $ 1.20 $ 1.31
"""
