"""Which targets of links are worth standing beside their text."""

from __future__ import annotations

MAX_TARGET_CHARS = 500
_SCHEMES = ("http:", "https:", "mailto:", "tel:", "ftp:")


def target_of(href: str, *, relative: bool = True) -> str:
    """Return a link's target as it stands beside the link's text; `""` for places on the same page and for scripts.

    Args:
        href: As written.
        relative: Whether an address without a scheme says something to a reader.
    """
    href = "".join(href.split())
    scheme, colon, _ = href.partition(":")
    has_scheme = bool(colon) and scheme.replace("+", "").replace("-", "").isalnum()
    if not href or href.startswith("#") or len(href) > MAX_TARGET_CHARS:
        return ""
    if not (has_scheme or relative):
        return ""
    if has_scheme and not href.lower().startswith(_SCHEMES):
        return ""
    return href.split(":", 1)[1] if href.lower().startswith(("mailto:", "tel:")) else href
