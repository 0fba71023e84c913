"""Settings: flag > environment (`KB_RAG__TOP_K`) > `./kb.toml` > XDG file > default.

Values only: nothing here opens a file of data, a client or a model. All faults are reported at once, an
unknown key with the nearest known one.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import ConfigError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _place(given: str) -> str:
    """Check where work is done: nothing for this machine."""
    kind, sign, address = given.partition(":")
    if given and (kind != "ray" or (sign and not address)):
        raise ValueError("use ray, ray:HOST:PORT, or nothing for this machine")
    return given


class RagSettings(_Section):
    """Indexing, search and answers."""

    collection: str = Field(
        "default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="Collection used when none is named."
    )
    store: Literal["lancedb", "weaviate"] = Field("lancedb", description="Vector index behind the catalogue.")
    embedder: str = Field(
        "minilm", description="minilm, a sentence-transformers folder or Hub id (extra: train), or ollama:NAME."
    )
    precision: Literal["auto", "bf16", "f32"] = Field(
        "auto", description="Arithmetic of the embedder; auto takes bf16 where the CPU is faster with it."
    )
    splitter: Literal["recursive", "plain"] = Field("recursive", description="LangChain text splitter.")
    chunk_chars: int = Field(
        900, ge=100, le=8000, description="Longest chunk, in code points; the embedder's token limit binds too."
    )
    overlap_chars: int = Field(100, ge=0, le=4000, description="Overlap of neighbouring chunks, in code points.")
    top_k: int = Field(8, ge=1, le=200, description="Passages a search returns and an answer reads.")
    dense_weight: float = Field(1.0, ge=0, le=100, description="Weight of the dense list in the fusion.")
    bm25_weight: float = Field(0.3, ge=0, le=100, description="Weight of the BM25 list in the fusion.")
    router_weight: float = Field(1.0, ge=0, le=100, description="Weight of the document router; 0 turns it off.")
    tuned: bool = Field(True, description="Search with what kb tune-search kept for the collection.")
    model: str = Field(
        "auto",
        description="Chat model; kb ask --help lists the spellings.",
    )
    ollama_model: str = Field("llama3.1", description="Model that auto takes where Ollama has it.")
    ollama_url: str = Field("http://127.0.0.1:11434", description="Where Ollama listens.")
    disagreements: bool = Field(True, description="Say where another document contradicts what an answer cites.")
    prompt_file: Path | None = Field(
        None, description="Replaces the answer prompt; must hold {passages} and {question}."
    )


class IngestSettings(_Section):
    """Limits on hostile or huge input, and where it is read."""

    on: str = Field(
        "",
        description="Where files are fetched, read and embedded: ray, or ray:HOST:PORT; empty for here (extra: ray).",
    )
    originals: str = Field(
        "",
        description="Where originals are kept: s3://BUCKET/PREFIX (extra: s3) or file:///FOLDER; empty for KB_HOME.",
    )
    max_file_mb: int = Field(512, ge=1, description="Largest file read, in MiB.")
    max_pages: int = Field(20_000, ge=1, description="Most pages of one file; a longer one is refused.")
    max_page_chars: int = Field(200_000, ge=1000, description="Most code points kept of one page.")
    memory_mb: int = Field(1024, ge=256, description="Memory of one parser process, in MiB.")
    page_timeout_s: float = Field(20.0, gt=0, description="Longest time one page may take.")
    file_timeout_s: float = Field(900.0, gt=0, description="Longest time one file may take.")
    url_timeout_s: float = Field(120.0, gt=0, description="Longest time a download may take.")
    max_redirects: int = Field(5, ge=0, le=20, description="Redirects followed for a URL.")

    _checked_on = field_validator("on")(_place)


class ModelSettings(_Section):
    """How chat models generate."""

    temperature: float = Field(0.0, ge=0, le=2, description="0 is greedy.")
    seed: int = Field(0, ge=0, description="Seed where sampling is on.")
    num_ctx: int = Field(8192, ge=512, description="Context window asked of a model, in tokens.")
    max_tokens: int = Field(512, ge=1, description="Longest answer, in tokens.")
    timeout_s: float = Field(300.0, gt=0, description="Longest wait for a model server.")
    deadline_s: float = Field(60.0, ge=0, description="Longest time a call is tried again while a server is away.")
    keep_alive: str = Field("5m", pattern=r"^-?[0-9]+(ms|s|m|h)?$", description="How long Ollama keeps a model loaded.")
    think: bool = Field(False, description="Let a model that can think do so before it answers.")
    on: str = Field(
        "",
        description="Where models answer kb synth and kb eval: ray, or ray:HOST:PORT; empty for here (extra: ray).",
    )

    _checked_on = field_validator("on")(_place)


class WeaviateSettings(_Section):
    """The Weaviate server behind `rag.store = weaviate`; the API key comes from WEAVIATE_API_KEY alone."""

    url: str = Field("http://127.0.0.1:8080", description="Where Weaviate listens (REST).")
    grpc_port: int = Field(50051, ge=1, le=65535, description="Where it listens for gRPC, on the same host.")
    quantizer: Literal["none", "rq8", "rq1"] = Field("rq8", description="Rotational quantisation of HNSW, in bits.")
    replication: int = Field(
        1,
        ge=0,
        le=32,
        description="Copies of every object, 0 for the server's minimum; fixed when a collection is made.",
    )
    shards: int = Field(1, ge=1, le=1024, description="Shards of a collection; fixed when it is made.")
    consistency: Literal["ONE", "QUORUM", "ALL"] = Field("QUORUM", description="Replicas that must agree per call.")
    alpha: float = Field(0.7, ge=0, le=1, description="Share of the vector in the server's own hybrid search.")
    batch_rows: int = Field(300, ge=1, le=5000, description="Chunks per request.")
    concurrency: int = Field(2, ge=1, le=32, description="Requests under way at once.")
    timeout_s: float = Field(60.0, gt=0, description="Longest wait for one call.")
    deadline_s: float = Field(120.0, gt=0, description="Longest time a call is tried again while the server is away.")


# Kinds of training rows with their shares; an override names those it changes, 0 turns a kind off.
ROW_SHARES = {
    "closed-book": 0.40,
    "evidence": 0.11,
    "distractors": 0.12,
    "contradicts": 0.06,  # a passage with another value than the fact: the passage counts, and the reply says so
    "abstain": 0.08,
    "memory": 0.0,  # the prompt of `abstain` with another target: for models that are asked for both
    "unanswerable": 0.04,
    "false-premise": 0.03,
    "instruction": 0.05,
    "instruction-input": 0.05,
    "rewrite": 0.03,
    "summary": 0.03,
}
# Kinds of preference pairs that need no model.
PREFERENCE_SHARES = {"corrupted": 0.4, "unsupported": 0.3, "refusal": 0.2, "counterfactual": 0.1}


def _over(default: Mapping[str, float], given: object) -> object:
    """Lay given shares over the defaults; a string is "kind=share, kind=share"."""
    if isinstance(given, str):
        given = dict(part.split("=", 1) for part in given.replace(" ", "").split(",") if "=" in part)
    if not isinstance(given, Mapping):
        return given
    named = {str(kind).replace("_", "-"): share for kind, share in given.items()}
    unknown = sorted(set(named) - set(default))
    if unknown:
        raise ValueError(f"unknown kinds {', '.join(unknown)}; there are {', '.join(default)}")
    return {**default, **named}


class SynthSettings(_Section):
    """Training data made from documents."""

    generator: str = Field(
        "auto", description="auto, rules, writer (rules and a small model), or a chat model as kb ask spells it."
    )
    mode: Literal["knowledge", "document"] = Field(
        "knowledge", description="What a test row is new in: the phrasing of a known fact, or its whole document."
    )
    per_chunk: int = Field(6, ge=1, le=100, description="Most facts taken of one chunk.")
    phrasings: int = Field(6, ge=1, le=12, description="Most phrasings of one fact.")
    kinds: int = Field(2, ge=1, le=10, description="Kinds of rows that one phrasing is given.")
    shares: dict[str, Annotated[float, Field(ge=0)]] = Field(ROW_SHARES, description="Share of each kind of row.")
    preferences: dict[str, Annotated[float, Field(ge=0)]] = Field(
        PREFERENCE_SHARES, description="Share of each kind of preference pair made without a model."
    )
    preference_rows: float = Field(0.25, ge=0, le=1, description="Preference pairs per row of pairs.jsonl.")
    val_share: float = Field(0.1, ge=0, le=0.4, description="Share of the rows that validate.")
    test_share: float = Field(0.1, ge=0, le=0.4, description="Share of the rows that test.")
    retriever_k: int = Field(10, ge=1, le=100, description="Hits among which the source chunk must be.")
    distractors: int = Field(3, ge=1, le=10, description="Most wrong passages in a prompt.")
    round_trip_f1: float = Field(0.6, ge=0, le=1, description="Token F1 at which a second answer agrees.")
    grounding: Literal["lexical", "nli"] = Field("lexical", description="Scorer of how well evidence bears a claim.")
    nli_model: str = Field("", description="Folder or Hub id of an NLI cross-encoder (extra: train).")
    min_grounding: float = Field(0.5, ge=0, le=1, description="Least grounding of a row.")
    margin: float = Field(0.1, ge=0, le=1, description="Least lead of the better answer's grounding in a preference.")
    judge: str = Field("", description="Chat model that reads every row beside its source last; none if empty.")
    jaccard: float = Field(0.8, gt=0, le=1, description="Jaccard of 5-gram shingles at which texts are one.")
    cosine: float = Field(0.92, gt=0, le=1, description="Cosine at which questions of different facts are one.")
    enough: int = Field(2, ge=1, le=100, description="Surviving rows that cover a fact or a source sentence.")
    concurrency: int = Field(4, ge=1, le=64, description="Requests to a chat model under way at once.")

    @field_validator("shares", mode="before")
    @classmethod
    def _all_shares(cls, given: object) -> object:
        return _over(ROW_SHARES, given)

    @field_validator("preferences", mode="before")
    @classmethod
    def _all_preferences(cls, given: object) -> object:
        return _over(PREFERENCE_SHARES, given)


class RoutingSettings(_Section):
    """When `--model auto:RUN` takes which way: search with the built-in reader, the run alone, both, or neither."""

    reader_confidence: float = Field(
        0.6, ge=0, le=1, description="The built-in reader answers from this probability on that it is right."
    )
    agreement: float = Field(
        0.8, ge=0, le=1, description="The run answers alone where two of its answers are alike to this degree."
    )
    retrieval: float = Field(
        0.3, ge=-1, le=1, description="Cosine of the best passage from which on the run reads the passages."
    )
    temperature: float = Field(0.7, gt=0, le=2, description="At which the run's second answer is drawn.")
    max_tokens: int = Field(64, ge=1, le=4096, description="Longest answer of the run alone, in tokens.")


class ServeSettings(_Section):
    """The server behind `kb serve`."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; keys are required if not loopback.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    hosts: list[str] = Field([], description="Further names that a request's Host may carry, comma-separated.")
    origins: list[str] = Field([], description="Origins of other sites whose scripts may call the API (CORS).")
    workers: int = Field(2, ge=1, le=64, description="Threads that search and quote.")
    chat_workers: int = Field(2, ge=1, le=64, description="Threads that wait for language models.")
    queue: int = Field(128, ge=1, le=10_000, description="Requests that may wait for a thread; more get 429.")
    requests_per_minute: int = Field(1200, ge=0, description="Most requests of one key or address; 0 sets no limit.")
    upload_mb: int = Field(512, ge=1, description="Largest upload, all files together, in MiB.")
    upload_files: int = Field(64, ge=1, le=1000, description="Most files of one upload.")
    upload_timeout_s: float = Field(600.0, gt=0, description="Longest time a request's body may take to arrive.")
    stall_timeout_s: float = Field(60.0, gt=0, description="A client that takes nothing for so long is cut off.")
    forgotten: Literal["warn", "refuse"] = Field(
        "warn", description="A run that learned a document which was forgotten since: answer with a note, or not."
    )
    drain_s: float = Field(30.0, ge=0, description="Time that running requests get when the server is told to stop.")

    @field_validator("hosts", "origins", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        parts = json.loads(given) if given.lstrip().startswith("[") else given.split(",")
        return [str(part).strip() for part in parts if str(part).strip()]


class Settings(_Section):
    """All settings; sections are TOML tables."""

    rag: RagSettings = RagSettings()  # type: ignore[call-arg]
    ingest: IngestSettings = IngestSettings()  # type: ignore[call-arg]
    models: ModelSettings = ModelSettings()  # type: ignore[call-arg]
    weaviate: WeaviateSettings = WeaviateSettings()  # type: ignore[call-arg]
    synth: SynthSettings = SynthSettings()  # type: ignore[call-arg]
    serve: ServeSettings = ServeSettings()  # type: ignore[call-arg]
    routing: RoutingSettings = RoutingSettings()  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Settings with the origin of every value.

    Attributes:
        values: The validated settings.
        sources: Dotted key to `"flag"`, `"environment KB_..."`, a file's path, or `"default"`.
        home: `KB_HOME`, where state lives.
    """

    values: Settings
    sources: Mapping[str, str]
    home: Path


def home_dir(env: Mapping[str, str]) -> Path:
    """Return `KB_HOME`, else `$XDG_DATA_HOME/kb`, else `~/.local/share/kb`."""
    if env.get("KB_HOME"):
        return Path(env["KB_HOME"]).expanduser().absolute()
    base = env.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser().absolute() / "kb"


def config_files(env: Mapping[str, str], cwd: Path) -> list[Path]:
    """Return the files that may hold settings, strongest first, existing or not."""
    base = env.get("XDG_CONFIG_HOME") or "~/.config"
    return [cwd / "kb.toml", Path(base).expanduser() / "kb" / "config.toml"]


def known_keys() -> dict[str, Any]:
    """Return every dotted key with its pydantic field."""
    return {
        f"{section}.{name}": info
        for section, outer in Settings.model_fields.items()
        for name, info in outer.annotation.model_fields.items()  # type: ignore[union-attr]
    }


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _from_file(path: Path) -> list[tuple[str, Any, str]]:
    if not path.is_file():
        return []
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}", hint=f"mend {path}, then: kb config show") from error
    return [(key, value, str(path)) for key, value in _flat(table)]


# Read elsewhere or by other tools; not settings keys.
_RESERVED = {"KB_HOME"}


def _from_env(env: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    entries = []
    for name, value in env.items():
        if name.startswith("KB_") and name not in _RESERVED and "__" in name:
            key = name[3:].lower().replace("__", ".")
            entries.append((key, value, f"environment {name}"))
    return entries


def _from_flags(pairs: Sequence[str]) -> list[tuple[str, Any, str]]:
    entries = []
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise ConfigError(f"--set {pair}: not KEY=VALUE", hint="kb ask --set rag.top_k=6 QUESTION")
        entries.append((key.strip(), value, "flag"))
    return entries


def load(
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    pairs: Sequence[str] = (),
) -> Resolved:
    """Resolve settings from all sources.

    Args:
        env: Environment; `os.environ` by default.
        cwd: Where `kb.toml` is looked for; the working directory by default.
        flags: Dotted key to value from dedicated flags; `None` values are ignored.
        pairs: `key=value` strings from `--set`.

    Raises:
        ConfigError: Unknown keys or impossible values; every fault in one message.
    """
    env, cwd = os.environ if env is None else env, Path.cwd() if cwd is None else cwd
    entries: list[tuple[str, Any, str]] = []
    for path in reversed(config_files(env, cwd)):
        entries += _from_file(path)
    entries += _from_env(env)
    entries += _from_flags(pairs)
    entries += [(key, value, "flag") for key, value in (flags or {}).items() if value is not None]

    known = known_keys()
    faults: list[str] = []
    tree: dict[str, dict[str, Any]] = {}
    sources = dict.fromkeys(known, "default")
    for key, value, source in entries:
        table, _, part = key.rpartition(".")
        if table in known and isinstance(known[table].default, Mapping):  # one entry of a mapping
            section, name = table.split(".", 1)
            before = tree.setdefault(section, {}).get(name)
            tree[section][name] = {**(before if isinstance(before, Mapping) else {}), part: value}
            sources[table] = source
            continue
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
            faults.append(f"{source}: unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
            continue
        section, name = key.split(".", 1)
        tree.setdefault(section, {})[name] = value
        sources[key] = source
    try:
        values = Settings.model_validate(tree)
    except ValidationError as error:
        for fault in error.errors():
            key = ".".join(str(part) for part in fault["loc"])
            faults.append(f"{sources.get(key, '?')}: {key} = {fault['input']!r}: {fault['msg']}")
    if faults:
        # With the fault in a file or the environment, `kb config show` fails as well.
        place = faults[0].partition(": ")[0].removeprefix("environment ")
        first = "" if place == "flag" else f"mend {place}, then: "
        raise ConfigError("settings: " + "\n  ".join(["", *faults]).strip(), hint=f"{first}kb config show")
    return Resolved(values=values, sources=sources, home=home_dir(env))
