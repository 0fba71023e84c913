"""Bearer keys: random, shown once, stored as SHA-256 in `KB_HOME/serve/keys.json`.

A key has 256 random bits, so a plain hash of it cannot be searched.
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
    """A stored key.

    Attributes:
        name: Owner or purpose.
        sha256: Hex digest of the key.
        created_at: UTC, ISO 8601.
    """

    name: str
    sha256: str
    created_at: str


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class KeyStore:
    """The keys of a home. A changed file is read again, so a removed key is refused at once.

    Args:
        home: Where state lives.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.root / "serve" / "keys.json"
        self._seen: tuple[int, int] | None = None
        self._keys: tuple[ApiKey, ...] = ()

    def listed(self) -> Sequence[ApiKey]:
        """Return the keys, oldest first.

        Raises:
            DataError: The file is damaged.
        """
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return ()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._seen:
            try:
                self._keys = tuple(ApiKey(**row) for row in json.loads(self._path.read_bytes())["keys"])
            except (ValueError, TypeError, KeyError) as error:
                raise DataError(f"damaged key file: {error}", path=self._path, hint=f"rm '{self._path}'") from error
            self._seen = stamp
        return self._keys

    def add(self, name: str) -> str:
        """Make a key and return it; it is not stored and cannot be shown again.

        Raises:
            ConfigError: The name is taken or not valid.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"invalid name for a key: {name!r}; use letters, digits, '.', '_', '@' and '-'", hint=_HINT
            )
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._locked():
            if any(key.name == name for key in self.listed()):
                raise ConfigError(f"a key named {name!r} exists", hint=f"kb serve keys rm {name}")
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._write([*self.listed(), ApiKey(name=name, sha256=_digest(secret), created_at=now)])
        return secret

    def remove(self, name: str) -> None:
        """Remove a key; requests with it are refused at once.

        Raises:
            ConfigError: Unknown name.
        """
        with self._locked():
            remaining = [key for key in self.listed() if key.name != name]
            if len(remaining) == len(self.listed()):
                raise ConfigError(f"unknown key {name!r}", hint="kb serve keys list")
            self._write(remaining)

    def owner(self, secret: str) -> str | None:
        """Return the name of a key, or None for an unknown one; every unknown key takes the same time."""
        digest = _digest(secret)
        names = [key.name for key in self.listed() if hmac.compare_digest(key.sha256, digest)]
        return names[0] if names else None

    def _locked(self) -> FileLock:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(f"{self._path}.lock")

    def _write(self, keys: Sequence[ApiKey]) -> None:
        # Created by mkstemp: only the owner can read it.
        with atomic_write(self._path) as handle:
            handle.write(json.dumps({"keys": [asdict(key) for key in keys]}, indent=1).encode())


_HINT = "kb serve keys add alice"
