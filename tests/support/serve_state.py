"""The tables that servers share, for tests of what stands in them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from core.files import Home
from serve.access.rates import RATES_TABLE
from serve.access.sessions import SESSIONS_TABLE
from serve.state.database import StateDatabase


def access_tables(root: Path, clock: Callable[[], float] = time.time) -> StateDatabase:
    """Open rates and sessions of a home as a server does."""
    return StateDatabase(Home(root), "access", (RATES_TABLE, SESSIONS_TABLE), durable=False, clock=clock)
