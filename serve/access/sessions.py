"""Authentication of requests: a key in a header, or the session of a browser that logged in with one at `/login`.

Sessions are kept in memory: after a restart a browser logs in again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from html import escape
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from serve.access.keys import KeyStore

COOKIE = "kb_session"
_LASTS_S = 12 * 3600
_MOST = 10_000


class SessionStore:
    """Sessions of browsers that are logged in.

    Args:
        keys: The keys of the server.
        clock: Seconds, monotonic.
    """

    def __init__(self, keys: KeyStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._clock = clock
        self._sessions: dict[str, tuple[str, float]] = {}

    def begin(self, secret: str) -> str | None:
        """Return the token of a new session for a key, or None for an unknown key."""
        owner = self._keys.owner(secret)
        if owner is None:
            return None
        now = self._clock()
        self._sessions = {token: session for token, session in self._sessions.items() if session[1] > now}
        while len(self._sessions) >= _MOST:
            del self._sessions[next(iter(self._sessions))]
        token = secrets.token_urlsafe(32)
        self._sessions[token] = (owner, now + _LASTS_S)
        return token

    def end(self, headers: Headers) -> None:
        """End the session of a request."""
        self._sessions.pop(_cookie(headers), None)

    def owner(self, headers: Headers) -> str | None:
        """Return the name of the key behind a request, or None."""
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret.strip():
            return self._keys.owner(secret.strip())
        name, until = self._sessions.get(_cookie(headers), ("", 0.0))
        known = until > self._clock() and any(key.name == name for key in self._keys.listed())
        return name if known else None


def _cookie(headers: Headers) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def login_page(message: str = "") -> str:
    """Return the page that asks for a key."""
    alert = f'<p role="alert">{escape(message)}</p>' if message else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>kb: log in</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 0; display: grid; place-items: center; min-height: 100vh; }}
main {{ width: min(24rem, 90vw); }}
input, button {{ font: inherit; width: 100%; padding: .6rem; box-sizing: border-box; }}
button {{ margin-top: .8rem; }}
</style></head><body><main><h1>kb</h1>{alert}
<form method="post" action="/login"><label for="key">Key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Log in</button></form>
<p>Whoever runs this server can make a key for you.</p></main></body></html>"""
