"""Texts of all lengths and several scripts, the same on every run."""

from __future__ import annotations

import random

_WORDS = (
    "the bridge opened in 1932 and carries eight lanes revenue rose 4.5% to $1,204 million Überprüfung naïve café "
    "Москва 東京タワー مرحبا भारत co-operate re-elected x86_64 https://example.org/a?b=c (see Fig. 3) § 12(b) 😀 𝔘𝔫𝔦 "
    "antidisestablishmentarianism e-mail@example.com -- ... \t 0x1F A.B.C. İstanbul ß ǅ ½ ™ № 5 of to a in and"
).split()


def texts(count: int, *, seed: int = 0, most_words: int = 120) -> list[str]:
    """Return `count` texts of 1 to `most_words` words."""
    rng = random.Random(seed)
    return [" ".join(rng.choices(_WORDS, k=rng.randint(1, most_words))) for _ in range(count)]
