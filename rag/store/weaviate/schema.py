"""What a collection of kb looks like in Weaviate: its name, its properties, its vectors, its words.

Pure but for the id of the home, which is made once. Calls no server.
"""

from __future__ import annotations

import os
import unicodedata
import uuid
from contextlib import closing
from typing import Any

from filelock import FileLock

from core.errors import BackendError
from core.files import Home, atomic_write
from core.reading.text.words import terms
from core.settings import WeaviateSettings
from rag.catalogue.postgres import PostgresConnection, postgres_url
from rag.catalogue.reader import EmbeddedChunk
from rag.store.base import word_text
from rag.store.weaviate.client import (
    Configure,
    ConsistencyLevel,
    DataObject,
    DataType,
    Property,
    ReplicationDeletionStrategy,
    Tokenization,
    VectorDistances,
)

# Collections on a shared server that are a kb's.
PREFIX = "Kb_"
CHUNK_ID = "chunk_id"
SHA256 = "sha256"
PAGE = "page"
TEXT = "text"
TERMS = "terms"
CONSISTENCY = {level.value: level for level in ConsistencyLevel}


def home_id(home: Home) -> str:
    """Return the name of this `KB_HOME` on shared servers: 12 hexadecimal digits, made at random on first use.

    A path would not do: in containers every home has the same one. The id is not in backups, so a restored home builds
    an index of its own.

    Raises:
        BackendError: There is none yet and the home cannot be written.
    """
    if postgres_url():  # one index for all machines that share the catalogue
        with closing(PostgresConnection(postgres_url())) as connection:
            return connection.database_id()
    path = home.root / "weaviate-id"
    try:
        if not path.exists():
            home.root.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{path}.lock"):
                if not path.exists():
                    with atomic_write(path) as handle:
                        handle.write(os.urandom(6).hex().encode())
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise BackendError(f"{path}: {error.strerror}", hint="KB_HOME=/a/writable/folder kb ingest PATH") from error


def collection_name(home: str, collection: str) -> str:
    """Return Weaviate's name for a collection of a home; different pairs give names that differ even without case.

    Weaviate wants a capital first, then letters, digits and underscores, and takes names that differ in case alone for
    the same. Small letters and digits stay; any other sign becomes an underscore and two hexadecimal digits.
    """
    plain = "abcdefghijklmnopqrstuvwxyz0123456789"
    return f"{PREFIX}{home}_" + "".join(sign if sign in plain else f"_{ord(sign):02x}" for sign in collection)


def searched_terms(text: str) -> str:
    """Return the stems of a text, separated by blanks: what BM25 sees of chunks and of queries.

    Weaviate does not stem, and would find no heron for herons.
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return " ".join(terms(plain))


def definition(settings: WeaviateSettings) -> dict[str, Any]:
    """Return the arguments with which a collection is created; replication and shards cannot be changed later."""
    quantizers = {
        "none": Configure.VectorIndex.Quantizer.none(),
        "rq8": Configure.VectorIndex.Quantizer.rq(bits=8),
        "rq1": Configure.VectorIndex.Quantizer.rq(bits=1),
    }
    return {
        "description": "Derived from a kb catalogue; kb reindex --store weaviate builds it anew.",
        "vector_config": Configure.Vectors.self_provided(
            vector_index_config=Configure.VectorIndex.hnsw(
                distance_metric=VectorDistances.COSINE, quantizer=quantizers[settings.quantizer]
            )
        ),
        "properties": [
            _text(CHUNK_ID, Tokenization.FIELD),
            _text(SHA256, Tokenization.FIELD, filterable=True),
            Property(name=PAGE, data_type=DataType.INT, index_filterable=True),
            _text(TEXT, Tokenization.WORD),
            _text(TERMS, Tokenization.WHITESPACE, searchable=True),
        ],
        "sharding_config": Configure.sharding(desired_count=settings.shards),
        # A node that missed a deletion must not bring the objects back, nor one that missed what was added again since.
        "replication_config": Configure.replication(
            factor=settings.replication or None,
            async_enabled=settings.replication != 1,
            deletion_strategy=ReplicationDeletionStrategy.TIME_BASED_RESOLUTION,
        ),
    }


def _text(name: str, tokenization: Tokenization, *, filterable: bool = False, searchable: bool = False) -> Property:
    return Property(
        name=name,
        data_type=DataType.TEXT,
        tokenization=tokenization,
        index_filterable=filterable,
        index_searchable=searchable,
    )


def as_object(row: EmbeddedChunk) -> DataObject[dict[str, Any], None]:
    """Return a chunk as Weaviate takes it; its id depends on the chunk's alone, so adding twice replaces."""
    text = word_text(row.chunk, row.language)
    vector: Any = row.vector
    return DataObject(
        uuid=uuid.uuid5(uuid.NAMESPACE_URL, row.chunk.id),
        vector=vector,
        properties={
            CHUNK_ID: row.chunk.id,
            SHA256: row.chunk.sha256,
            PAGE: row.chunk.page,
            TEXT: text,
            TERMS: searched_terms(text),
        },
    )
