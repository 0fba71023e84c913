"""Asks every arm every question and keeps every output, so that an interrupted comparison resumes where it stopped.

`outputs.jsonl` is only appended to, one whole line per output; a line that a crash cut short is removed. The key of an
output covers everything it depends on: with another model, setting, document or question it is asked again.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.errors import ConfigError, DataError
from core.shell import quoted
from core.types import Citation
from finetune.compare.arms import AnswersAhead, Arm, ArmReply
from finetune.compare.questions import GoldQuestion

OUTPUTS = "outputs.jsonl"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What an arm said to a question.

    Attributes:
        key: Digest of everything the reply depends on.
        arm: Name of the arm.
        question: Id of the question.
        reply: What it said.
        memory_bytes: Memory of this process just after, 0 where the system does not say or another machine answered.
        cold: Whether it is the first answer after the arm was opened, which pays for loading.
    """

    key: str
    arm: str
    question: str
    reply: ArmReply
    memory_bytes: int = 0
    cold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareProgress:
    """How far a run is: `done` of `total` outputs are there, `arm` is being asked."""

    arm: str
    done: int
    total: int


Replies = Mapping[tuple[str, str], Output]


def ask_all(
    arms: Sequence[Arm],
    questions: Sequence[GoldQuestion],
    folder: Path,
    on_progress: Callable[[CompareProgress], None] = lambda _: None,
) -> Replies:
    """Ask what is not in the folder yet and return all outputs by (arm, question id).

    Each arm is opened once; its first answer is marked cold, since it pays for loading.

    Raises:
        ConfigError: Another process compares in this folder.
        KbError: A model or a search failed; the same call goes on where it was.
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        kept = {output.key: output for output in read_outputs(folder / OUTPUTS)}
        requests = [
            (arm, question, _key(arm, question)) for arm in arms for question in questions if arm.asks(question)
        ]
        done = sum(key in kept for _, _, key in requests)
        for arm in arms:
            missing = [
                (question, key) for request_arm, question, key in requests if request_arm is arm and key not in kept
            ]
            if not missing:
                continue
            on_progress(CompareProgress(arm=arm.name, done=done, total=len(requests)))
            for output in _answered(arm, missing, folder / OUTPUTS):
                kept[output.key] = output
                done += 1
                on_progress(CompareProgress(arm=arm.name, done=done, total=len(requests)))
    return {(arm.name, question.id): kept[key] for arm, question, key in requests}


def _answered(arm: Arm, missing: Sequence[tuple[GoldQuestion, str]], path: Path) -> Iterator[Output]:
    with arm.open() as answerer, path.open("ab") as handle:
        here = True
        if isinstance(answerer, AnswersAhead):
            answerer.ahead([question for question, _ in missing])
            here = False
        for index, (question, key) in enumerate(missing):
            reply = answerer.answer(question)
            output = Output(
                key=key,
                arm=arm.name,
                question=question.id,
                reply=reply,
                memory_bytes=resident_bytes() if here else 0,
                cold=index == 0,
            )
            handle.write(json.dumps(output_to_json(output), ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
            yield output


def read_outputs(path: Path) -> list[Output]:
    """Read what was kept; a last line that a crash cut short is removed from the file.

    Raises:
        DataError: A whole line is no output.
    """
    if not path.is_file():
        return []
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if len(whole) < len(raw):
        with path.open("r+b") as handle:
            handle.truncate(len(whole))
    outputs = []
    for line, text in enumerate(whole.splitlines(), start=1):
        try:
            outputs.append(output_from_json(json.loads(text)))
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(
                f"cannot be read as an output: {error}", path=path, line=line, hint=f"sed -i {line}d {quoted(path)}"
            ) from error
    return outputs


def output_to_json(output: Output) -> dict[str, Any]:
    """Return a line of `outputs.jsonl`."""
    reply = {field.name: getattr(output.reply, field.name) for field in fields(ArmReply)}
    reply["citations"] = [
        {field.name: getattr(citation, field.name) for field in fields(Citation)} for citation in output.reply.citations
    ]
    return {
        "key": output.key,
        "arm": output.arm,
        "question": output.question,
        "memory_bytes": output.memory_bytes,
        "cold": output.cold,
        "reply": reply,
    }


def output_from_json(record: Mapping[str, Any]) -> Output:
    """Read a line of `outputs.jsonl`.

    Raises:
        TypeError: A field is unknown or missing.
        KeyError: A field is missing.
    """
    reply = dict(record["reply"])
    reply["citations"] = tuple(Citation(**citation) for citation in reply["citations"])
    return Output(**{**record, "reply": ArmReply(**reply)})


def resident_bytes() -> int:
    """Return the memory this process holds now, 0 where the system does not say (no /proc)."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE if statm.is_file() else 0


def _key(arm: Arm, question: GoldQuestion) -> str:
    parts = [arm.fingerprint, question.text, *question.passages]
    if arm.experiment:  # what it is shown follows from where the answer stands
        parts += [f"{place.doc}:{place.page}" for place in question.places] + [question.answer or ""]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise ConfigError(
            f"another comparison is running in {folder}",
            hint="kb compare --out OTHER_FOLDER",
            click="wait until it is done",
        ) from error
    try:
        yield
    finally:
        lock.release()
