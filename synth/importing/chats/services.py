"""Dumps of chat services as conversations: what Slack's API returns, DiscordChatExporter's and Telegram's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from synth.importing.chats.chat_log import LogMessage, conversation, talks
from synth.importing.chats.slack import is_slack_message, slack_messages
from synth.importing.drafts import Draft, Unusable

Outcome = Draft | Unusable


def service_of(value: Any) -> str:
    """Return the service whose dump a decoded file is; `""` where it is none."""
    if is_slack_message(value):
        return "Slack"
    if not isinstance(value, Mapping):
        return ""
    messages = value.get("messages")
    first = next(iter(messages), None) if isinstance(messages, list) else None
    names = set(first) if isinstance(first, Mapping) else set()
    if is_slack_message(first) and "role" not in names:
        return "Slack"
    if names >= {"author", "content", "timestamp"}:
        return "Discord"
    if names >= {"type", "date", "text"}:
        return "Telegram"
    chats = value.get("chats")
    return "Telegram" if isinstance(chats, Mapping) and isinstance(chats.get("list"), list) else ""


def service_rows(dumps: Iterator[Any], name: str, answers_by: str = "") -> Iterator[tuple[int, Outcome]]:
    """Yield (running number of the message, row or fault).

    Args:
        dumps: The decoded file: one object, or Slack's messages one by one.
        name: Of the file; rows of one talk share it as their document.
        answers_by: Name of the answering person.
    """
    values = list(dumps)
    service = service_of(values[0])
    if service == "Slack":
        raw = [message for value in values for message in (value.get("messages") or [value])]
        yield from slack_messages(raw, _slack_names(raw), name, answers_by)
        return
    read = _discord if service == "Discord" else _telegram
    counted = 0
    for value in values:
        for title, messages in _chats(value):
            numbered = enumerate(messages, start=counted + 1)
            spoken = [message for number, raw in numbered if (message := read(raw, number))]
            counted += len(messages)
            for talk in talks(sorted(spoken, key=lambda message: message.time_s or 0.0)):
                document = f"talk:{title or name}:{talk[0].line}"
                yield from conversation(talk, answers_by=answers_by, document=document)


def _chats(value: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    listed = value["chats"]["list"] if "chats" in value else [value]
    for chat in listed:
        if isinstance(chat, Mapping) and isinstance(chat.get("messages"), list):
            yield str(chat.get("name") or ""), chat["messages"]


def _slack_names(raw: Sequence[Any]) -> dict[str, str]:
    """Return names of users by id, where messages carry profiles."""
    names: dict[str, str] = {}
    for message in raw:
        profile = message.get("user_profile") if isinstance(message, Mapping) else None
        if isinstance(profile, Mapping):
            shown = profile.get("display_name") or profile.get("real_name") or profile.get("name")
            names |= {str(message.get("user")): str(shown)} if shown else {}
    return names


def _discord(raw: Any, number: int) -> LogMessage | None:
    author = raw.get("author") if isinstance(raw, Mapping) else None
    if not isinstance(author, Mapping) or author.get("isBot") or raw.get("type") not in (None, "Default", "Reply"):
        return None
    name = str(author.get("nickname") or author.get("name") or author.get("id"))
    return LogMessage(line=number, name=name, text=str(raw.get("content") or ""), time_s=_seconds(raw["timestamp"]))


def _telegram(raw: Any, number: int) -> LogMessage | None:
    if not isinstance(raw, Mapping) or raw.get("type") != "message":
        return None
    text = raw.get("text") or ""
    parts = text if isinstance(text, list) else [text]
    whole = "".join(str(part.get("text", "")) if isinstance(part, Mapping) else str(part) for part in parts)
    name = str(raw.get("from") or raw.get("from_id") or "")
    return LogMessage(line=number, name=name, text=whole.strip(), time_s=_seconds(raw["date"]))


def _seconds(when: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(when)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
