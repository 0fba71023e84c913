"""Connected components of an undirected graph whose nodes are the numbers 0 to n - 1."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def components(
    n: int, edges: Iterable[NDArray[np.uint32]], labels: NDArray[np.uint32] | None = None
) -> NDArray[np.uint32]:
    """Return per node the least node of its component, shape `(n,)`.

    Args:
        n: Number of nodes.
        edges: Arrays of node pairs, each of shape `(m, 2)`.
        labels: Components found before, shape `(n,)`, to be joined further.
    """
    known = [] if labels is None else [np.stack([np.arange(n, dtype=np.uint32), labels], axis=1)]
    pairs = np.concatenate([np.empty((0, 2), dtype=np.uint32), *known, *edges]).astype(np.int32)
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, numbers = connected_components(graph, directed=False)
    _, first_nodes = np.unique(numbers, return_index=True)
    return np.asarray(first_nodes[numbers], dtype=np.uint32)
