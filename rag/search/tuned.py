"""What was fitted to a collection's own questions: weights of the ranking, and a linear adapter of the query's vector.

One file for each collection, whole or absent. It belongs to the embedder whose vectors it was fitted to; the vectors of
documents stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.files import Home, atomic_write
from core.settings import RagSettings

_VERSION = 1
_RESET = "kb tune-search --reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWeights:
    """Weights of the parts of a page's score.

    Attributes:
        dense: Of the cosine.
        bm25: Of the share of the best BM25 score.
        router: Of what the question says about documents.
        figures: Of the digits of a page, where a figure is asked for.
    """

    dense: float
    bm25: float
    router: float
    figures: float = 1.0

    @classmethod
    def of(cls, settings: RagSettings) -> Self:
        """Return the weights that the settings say."""
        return cls(dense=settings.dense_weight, bm25=settings.bm25_weight, router=settings.router_weight)


@dataclass(frozen=True, slots=True, eq=False)
class QueryAdapter:
    """Moves the vector of a query: `q + q @ down @ up`, of unit length again.

    Attributes:
        down: float32, `(d, r)`.
        up: float32, `(r, d)`.
    """

    down: NDArray[np.float32]
    up: NDArray[np.float32]

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return adapted unit vectors, float32, of the same shape: `(d,)` or `(n, d)`."""
        moved = vectors + (vectors @ self.down) @ self.up
        lengths = np.linalg.norm(moved, axis=-1, keepdims=True)
        adapted: NDArray[np.float32] = (moved / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
        return adapted

    def scaled(self, strength: float) -> QueryAdapter:
        """Return the adapter that moves a vector by this share of the way."""
        return QueryAdapter(self.down, (self.up * strength).astype(np.float32))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTuning:
    """What is kept for a collection.

    Attributes:
        collection: Its name.
        embedder: Identity of the embedder, as `EmbedderIdentity.to_json` gives it.
        base: Weights of the settings it was fitted under.
        weights: Fitted weights, which stand in their place.
        adapter: Moves the vectors of queries; None leaves them.
        documents: Hashes of the documents whose questions it was fitted to.
        created_at: UTC, ISO 8601.
        report: How it was measured, as `kb tune-search --json` prints it.
    """

    collection: str
    embedder: Mapping[str, object]
    base: SearchWeights
    weights: SearchWeights
    adapter: QueryAdapter | None = None
    documents: Sequence[str] = ()
    created_at: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)

    def weights_under(self, settings: RagSettings) -> SearchWeights:
        """Return the weights that hold under these settings: those of the settings where they were changed since."""
        given = SearchWeights.of(settings)
        return self.weights if given == self.base else given

    def line(self) -> str:
        """Return in a few words what it does and how it was measured."""
        before, after = (self.report[name]["page_hit@1"]["value"] for name in ("before", "after"))
        return f"search tuned by {self.report['chosen']} (right page first {before:.2f} -> {after:.2f}, held out)"

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            OSError: The disk is full or the folder is read-only.
        """
        record = {
            "version": _VERSION,
            "collection": self.collection,
            "embedder": dict(self.embedder),
            "base": asdict(self.base),
            "weights": asdict(self.weights),
            "documents": list(self.documents),
            "created_at": self.created_at,
            "report": dict(self.report),
        }
        text = json.dumps(record, ensure_ascii=False).encode()
        arrays: dict[str, NDArray[Any]] = {"record": np.frombuffer(text, dtype=np.uint8)}
        if self.adapter is not None:
            arrays |= {"adapter_down": self.adapter.down, "adapter_up": self.adapter.up}
        with atomic_write(path) as handle:
            np.savez(handle, allow_pickle=False, **arrays)


def read_tuning(path: Path) -> SearchTuning | None:
    """Read a file; None where there is none.

    Raises:
        DataError: It is damaged, or a newer version wrote it.
    """
    if not path.is_file():
        return None
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as stored:
            record = json.loads(stored["record"].tobytes())
            adapter = QueryAdapter(stored["adapter_down"], stored["adapter_up"]) if "adapter_up" in stored else None
        if record.pop("version") != _VERSION:
            raise DataError("was written by another version", path=path, hint=_RESET)
        base, weights = (SearchWeights(**record.pop(name)) for name in ("base", "weights"))
        tuning = SearchTuning(**record, base=base, weights=weights, adapter=adapter)
        _check_shapes(tuning)
    except (OSError, BadZipFile, ValueError, KeyError, TypeError, EOFError) as error:
        raise DataError(f"cannot be read ({error})", path=path, hint=_RESET) from error
    return tuning


def _check_shapes(tuning: SearchTuning) -> None:
    dimension, adapter = int(str(tuning.embedder["dimension"])), tuning.adapter
    if adapter is None:
        return
    rank = adapter.up.shape[0]
    if adapter.down.shape != (dimension, rank) or adapter.up.shape != (rank, dimension):
        raise ValueError(f"shapes {adapter.down.shape} and {adapter.up.shape} for {dimension} dimensions")
    if not (np.isfinite(adapter.down).all() and np.isfinite(adapter.up).all()):
        raise ValueError("the adapter holds values that are no numbers")


def tuning_for(
    home: Home, settings: RagSettings, collection: str, identity: Mapping[str, object]
) -> tuple[SearchTuning | None, str]:
    """Return what was kept for a collection, None where it does not hold, and why in a note for a person.

    Args:
        home: Where it lies.
        settings: `rag.tuned` turns it off.
        collection: Name of the collection.
        identity: Of the embedder that is used now.
    """
    if not settings.tuned:
        return None, ""
    flag = "" if collection == "default" else f" --collection {collection}"
    try:
        tuning = read_tuning(home.search_tuning(collection))
    except DataError as error:
        return None, f"the tuning of the search is not used: {error}; to remove it: {_RESET}{flag}"
    if tuning is None:
        return None, ""
    if tuning.collection != collection or dict(tuning.embedder) != dict(identity):
        made_for = f"collection {tuning.collection!r} and embedder {tuning.embedder.get('model')}"
        return None, f"the tuning of the search is not used: it is for {made_for}; to tune again: kb tune-search{flag}"
    return tuning, ""


def drop_tuning(home: Home, collection: str) -> bool:
    """Remove what was kept for a collection and tell whether there was something."""
    path = home.search_tuning(collection)
    existed = path.is_file()
    path.unlink(missing_ok=True)
    return existed
