"""A Slack export, folder or zip, as conversations: threads, and talks in a channel outside threads.

User names come from `users.json`. Notices and messages of bots are left out. One channel is in memory at a time.
"""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import DataError
from synth.importing.chats.chat_log import LogMessage, conversation, talks
from synth.importing.drafts import Draft, Unusable

_LINK = re.compile(r"<(?P<what>[@#!]?)(?P<target>[^|>]*)(?:\|(?P<label>[^>]*))?>")
Outcome = Draft | Unusable


def is_slack_message(value: Any) -> bool:
    """Whether a record is a message as Slack exports it."""
    return isinstance(value, dict) and value.get("type") == "message" and "ts" in value and "text" in value


def slack_export(path: Path, answers_by: str = "") -> Iterator[tuple[int, Outcome]]:
    """Yield (running number of the message, row or fault), channel by channel.

    Args:
        path: An export, folder or zip; a channel's folder; or a day of a channel.
        answers_by: Name of the answering person.

    Raises:
        DataError: The archive or its `users.json` cannot be read.
    """
    day = path.name if path.is_file() and not zipfile.is_zipfile(path) else ""
    root = path.parent if day else path
    names = _user_names(root)
    counted = 0
    for channel, days in ({root.name: [day]} if day else _channels(root)).items():
        raw: list[Any] = []
        for day in days:
            listed = _json(root, day)
            if isinstance(listed, list):
                raw += listed
            else:
                yield counted + len(raw), Unusable(f"{day} is not a list of messages")
        yield from slack_messages(raw, names, channel, answers_by, counted=counted)
        counted += len(raw)


def slack_messages(
    raw_messages: Sequence[Any], names: Mapping[str, str], channel: str, answers_by: str = "", *, counted: int = 0
) -> Iterator[tuple[int, Outcome]]:
    """Yield (running number of the message, row or fault) of one channel, in any order: threads, then talks.

    Args:
        raw_messages: As Slack writes them.
        names: Of users, by id.
        channel: Its name.
        answers_by: Name of the answering person.
        counted: Messages before it.
    """
    channel_messages: list[LogMessage] = []
    threads: dict[str, list[LogMessage]] = {}
    for raw in raw_messages:
        counted += 1
        try:
            message = _message(raw, names, counted)
        except Unusable as fault:
            yield counted, fault
            continue
        if message:
            thread = str(raw.get("thread_ts") or "")
            (threads.setdefault(thread, []) if thread else channel_messages).append(message)
    for thread, replies in threads.items():
        yield from conversation(
            sorted(replies, key=_when), answers_by=answers_by, document=f"thread:{channel}:{thread}"
        )
    for talk in talks(sorted(channel_messages, key=_when)):
        yield from conversation(talk, answers_by=answers_by, document=f"talk:{channel}:{talk[0].time_s}")


def _when(message: LogMessage) -> float:
    return message.time_s or 0.0


def _message(raw: Any, names: Mapping[str, str], number: int) -> LogMessage | None:
    """Return a message that a person wrote; None for notices, bots and empty ones.

    Raises:
        Unusable: Its time is invalid.
    """
    if not isinstance(raw, dict) or raw.get("type", "message") != "message" or raw.get("bot_id"):
        return None
    if raw.get("subtype") not in (None, "thread_broadcast", "me_message", "file_share") or not raw.get("text"):
        return None
    user = str(raw.get("user", ""))
    try:
        time_s = float(raw.get("ts", 0))
    except (TypeError, ValueError):
        raise Unusable(f"invalid time {raw['ts']!r}") from None
    return LogMessage(line=number, name=names.get(user, user), text=_plain(str(raw["text"]), names), time_s=time_s)


def _plain(text: str, names: Mapping[str, str]) -> str:
    """Return a message as displayed: names for ids, labels for links, characters for entities."""

    def shown(match: re.Match[str]) -> str:
        what, target, label = match["what"], match["target"], match["label"]
        if what == "@":
            return f"@{label or names.get(target, target)}"
        if what == "#":
            return f"#{label or target}"
        return f"@{target}" if what == "!" else label or target

    return html.unescape(_LINK.sub(shown, text)).strip()


def _user_names(path: Path) -> dict[str, str]:
    # Of a channel alone they stand beside it, where the export was unpacked whole.
    folder = path if "users.json" in _names(path) else path.parent if path.is_dir() else None
    has_users = folder == path or (folder is not None and (folder / "users.json").is_file())
    users = _json(folder, "users.json") if folder is not None and has_users else []
    user_names = {}
    for user in users if isinstance(users, list) else []:
        if not isinstance(user, dict):
            continue
        profile = user.get("profile") or {}
        shown = [profile.get("display_name"), user.get("real_name"), profile.get("real_name"), user.get("name")]
        user_names[str(user.get("id"))] = next((name for name in shown if name), str(user.get("id")))
    return user_names


def _names(path: Path) -> list[str]:
    """Return the JSON files of an export by path from its root."""
    if path.is_dir():
        return sorted(str(file.relative_to(path)) for file in path.rglob("*.json"))
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".json") and not name.startswith("__MACOSX")]
        return sorted(name.removeprefix(_root(archive)) for name in names)


def _root(archive: zipfile.ZipFile) -> str:
    """The folder of its own in which a zip may hold the export."""
    return next((name[: -len("users.json")] for name in archive.namelist() if Path(name).name == "users.json"), "")


def _channels(path: Path) -> dict[str, list[str]]:
    """Return channel to its days, in order; a folder that is no whole export is one channel."""
    days: dict[str, list[str]] = {}
    names = _names(path)
    alone = "" if {"users.json", "channels.json"} & set(names) else path.name
    for name in names:
        channel = str(Path(name).parent)
        if channel != "." or alone:
            days.setdefault(alone if channel == "." else channel, []).append(name)
    return days


def _json(path: Path, name: str) -> Any:
    try:
        if path.is_dir():
            return json.loads((path / name).read_bytes())
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(_root(archive) + name))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{name} cannot be read: {error}", path=path, hint="export the workspace again") from error
