"""The parts of the Weaviate client that are used here, imported so that the process keeps its warnings filter.

Importing `weaviate` sets the filter to show every warning, those of other packages included.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    from weaviate import WeaviateClient
    from weaviate.auth import AuthApiKey
    from weaviate.classes.config import (
        Configure,
        ConsistencyLevel,
        DataType,
        Property,
        ReplicationDeletionStrategy,
        Tokenization,
        VectorDistances,
    )
    from weaviate.classes.data import DataObject
    from weaviate.classes.init import AdditionalConfig, Timeout
    from weaviate.classes.query import Filter, HybridFusion, MetadataQuery
    from weaviate.config import GrpcConfig
    from weaviate.connect import ConnectionParams
    from weaviate.exceptions import (
        UnexpectedStatusCodeError,
        WeaviateBaseError,
        WeaviateConnectionError,
        WeaviateTimeoutError,
    )
    from weaviate.logger import logger as client_log

__all__ = [
    "AdditionalConfig",
    "AuthApiKey",
    "Configure",
    "ConnectionParams",
    "ConsistencyLevel",
    "DataObject",
    "DataType",
    "Filter",
    "GrpcConfig",
    "HybridFusion",
    "MetadataQuery",
    "Property",
    "ReplicationDeletionStrategy",
    "Timeout",
    "Tokenization",
    "UnexpectedStatusCodeError",
    "VectorDistances",
    "WeaviateBaseError",
    "WeaviateClient",
    "WeaviateConnectionError",
    "WeaviateTimeoutError",
    "client_log",
]
