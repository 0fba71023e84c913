"""Retries calls to a model server that is unreachable for a while: exponential backoff, jitter, a deadline.

A server that dies and comes back costs time and nothing else; one that was never there is said to be so at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random

from core.errors import BackendError

T = TypeVar("T")

# HTTP: too many requests, bad gateway, unavailable, gateway timeout. Each says: come again.
BUSY = frozenset({429, 502, 503, 504})
_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0
_JITTER_S = 0.2
# A server that answers between two failures has not settled: with several nodes, or just back, it fails again.
_SETTLED_S = 15.0

_log = logging.getLogger(__name__)


class Unreachable(BackendError):
    """Nothing listens at the address: the call has not begun."""


class Interrupted(BackendError):
    """The server broke off, or asked to be called again later (`BUSY`)."""


class Patience:
    """Repeats calls to one server while it is away; safe to share between threads.

    What broke off is tried again. A connection that is refused is tried again only where the server has answered
    before: a wrong address or a server that nobody started shall not cost a minute. Anything else (a timeout of a
    server that is there, a missing model, a bad request) is raised at once.

    Args:
        deadline_s: Longest time between the first failure of a call and the beginning of its last attempt; 0 tries
            once.
    """

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._answered = False
        self._lock = threading.Lock()
        self._away = False
        self._failed_at = -_SETTLED_S  # the last failure of any call

    def __call__(self, call: Callable[[], T], failed_at: list[float] | None = None) -> T:
        """Return what `call` returns, as soon as it does.

        Args:
            call: Safe to repeat.
            failed_at: Times of earlier failures that belong to the same trouble; those of this call are added, and the
                deadline counts from the first of all.

        Raises:
            KbError: What the last attempt raised.
        """
        failed_at = [] if failed_at is None else failed_at
        is_news = False

        def too_late(state: RetryCallState) -> bool:
            now = state.outcome_timestamp or 0.0
            failed_at.append(now)
            nonlocal is_news
            is_news = self._begins_outage(now)
            return now + state.upcoming_sleep - failed_at[0] > self._deadline_s

        def tell(state: RetryCallState) -> None:
            if is_news and state.outcome is not None:
                _log.warning("%s; trying again for up to %.0f s", state.outcome.exception(), self._deadline_s)

        retrying = Retrying(
            retry=retry_if_exception(self._passes),
            wait=wait_exponential(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S) + wait_random(0, _JITTER_S),
            stop=too_late,
            before_sleep=tell,
            reraise=True,
        )

        def attempt() -> T:
            begun = time.monotonic()
            result = call()
            self._ends_outage(begun)
            return result

        return retrying(attempt)

    def _begins_outage(self, now: float) -> bool:
        """Note a failure; whether it is the first of an outage, of all calls in all threads."""
        with self._lock:
            first = not self._away and now - self._failed_at >= _SETTLED_S
            self._away, self._failed_at = True, now
            return first

    def _ends_outage(self, begun: float) -> None:
        """Note an answer to a call that began at this time: an outage is over if nothing has failed since."""
        with self._lock:
            self._answered = True
            self._away = self._away and begun < self._failed_at

    def _passes(self, error: BaseException) -> bool:
        """Tell whether an error may pass with time."""
        if isinstance(error, Interrupted):
            self._answered = True
        return isinstance(error, Interrupted) or (isinstance(error, Unreachable) and self._answered)
