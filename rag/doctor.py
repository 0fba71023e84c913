"""Checks what a knowledge base depends on and reports faults; repairs nothing."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import httpx

from core.backends import destination, parse_spec
from core.chat.ollama_server import OllamaState, ask_context, ask_state, tagged
from core.chat.remote.address import is_loopback
from core.errors import BackendError, ConfigError, KbError
from core.files import Home
from core.inference import bf16_pays, core, has_bf16, openvino
from core.originals import ObjectStore
from core.settings import Settings
from core.weights.shelf import list_models
from rag.catalogue.database import catalogue_exists
from rag.catalogue.reader import CatalogueReader
from rag.embed.base import EmbedderIdentity
from rag.embed.languages import MULTILINGUAL_COMMAND, unread_note
from rag.open import connect_weaviate, embedder_of, open_store
from rag.search.tuned import tuning_for
from rag.store.base import Store

State = Literal["good", "note", "bad"]
LOW_DISK_BYTES = 2 << 30
# kb works with older ones too, from 0.24.
OLLAMA_FIXED = [0, 32, 2]
EXTRAS = {
    "train": "peft",
    "serve": "gradio",
    "weaviate": "weaviate",
    "community": "langchain_community",
    "ocr": "rapidocr",
    "postgres": "psycopg",
    "ray": "ray",
    "s3": "s3fs",
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
    embedder, identity = _embedder(settings, home)
    server = list(_weaviate(settings))
    reachable = all(check.state != "bad" for check in server)
    return [
        _machine(),
        _home(home),
        _disk(home),
        *_originals(home),
        embedder,
        _smollm2(home),
        _model(settings),
        *server,
        *_collections(settings, home, identity, reachable=reachable),
        *_ollama(settings),
        _extras(),
    ]


def _machine() -> Check:
    name = core().get_property("CPU", "FULL_DEVICE_NAME")
    detail = f"Python {platform.python_version()}, OpenVINO {openvino.__version__.split('-')[0]}, {name}"
    arithmetic = "bf16" if bf16_pays() else f"f32 ({'bf16 is slower' if has_bf16() else 'no bf16'})"
    return Check(name="machine", state="good", detail=f"{detail}, {arithmetic}")


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


def _originals(home: Home) -> Iterator[Check]:
    """Write to the store of originals and read from it, where there is one."""
    if not home.originals_url:
        return
    try:
        ObjectStore(home.originals_url).check()
    except KbError as error:
        hint = "" if isinstance(error, BackendError) else error.hint  # that of a store leads here
        yield Check(name="originals", state="bad", detail=error.message, hint=hint or "kb config show")
        return
    yield Check(name="originals", state="good", detail=home.originals_url)


def _embedder(settings: Settings, home: Home) -> tuple[Check, EmbedderIdentity | None]:
    """Open it: weights that are there may still be damaged, and only an open model says what it is."""
    try:
        identity = embedder_of(settings, home).identity
    except KbError as error:
        return Check(name="embedder", state="bad", detail=str(error), hint=error.hint), None
    detail = f"{identity.model}, {identity.dimension} dimensions, {identity.max_tokens} tokens"
    return Check(name="embedder", state="good", detail=detail), identity


def _smollm2(home: Home) -> Check:
    if "smollm2" in {model.name for model in list_models(home)}:
        return Check(name="smollm2", state="good", detail="in process, no server")
    return Check(name="smollm2", state="note", detail="not installed", hint="kb models pull smollm2")


def _model(settings: Settings) -> Check:
    """Check the spelling of the chat model, and tell where it would send questions and passages."""
    try:
        spec = parse_spec(settings.rag.model)
    except ConfigError as error:
        return Check(name="model", state="bad", detail=error.message, hint="kb config show")
    remote = destination(spec, settings)
    if remote:
        return Check(
            name="model", state="note", detail=f"{spec}: questions and passages leave this machine for {remote}"
        )
    return Check(name="model", state="good", detail=f"{spec}: nothing leaves this machine")


def _weaviate(settings: Settings) -> Iterator[Check]:
    if settings.rag.store != "weaviate":
        url, does = settings.weaviate.url, "answers" if _listens(settings.weaviate.url) else "does not answer"
        yield Check(name="weaviate", state="note", detail=f"{does} on {url} (not needed: rag.store is lancedb)")
        return
    try:
        connection = connect_weaviate(settings)
        from rag.store.weaviate.inspect import server_state

        state = server_state(connection)
    except KbError as error:
        yield Check(name="weaviate", state="bad", detail=error.message, hint=error.hint)
        return
    detail = f"{state.version} on {settings.weaviate.url}, {_counted(len(state.well), 'node')}"
    # A node that is gone for good is forgotten by its cluster: fewer than copies tells of that one too.
    copies = max(state.copies, settings.weaviate.replication)
    if state.down or len(state.well) < copies:
        detail += f" for {_counted(copies, 'copy', 'copies')}" + "".join(f"; down: {name}" for name in state.down)
        yield Check(name="weaviate", state="note", detail=detail, hint="docker compose up -d weaviate")
    else:
        yield Check(name="weaviate", state="good", detail=detail)


def _listens(url: str) -> bool:
    """Tell whether something answers, without the client, which takes a second to import."""
    try:
        return httpx.get(f"{url}/v1/.well-known/live", timeout=0.5, trust_env=not is_loopback(url)).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _counted(count: int, singular: str, plural: str = "") -> str:
    return f"{count} {singular if count == 1 else plural or singular + 's'}"


def _collections(
    settings: Settings, home: Home, embedder: EmbedderIdentity | None, *, reachable: bool
) -> Iterator[Check]:
    try:
        exists = catalogue_exists(home.catalogue)
    except KbError as error:
        yield Check(name="catalogue", state="bad", detail=error.message, hint=error.hint)
        return
    if not exists:
        yield Check(name="catalogue", state="note", detail="nothing ingested yet", hint="kb ingest PATH")
        return
    try:
        catalogue = CatalogueReader(home.catalogue)
        fault = catalogue.integrity()
        if fault:
            yield Check(name="catalogue", state="bad", detail=fault, hint="kb backup --restore FILE")
            return
        for name, identity in catalogue.collections().items():
            if reachable:
                yield _collection(settings, home, catalogue, name, identity, embedder)
    except KbError as error:
        yield Check(name="catalogue", state="bad", detail=str(error), hint=error.hint)


def _collection(
    settings: Settings,
    home: Home,
    catalogue: CatalogueReader,
    name: str,
    identity: dict[str, object],
    embedder: EmbedderIdentity | None,
) -> Check:
    counts = catalogue.counts(name)
    dimension = int(str(identity["dimension"]))
    store = open_store(settings, home, name, dimension)
    behind = len(catalogue.to_index(store.name, name)) + len(catalogue.to_drop(store.name, name))
    rows = store.count()
    label = f"{counts['documents']} documents, {counts['chunks']} chunks, {rows} in {store.name}, {identity['model']}"
    faults = ["index out of step"] if behind or rows != counts["chunks"] else []
    if embedder is not None and identity != embedder.to_json():
        faults.append(f"the embedder is {embedder.model}")
    faults += _index_faults(store, dimension)
    tuning, untuned = tuning_for(home, settings.rag, name, identity)
    label += f", {tuning.line()}" if tuning else ""
    if faults:
        return Check(
            name=f"collection {name}",
            state="bad",
            detail=f"{'; '.join(faults)}: {label}",
            hint=f"kb reindex --store {store.name} --collection {name}",
        )
    if untuned:
        hint = "kb tune-search --reset" + ("" if name == "default" else f" --collection {name}")
        return Check(name=f"collection {name}", state="note", detail=f"{label}; {untuned}", hint=hint)
    note = unread_note(catalogue.languages(name), str(identity["model"]))
    if note:
        hint = MULTILINGUAL_COMMAND + ("" if name == "default" else f" --collection {name}")
        return Check(name=f"collection {name}", state="note", detail=f"{label}; {note}", hint=hint)
    return Check(name=f"collection {name}", state="good", detail=label)


def _index_faults(store: Store, dimension: int) -> list[str]:
    if store.name != "weaviate":
        return []
    from rag.store.weaviate.inspect import index_faults
    from rag.store.weaviate.store import WeaviateStore

    return index_faults(store, dimension) if isinstance(store, WeaviateStore) else []


def _ollama(settings: Settings) -> Iterator[Check]:
    url = settings.rag.ollama_url
    needed = [spec.partition(":")[2] for spec in (settings.rag.model, settings.rag.embedder) if _is_ollama(spec)]
    try:
        state = ask_state(url, timeout_s=2.0, connect_s=0.5)
    except BackendError as error:
        if needed:
            yield Check(name="ollama", state="bad", detail=error.message, hint=error.hint)
        else:
            yield Check(name="ollama", state="note", detail=f"does not answer on {url} (not needed)")
        return
    yield _ollama_version(state.version, url)
    for name in dict.fromkeys(needed or [settings.rag.ollama_model]):
        yield _ollama_model(name, state, settings, needed=bool(needed))


def _is_ollama(spec: str) -> bool:
    return spec.startswith("ollama:")


def _ollama_version(version: str, url: str) -> Check:
    if [int(part) for part in re.findall(r"\d+", version)[:3]] >= OLLAMA_FIXED:
        return Check(name="ollama", state="good", detail=f"{version} on {url}")
    fixed = ".".join(map(str, OLLAMA_FIXED))
    detail = f"{version} on {url}; {fixed} fixes a crash on CPUs with AMX and CVE-2026-7482"
    return Check(name="ollama", state="note", detail=detail, hint=f"install Ollama {fixed} or newer, then: kb doctor")


def _ollama_model(name: str, state: OllamaState, settings: Settings, *, needed: bool) -> Check:
    label = f"ollama:{name}"
    if tagged(name) not in state.models:
        there = ", ".join(state.models) or "no models"
        detail = f"not found; models in Ollama: {there}"
        return Check(name=label, state="bad" if needed else "note", detail=detail, hint=f"ollama pull {name}")
    context = ask_context(name, settings.rag.ollama_url, timeout_s=2.0)
    num_ctx = settings.models.num_ctx
    if 0 < context < num_ctx:
        detail = f"context of {context} tokens; models.num_ctx = {num_ctx} is larger"
        return Check(name=label, state="note", detail=detail, hint=f"export KB_MODELS__NUM_CTX={context}")
    return Check(name=label, state="good", detail=f"context of {context or '?'} tokens; models.num_ctx = {num_ctx}")


def _extras() -> Check:
    there = [extra for extra, module in EXTRAS.items() if importlib.util.find_spec(module)]
    return Check(name="extras", state="note", detail=", ".join(there) or "none installed")
