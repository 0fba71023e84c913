"""What counts as visible to a reader, the same for every format."""

from __future__ import annotations

# Text under 2 pt cannot be read on paper; 4 pt is the smallest print in use.
TINY_PT = 2.0
# Of 255, in the channel that differs most: on white a contrast of about 1.2 to 1, under the weakest grey in print.
MIN_CONTRAST = 24
