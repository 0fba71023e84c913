"""Which generator makes a dataset's rows, and what a person should know about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.chat.remote.address import is_loopback
from core.files import Home
from core.language.names import language_name
from core.models import largest_model, resolve
from core.settings import Settings
from core.types import Document
from core.weights.shelf import MANIFEST, folder_of
from core.weights.shipped import question_writer_adapter
from kb.workspace import Workspace
from synth.facts.read import RULES as READ_BY_RULES
from synth.generate.spread import idle_note

# `auto` takes a chat model from so many parameters: smaller ones write worse questions.
_FEWEST_PARAMETERS = 3_000_000_000
# Spellings of the generators that are no chat models; `builtin` is the older name of the rules.
_AUTO, WRITER, RULES = "auto", "writer", ("rules", "builtin")
# Fewer facts than these are worth a note.
_FEW_FACTS = 10
_UNSURE = (
    "the question writer is a small model: of the facts that were read by hand one in six was wrong; look through the "
    "rows before you train on them: kb synth review DIR"
)


def chosen_generator(settings: Settings) -> str:
    """Return what generates: `rules`, `writer`, or the spelling of a chat model.

    `auto` takes a model of three billion parameters or more from an Ollama on this machine, else the rules. The
    question writer, behind the rules, has to be named: of what it writes more is wrong (ADR 21).

    Raises:
        ConfigError: No such spelling.
    """
    name = settings.synth.generator
    if name in RULES:
        return RULES[0]
    if name == WRITER:
        return name
    if name != _AUTO:
        spec = str(resolve(name, settings))
        return RULES[0] if spec == "extractive" else spec
    url = settings.rag.ollama_url
    model = largest_model(url) if is_loopback(url) else None
    if model is not None and model.parameters >= _FEWEST_PARAMETERS:
        return f"ollama:{model.name}"
    return RULES[0]


def generator_notes(documents: Sequence[Document], settings: Settings, generator: str) -> Iterator[str]:
    """Yield what a person should know before rows of some documents are made by a generator."""
    if note := _unread_documents(documents, generator):
        yield note
    if note := idle_note(settings, generator):
        yield note
    if generator == WRITER:
        yield _UNSURE


def _unread_documents(documents: Sequence[Document], generator: str) -> str:
    """Return which documents give no rows because of their language, `""` where a chat model makes the rows."""
    if generator not in (*RULES, WRITER):
        return ""
    counts = Counter(language_name(document.languages[0]) for document in documents if _is_foreign(document))
    if not counts:
        return ""
    named = ", ".join(f"{count} in {name}" for name, count in counts.most_common())
    return (
        f"of {len(documents)} documents {named}: the built-in writer makes rows of English text alone; for the others: "
        "kb synth --generator MODEL"
    )


def _is_foreign(document: Document) -> bool:
    return bool(document.languages) and document.languages[0] not in READ_BY_RULES


def few_facts(manifest: Mapping[str, Any], workspace: Workspace, rows: int | None = None) -> str:
    """Say where a collection yielded next to nothing, and what may yield more; `""` where it yielded enough.

    Args:
        manifest: Of the dataset.
        workspace: What it was made in.
        rows: How many rows were to be made; where there are as many, no more facts were looked for.
    """
    fact_count = int(manifest["counts"]["facts_asked"])
    if fact_count >= _FEW_FACTS or (rows and int(manifest["counts"]["pairs"]) >= rows):
        return ""
    rules = chosen_generator(workspace.settings) == RULES[0]
    further = "writer, or ollama:MODEL" if rules and _writer_is_here(workspace.home) else "ollama:MODEL"
    facts = "1 fact" if fact_count == 1 else f"{fact_count} facts"
    return f"only {facts} could be asked about; another generator may find more: --generator {further}"


def _writer_is_here(home: Home) -> bool:
    return question_writer_adapter().is_file() and all(
        (folder_of(name, home) / MANIFEST).is_file() for name in ("smollm2", "minilm")
    )
