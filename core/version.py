"""The name under which the project is distributed, and the version of this copy."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

# `kb` on the package index is another project; the packages that are imported, and the command, keep their short names.
DISTRIBUTION = "kb-cited"
_UNINSTALLED = "0+uninstalled"


@cache
def project_version() -> str:
    """Return the version of this copy, which is made from the tags of the repository when it is built or installed.

    Returns:
        Such as `0.1.0`, or `0.1.1.dev3+g1a2b3c4` between two releases; `0+uninstalled` where the sources are imported
        without an installation.
    """
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return _UNINSTALLED
