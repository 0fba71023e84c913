"""Distributes rows over kinds by their shares: the kind that is furthest behind its share comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence


class Shares:
    """Counts rows per kind and chooses the next kind.

    Args:
        shares: Share of each kind; kinds without one are never chosen. They need not add up to 1.
    """

    def __init__(self, shares: Mapping[str, float]) -> None:
        total = sum(shares.values()) or 1.0
        self._shares = {kind: share / total for kind, share in shares.items() if share > 0}
        self.counts: Counter[str] = Counter()

    def next(self, among: Collection[str]) -> str:
        """Return the kind among those given that is furthest behind its share, `""` where none has one."""
        total = sum(self.counts.values()) + 1
        behind = {kind: share * total - self.counts[kind] for kind, share in self._shares.items() if kind in among}
        return max(behind, key=lambda kind: behind[kind], default="")

    def in_turn(self, kinds: Sequence[str]) -> Iterator[str]:
        """Yield the kinds that have a share, the one that is furthest behind first."""
        remaining = list(kinds)
        while kind := self.next(remaining):
            yield kind
            remaining.remove(kind)

    def behind(self, kind: str) -> bool:
        """Whether a kind has fewer rows than its share so far."""
        return self._shares.get(kind, 0.0) * (sum(self.counts.values()) + 1) - self.counts[kind] >= 1.0

    def give(self, kind: str) -> None:
        """Count one row of a kind."""
        self.counts[kind] += 1
