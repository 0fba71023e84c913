"""Formats left to langchain-community's loaders (extra: community); what they give is taken as plain text.

They cannot tell hidden text, so only invisible characters are removed.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from core.errors import DataError
from core.machine.install import missing_extra
from core.settings import IngestSettings
from rag.load.outline import Outline
from rag.load.sections import SectionReader
from rag.load.text.plain import elements_of

_LOADERS = {".msg": "OutlookMessageLoader", ".odt": "UnstructuredODTLoader"}


def read_extended(path: Path, kind: str, limits: IngestSettings) -> SectionReader:
    """Open a file with the community loader of its suffix.

    Raises:
        DataError: The loader cannot read it.
        MissingExtra: langchain-community, or the package its loader needs, is not installed.
    """
    try:
        loaders = importlib.import_module("langchain_community.document_loaders")
    except ImportError as error:
        raise missing_extra(f"reading {kind}", "community") from error
    try:
        documents = getattr(loaders, _LOADERS[kind])(str(path)).load()
    except ImportError as error:
        package = error.name or "unstructured"
        raise missing_extra(f"reading {kind}", "community", package) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(f"cannot be read: {error}", path=path) from error
    text = "\n\n".join(document.page_content for document in documents)
    return SectionReader(path, kind, f"langchain-community {_LOADERS[kind]}", Outline(elements_of(text)), limits)
