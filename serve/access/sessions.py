"""Authentication of requests: a key in a header, or the session of a browser that logged in with one at `/login`.

A session is a random token in a cookie; its SHA-256 is stored, so that all servers of a home know it.
"""

from __future__ import annotations

import hashlib
import secrets
from html import escape
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from serve.access.keys import KeyStore
from serve.state.database import StateDatabase

COOKIE = "kb_session"
SESSIONS_TABLE = """
CREATE TABLE IF NOT EXISTS serve_sessions(
  sha256 TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  until DOUBLE PRECISION NOT NULL)
"""
_LASTS_S = 12 * 3600


class SessionStore:
    """Sessions of browsers that are logged in.

    Args:
        keys: The keys of the server.
        database: Holds the table of `SESSIONS_TABLE`.
    """

    def __init__(self, keys: KeyStore, database: StateDatabase) -> None:
        self._keys = keys
        self._database = database

    def begin(self, secret: str) -> str | None:
        """Return the token of a new session for a key, or None for an unknown key."""
        owner = self._keys.owner(secret)
        if owner is None:
            return None
        now, token = self._database.now(), secrets.token_urlsafe(32)
        self._database.run("DELETE FROM serve_sessions WHERE until<=?", (now,))
        self._database.run("INSERT INTO serve_sessions VALUES(?, ?, ?)", (_digest(token), owner, now + _LASTS_S))
        return token

    def end(self, headers: Headers) -> None:
        """End the session of a request."""
        self._database.run("DELETE FROM serve_sessions WHERE sha256=?", (_digest(_cookie(headers)),))

    def owner(self, headers: Headers) -> str | None:
        """Return the name of the key behind a request, or None."""
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret.strip():
            return self._keys.owner(secret.strip())
        token = _cookie(headers)
        if not token:
            return None
        rows = self._database.run("SELECT owner, until FROM serve_sessions WHERE sha256=?", (_digest(token),))
        if not rows or rows[0]["until"] <= self._database.now():
            return None
        name = str(rows[0]["owner"])
        return name if any(key.name == name for key in self._keys.listed()) else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _cookie(headers: Headers) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def login_page(message: str = "") -> str:
    """Return the page that asks for a key; the address within the page, which no server sees, is kept by a script."""
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
<script>document.forms[0].action += location.hash;</script>
<p>Whoever runs this server can make a key for you.</p></main></body></html>"""
