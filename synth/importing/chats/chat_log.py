"""Chat transcripts as conversations: WhatsApp exports and lines of `Name: text`, with or without times.

The first speaker of a talk asks and the others answer, unless the answering speaker is named. A silence of hours or a
new day begins a new talk.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from synth.importing.chats.conversations import EARLY, LATE
from synth.importing.drafts import Draft, Unusable

# Longest silence inside one talk.
_SILENCE_S = 4 * 3600.0
# Longest talk in one row; a longer one is cut, or no model could read it whole.
_MAX_TURNS = 8
_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[\s\u202f]?[AaPp]\.?[Mm]\.?)?"
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?[\s\u202f]*([AaPp])?")
_WHEN = rf"(?:{_DATE}(?:,?[\sT\u202f]+{_TIME})?|{_TIME})"
_NAME = r"(?P<name>[^\W\d_](?:[\w .'’&+()-]{0,38}[\w.)])?|\+[\d \u00a0()-]{6,20}|@[\w.-]{2,30})"
_LINE = re.compile(rf"^[\u200e\u200f]*(?:\[?(?P<when>{_WHEN})\]?\s*[-–]?\s*)?[\u200e\u200f]*{_NAME}:\s(?P<text>.*)$")
# A line with a time and no speaker: somebody joined, a subject changed.
_NOTICE = re.compile(rf"^[\u200e\u200f]*\[?{_DATE},?[\s\u202f]+{_TIME}\]?\s*[-–]?\s")
_OMITTED = re.compile(
    r"^[\u200e\u200f]*<?(?:media|image|video|audio|sticker|gif|document|contact card)\s+omitted>?$", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMessage:
    """One message.

    Attributes:
        line: 1-based line, or number in the source.
        name: The speaker.
        text: The text, empty for a picture.
        time_s: Time in seconds from any fixed origin, None where no time is given.
        day: The date as written, empty where `time_s` includes the day.
    """

    line: int
    name: str
    text: str
    time_s: float | None = None
    day: str = ""


def looks_like_chat(lines: Sequence[str]) -> bool:
    """Whether lines are mostly messages of two speakers at least, who take turns."""
    matches = [match for line in lines if line.strip() and (match := _LINE.match(line))]
    names = Counter(match["name"] for match in matches)
    timed = sum(bool(match["when"]) for match in matches)
    filled = sum(bool(line.strip()) for line in lines)
    if len(matches) < 4 or not 2 <= len(names) <= max(2, len(matches) // 2):
        return False
    return timed >= 0.5 * len(matches) or len(matches) >= 0.6 * filled


def messages(lines: Iterable[tuple[int, str]]) -> Iterator[LogMessage]:
    """Yield the messages of a transcript; a line without a speaker goes on with the message before it."""
    current: LogMessage | None = None
    for number, raw in lines:
        line = raw.rstrip("\r\n")
        if match := _LINE.match(line):
            if current:
                yield current
            text = "" if _OMITTED.match(match["text"].strip()) else match["text"].strip()
            day, time_s = _clock(match["when"] or "")
            current = LogMessage(line=number, name=match["name"].strip(), text=text, time_s=time_s, day=day)
        elif _NOTICE.match(line):
            if current:
                yield current
            current = None
        elif current and line.strip():
            current = replace(current, text=f"{current.text}\n{line.strip()}".strip())
    if current:
        yield current


def _clock(when: str) -> tuple[str, float | None]:
    """Return (day as written, seconds since midnight; None where no time is given).

    The day is only compared, because 3/4 and 4/3 cannot be told apart.
    """
    day = re.match(_DATE, when)
    clock = re.search(
        r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?[\s\u202f]*([ap])?[^:.\d]*$", when[day.end() :] if day else when, re.I
    )
    if not clock:
        return (day[0] if day else ""), None
    hour = int(clock[1])
    if clock[4]:
        hour = hour % 12 + (12 if clock[4] in "pP" else 0)
    return (day[0] if day else ""), hour * 3600.0 + int(clock[2]) * 60 + int(clock[3] or 0)


def talks(messages_in_order: Iterable[LogMessage]) -> Iterator[list[LogMessage]]:
    """Split a stream of messages where the day changes or after hours of silence."""
    talk: list[LogMessage] = []
    for message in messages_in_order:
        if talk and _apart(talk[-1], message):
            yield talk
            talk = []
        talk.append(message)
    if talk:
        yield talk


def _apart(before: LogMessage, after: LogMessage) -> bool:
    if before.day != after.day:
        return True
    return before.time_s is not None and after.time_s is not None and after.time_s - before.time_s > _SILENCE_S


def conversation(
    talk: Sequence[LogMessage], *, answers_by: str = "", document: str = ""
) -> Iterator[tuple[int, Draft | Unusable]]:
    """Yield (line, row) of one talk: at most `_MAX_TURNS` exchanges a row; a talk without an answer is a fault.

    Args:
        talk: Messages in order.
        answers_by: Name of the answering speaker; by default everyone but the first speaker.
        document: Name that all rows of the talk share as their document.
    """
    spoken = [message for message in talk if message.text]
    if not spoken:
        return
    asker = spoken[0].name
    sides: list[tuple[bool, int, list[str]]] = []
    left_out: Counter[str] = Counter()
    several = len({m.name for m in spoken if m.name != answers_by}) > 1 and bool(answers_by)
    for message in spoken:
        answers = message.name == answers_by if answers_by else message.name != asker
        text = f"{message.name}: {message.text}" if several and not answers else message.text
        if sides and sides[-1][0] == answers:
            sides[-1][2].append(text)
        elif sides or not answers:
            sides.append((answers, message.line, [text]))
        else:
            left_out[EARLY] += 1
    if len(sides) < 2:
        yield spoken[0].line, Unusable("a talk without a question and an answer")
        return
    if len(sides) % 2:
        left_out[LATE] += len(sides[-1][2])
    pairs = [(sides[i][1], "\n".join(sides[i][2]), "\n".join(sides[i + 1][2])) for i in range(0, len(sides) - 1, 2)]
    for start in range(0, len(pairs), _MAX_TURNS):
        *earlier, last = pairs[start : start + _MAX_TURNS]
        yield (
            pairs[start][0],
            Draft(
                question=last[1],
                answer=last[2],
                turns=tuple((question, answer) for _, question, answer in earlier),
                kind="conversation",
                documents=(document,) if document else (),
                # Counted with the first row of the talk.
                left_out=() if start else tuple(left_out.items()),
            ),
        )


def chat_log(
    lines: Iterable[tuple[int, str]], name: str, answers_by: str = ""
) -> Iterator[tuple[int, Draft | Unusable]]:
    """Yield (line, row or fault) of a transcript; the rows of one talk stay together."""
    for talk in talks(messages(lines)):
        yield from conversation(talk, answers_by=answers_by, document=f"talk:{name}:{talk[0].line}")
