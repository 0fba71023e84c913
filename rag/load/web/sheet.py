"""Style sheets of a page as a browser window applies them: rules by specificity, layers, importance and order.

Understands `@media` for a screen of 1,280 by 720 pixels, `@supports`, `@layer` and nested rules. Loads nothing: a
sheet behind an address is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import cssselect2
import tinycss2

from rag.load.web.values import WINDOW_HEIGHT_PX, WINDOW_WIDTH_PX, pixels

# What hiding text takes; everything else is left out when a sheet is read.
PROPERTIES = frozenset(
    "display visibility content-visibility opacity color background background-color background-image font "
    "font-size text-indent white-space position left top right bottom inset clip clip-path overflow "
    "overflow-x overflow-y height width max-height max-width transform scale translate zoom filter "
    "margin-left margin-top margin all float background-clip -webkit-background-clip "
    "-webkit-text-fill-color -webkit-mask-image mask-image".split()
)
# Pseudo-classes that browsers know and the selector library does not; they match nothing here.
_BROWSERS_KNOW = re.compile(
    r":(?:placeholder-shown|default|indeterminate|required|optional|read-only|read-write|valid|invalid|in-range"
    r"|out-of-range|autofill|fullscreen|modal|popover-open|open|defined|dir|state|blank|picture-in-picture|-\w+-[\w-]+)\b"
)
_COMPARISON = re.compile(r"(<=|>=|<|>)")
_MAX_NESTING = 8
_MAX_SELECTORS = 20_000
_LOW_LAYER, _NO_LAYER = 0, 1
_SPECIFICITY_OF_STYLE = (1 << 20, 0, 0)

Declarations = tuple[tuple[str, str, bool], ...]  # name, value, whether it is important


@lru_cache(maxsize=8192)
def declarations_of(text: str) -> Declarations:
    """Return the declarations of a `style` attribute."""
    return _declarations(tinycss2.parse_declaration_list(text, skip_comments=True, skip_whitespace=True))


def _declarations(nodes: Iterable[Any]) -> Declarations:
    out = []
    for node in nodes:
        if node.type == "declaration" and (node.lower_name in PROPERTIES or node.name.startswith("--")):
            name = node.name if node.name.startswith("--") else node.lower_name
            out.append((name, tinycss2.serialize(node.value).strip(), bool(node.important)))
    return tuple(out)


class Sheet:
    """The rules of a page's style sheets.

    Args:
        texts: Style sheets in order, each with the `media` it is for.
        quirks: Whether the page has no document type, so that classes and ids compare without case.
    """

    def __init__(self, texts: Iterable[tuple[str, str]], *, quirks: bool = False) -> None:
        self._matcher = cssselect2.Matcher()
        self._quirks = quirks
        self._count = 0
        for text, media in texts:
            if not media.strip() or media_matches(media):
                nodes = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
                self._add(nodes, "", _NO_LAYER, 0)

    @property
    def is_empty(self) -> bool:
        """Whether it has no rule that could hide text."""
        return self._count == 0

    def style(self, element: Any, inline: str, hints: Mapping[str, str]) -> dict[str, str]:
        """Return the cascaded values of an element.

        Args:
            element: Its `cssselect2.ElementWrapper`; `None` where no rule can match.
            inline: Its `style` attribute.
            hints: What old presentation attributes say; any rule overrides them.
        """
        rules: list[tuple[tuple[int, ...], Declarations]] = []
        if element is not None and self._count:
            for specificity, order, pseudo, (layer, declarations) in self._matcher.match(element):
                if pseudo is None:
                    rules.append(((layer, *specificity, order), declarations))
        if inline:
            rules.append(((2, *_SPECIFICITY_OF_STYLE, 0), declarations_of(inline)))
        rules.sort(key=lambda rule: rule[0])
        out = dict(hints)
        for important in (False, True):
            for _, declarations in rules:
                for name, value, is_important in declarations:
                    if is_important == important:
                        _set(out, name, value)
        return out

    def _add(self, nodes: Iterable[Any], parent: str, layer: int, depth: int) -> None:
        """Add rules, those of blocks that apply included."""
        if depth > _MAX_NESTING:
            return
        for node in nodes:
            if node.type == "at-rule" and node.content is not None:
                if _applies(node.lower_at_keyword, tinycss2.serialize(node.prelude)):
                    inner = _LOW_LAYER if node.lower_at_keyword == "layer" else layer
                    self._add_block(node.content, parent, inner, depth)
            elif node.type == "qualified-rule":
                selector = _nested(tinycss2.serialize(node.prelude).strip(), parent)
                self._add_block(node.content, selector, layer, depth)

    def _add_block(self, content: Sequence[Any], selector: str, layer: int, depth: int) -> None:
        """Add what stands between braces: declarations of `selector`, and rules nested in it."""
        if selector:
            nodes = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
        else:
            nodes = tinycss2.parse_rule_list(content, skip_comments=True, skip_whitespace=True)
        declarations = _declarations(nodes)
        if declarations and selector:
            self._add_rule(selector, declarations, layer)
        self._add([node for node in nodes if node.type != "declaration"], selector, layer, depth + 1)

    def _add_rule(self, selector: str, declarations: Declarations, layer: int) -> None:
        for compiled in _compiled(selector.lower() if self._quirks else selector):
            if self._count < _MAX_SELECTORS:
                self._matcher.add_selector(compiled, (layer, declarations))
                self._count += 1


def _set(out: dict[str, str], name: str, value: str) -> None:
    """Set a value; a shorthand drops the longhands that it stands for."""
    if name == "background":
        out.pop("background-color", None)
        out.pop("background-image", None)
    elif name == "font":
        out.pop("font-size", None)
    elif name == "inset":
        for side in ("left", "top", "right", "bottom"):
            out.pop(side, None)
    elif name == "margin":
        out.pop("margin-left", None)
        out.pop("margin-top", None)
    elif name == "all":
        for other in [other for other in out if not other.startswith("--")]:
            out.pop(other)
    out.pop(name, None)
    out[name] = value


def _compiled(selector: str) -> list[Any]:
    """Return the selectors of a list; one that no browser knows makes the whole rule void, as in a browser."""
    try:
        return list(cssselect2.compile_selector_list(selector))
    except (cssselect2.SelectorError, NotImplementedError, RecursionError, SyntaxError, MemoryError):
        pass
    out = []
    for part in _split_selectors(selector):
        try:
            out += cssselect2.compile_selector_list(part)
        except (cssselect2.SelectorError, NotImplementedError, RecursionError, SyntaxError, MemoryError):
            if not _BROWSERS_KNOW.search(part):
                return []
    return out


def _split_selectors(selector: str) -> list[str]:
    parts: list[list[Any]] = [[]]
    for token in tinycss2.parse_component_value_list(selector):
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts] if len(parts) > 1 else []


def _nested(selector: str, parent: str) -> str:
    if not parent:
        return selector
    if "&" in selector:
        return selector.replace("&", f":is({parent})")
    return ", ".join(f":is({parent}) {part}" for part in _split_selectors(selector) or [selector])


def _applies(keyword: str, prelude: str) -> bool:
    if keyword == "media":
        return media_matches(prelude)
    if keyword == "supports":
        return not prelude.strip().lower().startswith("not")
    return keyword == "layer"


def media_matches(query: str) -> bool:
    """Tell whether one of the media queries of a list holds for a screen in a light colour scheme."""
    return any(_query(part) for part in query.lower().split(","))


def _query(query: str) -> bool:
    words = query.replace("(", " ( ").replace(")", " ) ").split()
    if not words:
        return True
    negated = words[0] == "not"
    words = words[1:] if words[0] in ("not", "only") else words
    result = True
    if words and words[0] != "(":
        result = words[0] in ("all", "screen")
    text = " ".join(words)
    features = [part.split(" ) ")[0].split(" )")[0].strip() for part in text.split("( ")[1:]]
    holds = any(map(_feature, features)) if " or " in text else all(map(_feature, features))
    return (result and holds) != negated


def _feature(feature: str) -> bool:
    """Tell whether a feature of a media query holds; one that is not known does not."""
    if "<" in feature or ">" in feature:
        return _range(feature)
    name, _, value = (part.strip() for part in feature.partition(":"))
    stated = {"width": WINDOW_WIDTH_PX, "height": WINDOW_HEIGHT_PX}
    for prefix, test in (("min-", float.__ge__), ("max-", float.__le__)):
        if name.removeprefix(prefix) in stated and name.startswith(prefix):
            limit = pixels(value, 16.0)
            return limit is not None and test(stated[name.removeprefix(prefix)], float(limit))
    known = {
        "orientation": "landscape",
        "prefers-color-scheme": "light",
        "hover": "hover",
        "pointer": "fine",
        "any-hover": "hover",
        "any-pointer": "fine",
        "scripting": "enabled",
        "update": "fast",
        "prefers-reduced-motion": "no-preference",
        "prefers-contrast": "no-preference",
        "display-mode": "browser",
        "color": "",
        "width": "",
        "height": "",
    }
    return name in known and value in ("", known[name])


def _range(feature: str) -> bool:
    """Tell whether `width >= 40em` or `400px <= width < 900px` holds."""
    sizes = {"width": WINDOW_WIDTH_PX, "height": WINDOW_HEIGHT_PX}
    parts = [part.strip() for part in _COMPARISON.split(feature)]
    values = [sizes.get(part, pixels(part, 16.0)) for part in parts[::2]]
    for low, mark, high in zip(values, parts[1::2], values[1:], strict=False):
        if low is None or high is None:
            return False
        if not {"<=": low <= high, ">=": low >= high, "<": low < high, ">": low > high}[mark]:
            return False
    return True
