"""Bearer keys: made at random, shown once, kept as hashes in `KB_HOME/serve/keys.json`.

A key holds 256 random bits, so a plain SHA-256 of it cannot be searched; names say whose it is. Refuses to know what
a key opens.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from filelock import FileLock

from core.errors import ConfigError, DataError
from core.files import Home, atomic_write

PREFIX = "kb-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept.

    Attributes:
        name: Whose, or what for.
        sha256: Hex digest of the key.
        created_at: UTC, ISO 8601.
    """

    name: str
    sha256: str
    created_at: str


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class KeyStore:
    """The keys of a home; every question reads the file where it has changed, so a removed key is out at once.

    Args:
        home: Where state lives.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.root / "serve" / "keys.json"
        self._seen: tuple[int, int] | None = None
        self._held: tuple[ApiKey, ...] = ()

    def listed(self) -> Sequence[ApiKey]:
        """Return the keys, oldest first.

        Raises:
            DataError: The file is damaged.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return ()
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._seen:
            try:
                self._held = tuple(ApiKey(**row) for row in json.loads(self._path.read_bytes())["keys"])
            except (ValueError, TypeError, KeyError) as error:
                raise DataError(f"is damaged: {error}", path=self._path, hint=f"rm '{self._path}'") from error
            self._seen = stamp
        return self._held

    def add(self, name: str) -> str:
        """Make a key and return it; it is shown this once.

        Raises:
            ConfigError: The name is taken or cannot be one.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} is no name for a key: letters, digits, '.', '_', '@', '-'", hint=_HINT)
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._locked():
            if any(key.name == name for key in self.listed()):
                raise ConfigError(f"there is a key {name!r} already", hint=f"kb serve keys rm {name}")
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._write([*self.listed(), ApiKey(name=name, sha256=_digest(secret), created_at=now)])
        return secret

    def remove(self, name: str) -> None:
        """Forget a key; whoever holds it is locked out at once.

        Raises:
            ConfigError: There is none of that name.
        """
        with self._locked():
            left = [key for key in self.listed() if key.name != name]
            if len(left) == len(self.listed()):
                raise ConfigError(f"there is no key {name!r}", hint="kb serve keys list")
            self._write(left)

    def owner(self, secret: str) -> str | None:
        """Return the name of the key that `secret` is, or None; takes the same time for every wrong one."""
        digest = _digest(secret)
        names = [key.name for key in self.listed() if hmac.compare_digest(key.sha256, digest)]
        return names[0] if names else None

    def _locked(self) -> FileLock:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(f"{self._path}.lock")

    def _write(self, keys: Sequence[ApiKey]) -> None:
        # Made by mkstemp, so only its owner can read it.
        with atomic_write(self._path) as handle:
            handle.write(json.dumps({"keys": [asdict(key) for key in keys]}, indent=1).encode())


_HINT = "kb serve keys add alice"
