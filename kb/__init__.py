"""Your documents, answered with quotes and true page numbers.

`from kb import KnowledgeBase` is the public Python API; everything else under `kb` may change. The class is imported
when it is first named, so that `import kb` and the help of the command line cost nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kb.api import KnowledgeBase as KnowledgeBase

__all__ = ["KnowledgeBase"]


def __getattr__(name: str) -> Any:
    if name == "KnowledgeBase":
        from kb.api import KnowledgeBase

        return KnowledgeBase
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
