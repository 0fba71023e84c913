"""The base as it is before training, asked for rows: what it wrote is kept, so that a killed run asks the rest only."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from finetune.data.template import Message
from finetune.training.base import Base
from finetune.training.policy import Asker

# Prompts answered between two writes to the file.
_BATCH_ROWS = 16

OnAnswer = Callable[[int, int], None]


def _unreported(_done: int, _total: int) -> None:
    """Do nothing."""


class KeptAnswers:
    """Texts by key in a file that is only appended to; a line that a crash cut short is removed.

    Args:
        path: The file; made when first written to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._texts: dict[str, str | None] = {}
        if path.is_file():
            with FileLock(f"{path}.lock"):
                self._read()

    def _read(self) -> None:
        raw = self._path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            with self._path.open("r+b") as handle:
                handle.truncate(len(whole))
        for line in whole.splitlines():
            record = json.loads(line)
            self._texts[record["key"]] = record["text"]

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __getitem__(self, key: str) -> str | None:
        """Return a text; None where the base wrote nothing that can be used."""
        return self._texts[key]

    def add(self, texts: Mapping[str, str | None]) -> None:
        """Append texts and wait until they are on disk."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps({"key": key, "text": text}) + "\n" for key, text in texts.items())
        with FileLock(f"{self._path}.lock"), self._path.open("ab") as handle:
            handle.write(lines.encode())
            handle.flush()
            os.fsync(handle.fileno())
        self._texts |= texts


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseModel:
    """A loaded base with what it has written so far.

    Attributes:
        asker: Asks it.
        kept: Its answers.
        on_answer: Called with the number of answers that are there, and of all.
    """

    asker: Asker
    kept: KeptAnswers
    on_answer: OnAnswer = _unreported

    def answers(self, prompts: Sequence[Sequence[Message]]) -> list[str | None]:
        """Return one greedy answer per prompt; None where it was cut at the asker's most tokens or is empty."""
        texts = [self.asker.chat.render(prompt, generation=True) for prompt in prompts]
        keys = [digest("answer", str(self.asker.max_tokens), text) for text in texts]

        def ask(chosen: Sequence[int]) -> list[str | None]:
            replies = self.asker.replies([prompts[i] for i in chosen])
            return [reply.text if reply.ended and reply.text else None for reply in replies]

        return self.written(keys, ask)

    def written(self, keys: Sequence[str], write: Callable[[Sequence[int]], Sequence[str | None]]) -> list[str | None]:
        """Return the texts of all keys; those that are not kept yet are written in batches.

        Args:
            keys: One per text.
            write: Returns the texts for places in `keys`.
        """
        missing = [i for i, key in enumerate(keys) if key not in self.kept]
        for start in range(0, len(missing), _BATCH_ROWS):
            chosen = missing[start : start + _BATCH_ROWS]
            self.on_answer(len(keys) - len(missing) + start, len(keys))
            self.kept.add(dict(zip((keys[i] for i in chosen), write(chosen), strict=True)))
        self.on_answer(len(keys), len(keys))
        return [self.kept[key] for key in keys]


def digest(*parts: str) -> str:
    """Return 32 hex digits over some texts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def base_digest(base: Base, dtype: str) -> str:
    """Return 32 hex digits that change when the base's answers may: its files and the arithmetic."""
    files = sorted(path for path in base.folder.iterdir() if path.suffix in (".safetensors", ".json"))
    stats = [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return digest(str(base.folder), dtype, *stats)
