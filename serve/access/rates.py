"""How many requests a client may make in a minute, over all servers that share a database."""

from __future__ import annotations

import math

from serve.errors import ServerBusy
from serve.state.database import StateDatabase

RATES_TABLE = "CREATE TABLE IF NOT EXISTS serve_rates(client TEXT PRIMARY KEY, due DOUBLE PRECISION NOT NULL)"
# Takes between which clients that may ask as often as they like are forgotten.
_TAKES_BETWEEN = 1000


class RateLimiter:
    """Limits requests per minute of each client by the generic cell rate algorithm (ITU-T I.371), a token bucket.

    A client has one number, the time at which its requests so far would be spread out evenly; it may run ahead of the
    clock by a minute. One statement reads and moves it, so no two servers let the same request through twice.

    Args:
        per_minute: 0 for no limit.
        database: Holds the table of `RATES_TABLE`.
    """

    def __init__(self, per_minute: int, database: StateDatabase) -> None:
        self._per_minute = per_minute
        self._database = database
        self._takes = 0

    def take(self, client: str) -> None:
        """Count a request.

        Raises:
            ServerBusy: The client has used up its requests.
            BackendError: The database does not answer.
        """
        if not self._per_minute:
            return
        now, spacing_s = self._database.now(), 60 / self._per_minute
        self._forget_idle(now)
        latest = now + 60 - spacing_s
        # A thousandth of the spacing allows for what sums of many spacings round off.
        let_through = self._database.run(
            "INSERT INTO serve_rates(client, due) VALUES(?, ?) ON CONFLICT(client) DO UPDATE "
            "SET due=CASE WHEN serve_rates.due>? THEN serve_rates.due+? ELSE excluded.due END "
            "WHERE serve_rates.due<=? RETURNING due",
            (client, now + spacing_s, now, spacing_s, latest + spacing_s / 1000),
        )
        if not let_through:
            rows = self._database.run("SELECT due FROM serve_rates WHERE client=?", (client,))
            ahead_s = rows[0]["due"] - latest if rows else 0.0
            # A clock that was set back would keep a client out for as long.
            if ahead_s > 60:
                self._database.run("DELETE FROM serve_rates WHERE client=?", (client,))
            raise ServerBusy("too many requests", retry_after_s=min(60, max(1, math.ceil(ahead_s))))

    def _forget_idle(self, now: float) -> None:
        if self._takes % _TAKES_BETWEEN == 0:
            self._database.run("DELETE FROM serve_rates WHERE due<?", (now,))
        self._takes += 1
