"""What a request gives and has no effect: noted while it is handled, named in the header `x-kb-ignored`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import Request

HEADER = "x-kb-ignored"
_MOST_NAMES, _MOST_CHARS = 50, 80


def note_ignored(http: Request, names: Iterable[str]) -> None:
    """Add names to those that the response's header will have."""
    http.state.ignored = [*getattr(http.state, "ignored", ()), *names]


def note_unknown_parameters(http: Request) -> None:
    """Note the parameters of a request's query that its route does not take."""
    route: Any = http.scope["route"]
    known = {parameter.alias for parameter in route.dependant.query_params}
    note_ignored(http, (name for name in http.query_params if name not in known))


def header_value(state: Mapping[str, Any]) -> str:
    """Return the header's value for the state of a request; empty where nothing was noted.

    Names come from the client: what a header cannot hold is percent-encoded, long ones and the last of many are cut.
    """
    names = [name for name in dict.fromkeys(state.get("ignored", ())) if name]
    shown = [quote(name[:_MOST_CHARS].encode("utf-8", "replace"), safe="._-[]:@/$") for name in names[:_MOST_NAMES]]
    return ", ".join([*shown, *([f"and {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else [])])
