"""Wordings: how a record of a known task becomes an instruction, and how a row becomes one prompt.

Reads the TOML files beside this module and those a user gives. A placeholder that nothing fills is an error when the
file is read, not when a row is written.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import ConfigError
from core.shell import quoted

_FOLDER = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_ANSWER = ("output", "answer")
_NAMES = {"instruction": 0, "question": 0, "input": 1, "context": 1, "output": 2, "answer": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWording:
    """One wording of a task. `name` is `task/wording`."""

    name: str
    question: str
    answer: str
    context: str = ""


@cache
def _tasks() -> Mapping[str, tuple[TaskWording, ...]]:
    table = tomllib.loads((_FOLDER / "tasks.toml").read_text(encoding="utf-8"))
    return {
        task: tuple(TaskWording(name=f"{task}/{name}", **parts) for name, parts in wordings.items())
        for task, wordings in table.items()
    }


def choose(task: str, *, seed: int, key: str) -> TaskWording:
    """Return the wording of a task for one row: the same for the same seed and key, evenly spread over keys.

    Raises:
        KeyError: No such task.
    """
    wordings = _tasks()[task]
    digest = hashlib.sha256(f"{seed}\n{task}\n{key}".encode()).digest()
    return wordings[int.from_bytes(digest[:8]) % len(wordings)]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with every `{name}` replaced in one pass: braces inside values are kept.

    Raises:
        KeyError: A placeholder has no value.
    """
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTemplate:
    """Turns a row into a prompt.

    Attributes:
        name: File name without its ending.
        prompt_input: For a row with a context.
        prompt_no_input: For a row without.
    """

    name: str
    prompt_input: str
    prompt_no_input: str

    def prompt(self, question: str, context: str) -> str:
        """Return the text before the answer."""
        before, _, _ = self._cut(self._whole(context))
        return fill(before, _values(question, context, ""))

    def answer(self, question: str, context: str, answer: str) -> str:
        """Return the answer with the text that the template puts after it, such as an end mark."""
        _, placeholder, after = self._cut(self._whole(context))
        return answer + fill(after, _values(question, context, answer)) if placeholder else answer

    def text(self, question: str, context: str, answer: str) -> str:
        """Return prompt and answer as one string; a row without a question is its answer."""
        if not question and not context:
            return answer
        whole = self._whole(context)
        if not self._cut(whole)[1]:
            whole += ("" if whole.endswith(("\n", " ")) else "\n\n") + "{answer}"
        return fill(whole, _values(question, context, answer))

    def _whole(self, context: str) -> str:
        return self.prompt_input if context else self.prompt_no_input

    def _cut(self, template: str) -> tuple[str, str, str]:
        """Split a template at the placeholder of the answer: (before, placeholder or "", after)."""
        match = re.search(rf"\{{({'|'.join(_ANSWER)})\}}", template)
        return (template[: match.start()], match[0], template[match.end() :]) if match else (template, "", "")


def _values(question: str, context: str, answer: str) -> dict[str, str]:
    return {name: (question, context, answer)[which] for name, which in _NAMES.items()}


def prompt_template(path: Path | None = None) -> PromptTemplate:
    """Read a prompt template; the default one without a path.

    A TOML file, or JSON in the style of Alpaca-LoRA, of which other keys are ignored.

    Raises:
        ConfigError: The file is absent or broken, a name is missing or unknown, or a placeholder is unknown.
    """
    path = path or _FOLDER / "prompt.toml"
    table = _table(path)
    names = ("prompt_input", "prompt_no_input")
    faults = [f"{name} is missing" for name in names if not isinstance(table.get(name), str)]
    if path.suffix != ".json":
        faults += [f"unknown name {key!r}{_near(key, names)}" for key in table if key not in names]
    for name in names:
        faults += _faults(name, text) if isinstance(text := table.get(name), str) else []
    if faults:
        raise ConfigError(f"{path}: {'; '.join(faults)}", hint=f"names: {', '.join('{' + n + '}' for n in _NAMES)}")
    return PromptTemplate(name=path.stem, **{name: str(table[name]) for name in names})


def _table(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {error}", hint=f"cat {quoted(path)}") from error
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: not a table of keys", hint=f"cat {quoted(path)}")
    return table


def _faults(name: str, template: str) -> list[str]:
    placeholders = _PLACEHOLDER.findall(template)
    faults = [f"{name}: unknown placeholder {{{key}}}{_near(key, _NAMES)}" for key in placeholders if key not in _NAMES]
    if not any(key in ("instruction", "question") for key in placeholders):
        faults.append(f"{name}: has neither {{question}} nor {{instruction}}")
    if name == "prompt_input" and not any(key in ("input", "context") for key in placeholders):
        faults.append(f"{name}: has neither {{context}} nor {{input}}")
    if sum(key in _ANSWER for key in placeholders) > 1:
        faults.append(f"{name}: has the answer twice")
    return faults


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""
