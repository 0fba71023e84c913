"""What an embedder is and what its identity holds.

An index is only as good as the promise that every vector in it came from the same model in the same way;
`EmbedderIdentity` is that promise, stored beside the vectors and compared for equality. This module knows
no model, no runtime and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderIdentity:
    """What must be equal for two vectors to be comparable.

    Precision is left out on purpose: bf16 and f32 vectors of one model agree to 0.9999 and may share an index.

    Attributes:
        model: Name and content hash of the weights, such as `minilm@53aa51172d14`.
        dimension: Length of a vector.
        pooling: `mean`, `cls`, or `server` where a server decides.
        query_prefix: Text put before every query.
        document_prefix: Text put before every document.
        max_tokens: Longest input, special tokens included.
    """

    model: str
    dimension: int
    pooling: str
    query_prefix: str = ""
    document_prefix: str = ""
    max_tokens: int

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reads it back to an equal identity."""
        return {
            "model": self.model,
            "dimension": self.dimension,
            "pooling": self.pooling,
            "query_prefix": self.query_prefix,
            "document_prefix": self.document_prefix,
            "max_tokens": self.max_tokens,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> EmbedderIdentity:
        """Read what `to_json` wrote.

        Raises:
            KeyError: A field is missing.
        """
        return cls(
            model=value["model"],
            dimension=int(value["dimension"]),
            pooling=value["pooling"],
            query_prefix=value["query_prefix"],
            document_prefix=value["document_prefix"],
            max_tokens=int(value["max_tokens"]),
        )


class Embedder(Protocol):
    """Turns text into unit vectors whose dot product is their cosine."""

    @property
    def identity(self) -> EmbedderIdentity:
        """What the vectors can be compared with."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return L2-normalised vectors, float32, shape `(len(texts), dimension)`, in the order given.

        Raises:
            ValueError: A text is longer than `identity.max_tokens`; nothing is cut silently.
        """
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return one L2-normalised vector, float32, shape `(dimension,)`; a long query is cut to the limit."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text as a document: prefix and special tokens included."""
        ...
