"""Conversations of people with keys: one JSON file each, in a folder that belongs to the key."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from core.files import Home, atomic_write
from serve.errors import RequestRefused

_ID = re.compile(r"[0-9a-f]{8,32}")
_MOST = 500


class ConversationFiles:
    """The conversations of a home; any thread may call.

    Args:
        home: Where state lies.
    """

    def __init__(self, home: Home) -> None:
        self._root = home.root / "serve" / "conversations"

    def listed(self, owner: str) -> list[dict[str, Any]]:
        """Return a person's conversations, in no order; files that cannot be read are left out."""
        conversations = []
        for path in self._folder(owner).glob("*.json"):
            try:
                conversations.append(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError):
                continue
        return conversations

    def put(self, owner: str, id_: str, conversation: Any) -> None:
        """Store a conversation, in place of an earlier state of it; the oldest are removed beyond the limit.

        Raises:
            RequestRefused: It is no conversation, or has another id.
        """
        if not isinstance(conversation, dict) or conversation.get("id") != id_ or "turns" not in conversation:
            raise RequestRefused("not a conversation", status=400, code="invalid_request")
        path = self._path(owner, id_)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as handle:
            handle.write(json.dumps(conversation, ensure_ascii=False).encode())
        stored = sorted(path.parent.glob("*.json"), key=lambda each: each.stat().st_mtime)
        for old in stored[: max(0, len(stored) - _MOST)]:
            old.unlink(missing_ok=True)

    def remove(self, owner: str, id_: str) -> None:
        """Remove a conversation, if it is there."""
        self._path(owner, id_).unlink(missing_ok=True)

    def _path(self, owner: str, id_: str) -> Path:
        if not _ID.fullmatch(id_):
            raise RequestRefused("not the id of a conversation", status=400, code="invalid_request")
        return self._folder(owner) / f"{id_}.json"

    def _folder(self, owner: str) -> Path:
        return self._root / hashlib.sha256(owner.encode()).hexdigest()[:32]
