"""One collection, one embedder: vectors of two models are never compared."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import ConfigError
from rag.catalogue.writer import Catalogue


def claim_collection(catalogue: Catalogue, collection: str, identity: Mapping[str, object]) -> None:
    """Make a collection for an embedder, or see that it is this one's.

    Raises:
        ConfigError: Its vectors come from another embedder.
    """
    known = catalogue.collections().get(collection)
    if known is None or (known != identity and not catalogue.counts(collection)["documents"]):
        catalogue.set_collection(collection, identity)
        return
    require_embedder(collection, known, identity)


def require_embedder(collection: str, known: Mapping[str, object], identity: Mapping[str, object]) -> None:
    """Refuse vectors of two models in one collection.

    Raises:
        ConfigError: With the command that re-embeds.
    """
    if known != identity:
        raise ConfigError(
            f"collection {collection!r} was embedded by {known.get('model')} ({known.get('dimension')} dimensions),"
            f" not by {identity.get('model')} ({identity.get('dimension')})",
            hint=f"kb reindex --collection {collection}",
        )
