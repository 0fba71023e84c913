"""A Ray cluster on this machine, every node of it with processes of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[2]


@contextmanager
def ray_cluster(nodes: int) -> Iterator[Any]:
    """Start so many nodes with a core each, whose processes find this checkout; stop them at the end."""
    from ray.cluster_utils import Cluster

    with patch.dict(os.environ, {"PYTHONPATH": str(ROOT)}):
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1)
        try:
            yield cluster
        finally:
            cluster.shutdown()
