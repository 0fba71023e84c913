"""Looks at everything a knowledge base stands on and says what is wrong with it; mends nothing."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kb.errors import KbError
from kb.files import Home
from kb.inference import core, has_bf16, openvino
from kb.settings import Settings
from kb.weights.shelf import list_models
from rag.catalogue.reader import CatalogueReader
from rag.open import open_store

State = Literal["good", "note", "bad"]
LOW_DISK_BYTES = 2 << 30
EXTRAS = {
    "train": "trl",
    "serve": "gradio",
    "weaviate": "weaviate",
    "community": "langchain_community",
    "ocr": "rapidocr",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; `note` is worth knowing and no fault."""

    name: str
    state: State
    detail: str
    hint: str = ""


def examine(settings: Settings, home: Home) -> list[Check]:
    """Return every check, in the order a person should read them."""
    return [
        _machine(),
        _home(home),
        _disk(home),
        *_models(settings, home),
        *_collections(home),
        _ollama(settings),
        _extras(),
    ]


def _machine() -> Check:
    name = core().get_property("CPU", "FULL_DEVICE_NAME")
    detail = f"Python {platform.python_version()}, OpenVINO {openvino.__version__.split('-')[0]}, {name}"
    return Check(name="machine", state="good", detail=f"{detail}, {'bf16' if has_bf16() else 'f32 (no bf16)'}")


def _home(home: Home) -> Check:
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home.root):
            pass
    except OSError as error:
        return Check(
            name="home", state="bad", detail=f"{home.root}: {error.strerror}", hint="export KB_HOME=/a/writable/folder"
        )
    return Check(name="home", state="good", detail=str(home.root))


def _disk(home: Home) -> Check:
    place = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(place).free
    detail = f"{free / 2**30:.1f} GiB free"
    if free < LOW_DISK_BYTES:
        return Check(name="disk", state="bad", detail=detail, hint="df -h")
    return Check(name="disk", state="good", detail=detail)


def _models(settings: Settings, home: Home) -> Iterator[Check]:
    present = {model.name for model in list_models(home)}
    if settings.rag.embedder == "minilm" and "minilm" not in present:
        yield Check(name="embedder", state="bad", detail="minilm is not here", hint="kb models pull minilm")
    else:
        yield Check(name="embedder", state="good", detail=settings.rag.embedder)
    if "smollm2" in present:
        yield Check(name="smollm2", state="good", detail="in process, no server")
    else:
        yield Check(name="smollm2", state="note", detail="not here", hint="kb models pull smollm2")


def _collections(home: Home) -> Iterator[Check]:
    if not home.catalogue.exists():
        yield Check(name="catalogue", state="note", detail="nothing ingested yet", hint="kb ingest PATH")
        return
    try:
        catalogue = CatalogueReader(home.catalogue)
        fault = catalogue.integrity()
        if fault:
            yield Check(name="catalogue", state="bad", detail=fault, hint="kb backup --restore FILE")
            return
        for name, identity in catalogue.collections().items():
            yield _collection(home, catalogue, name, identity)
    except KbError as error:
        yield Check(name="catalogue", state="bad", detail=str(error), hint=error.hint)


def _collection(home: Home, catalogue: CatalogueReader, name: str, identity: dict[str, object]) -> Check:
    counts = catalogue.counts(name)
    store = open_store(home, name, int(str(identity["dimension"])))
    behind = len(catalogue.to_index(store.name, name)) + len(catalogue.to_drop(store.name, name))
    rows = store.count()
    label = f"{counts['documents']} documents, {counts['chunks']} chunks, {rows} in {store.name}, {identity['model']}"
    if behind or rows != counts["chunks"]:
        return Check(
            name=f"collection {name}", state="bad", detail=f"index out of step: {label}",
            hint=f"kb reindex --collection {name}",
        )  # fmt: skip
    return Check(name=f"collection {name}", state="good", detail=label)


def _ollama(settings: Settings) -> Check:
    import httpx

    url = settings.rag.ollama_url
    try:
        tags = httpx.get(f"{url}/api/tags", timeout=1.0).raise_for_status().json()
        version = httpx.get(f"{url}/api/version", timeout=1.0).raise_for_status().json()["version"]
    except (httpx.HTTPError, ValueError, KeyError):
        return Check(name="ollama", state="note", detail=f"does not answer on {url} (not needed)")
    names = ", ".join(model["name"] for model in tags.get("models", [])) or "no models"
    return Check(name="ollama", state="good", detail=f"{version} on {url}: {names}")


def _extras() -> Check:
    there = [extra for extra, module in EXTRAS.items() if importlib.util.find_spec(module)]
    return Check(name="extras", state="note", detail=", ".join(there) or "none installed")
