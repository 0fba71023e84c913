"""As much of CSS as hiding text takes: display, visibility, opacity, size, colour on background, place.

Knows declarations and simple selectors, no HTML tree. A value it does not understand hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rag.load.web.visible import MIN_CONTRAST, TINY_PT

Colour = tuple[int, int, int]

_FAR_PX = 500.0  # text moved this far out of its place is out of the window
_OPAQUE = 0.1
_PT = {"pt": 1.0, "px": 0.75, "in": 72.0, "cm": 28.35, "mm": 2.835, "pc": 12.0}
_ROOT_PT = 12.0
_NAMES: Mapping[str, Colour] = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245),
    "floralwhite": (255, 250, 240),
    "silver": (192, 192, 192),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "red": (255, 0, 0),
    "maroon": (128, 0, 0),
    "yellow": (255, 255, 0),
    "olive": (128, 128, 0),
    "lime": (0, 255, 0),
    "green": (0, 128, 0),
    "aqua": (0, 255, 255),
    "teal": (0, 128, 128),
    "blue": (0, 0, 255),
    "navy": (0, 0, 128),
    "fuchsia": (255, 0, 255),
    "purple": (128, 0, 128),
    "orange": (255, 165, 0),
}
_AT_BLOCK = re.compile(r"@[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|@[^{};]*;|/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SIMPLE = re.compile(r"[a-z][a-z0-9]*|(?:[a-z][a-z0-9]*)?[.#][\w-]+", re.IGNORECASE)
_NUMBER = re.compile(r"([-+]?[\d.]+)\s*([a-z%]*)")
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+)(%?))?\s*\)")


@dataclass(frozen=True, slots=True)
class Look:
    """How text inside an element appears.

    Attributes:
        gone: Whether the element or one around it is not displayed.
        visible: Whether `visibility` lets it show.
        faint: Whether its opacity leaves nothing to see.
        away: Whether it is moved or clipped out of view.
        size_pt: Font size, points.
        colour: Text colour; `None` when transparent.
        background: What is behind it; `None` when not known (an image, a name not listed).
    """

    gone: bool = False
    visible: bool = True
    faint: bool = False
    away: bool = False
    size_pt: float = _ROOT_PT
    colour: Colour | None = (0, 0, 0)
    background: Colour | None = (255, 255, 255)

    @property
    def hidden(self) -> str:
        """Why the text does not show, `""` when it does."""
        if self.gone or not self.visible:
            return "not_displayed"
        if self.away:
            return "off_page"
        if self.size_pt < TINY_PT:
            return "tiny"
        if self.faint or self.colour is None:
            return "no_contrast"
        if self.background is not None:
            apart = max(abs(one - other) for one, other in zip(self.colour, self.background, strict=True))
            return "no_contrast" if apart < MIN_CONTRAST else ""
        return ""


class Stylesheet:
    """Rules of `<style>` elements that have simple selectors."""

    def __init__(self, text: str) -> None:
        self._rules: dict[str, dict[str, str]] = {}
        for selectors, body in _RULE.findall(_AT_BLOCK.sub(" ", text)):
            for selector in selectors.split(","):
                if _SIMPLE.fullmatch(selector.strip()):
                    self._rules.setdefault(selector.strip().lower(), {}).update(_declarations(body))

    def look(self, tag: str, attributes: Mapping[str, str], outer: Look) -> Look:
        """Return how an element looks inside one that looks like `outer`."""
        merged: dict[str, str] = {}
        classes = attributes.get("class", "").lower().split()
        marks = [f".{name}" for name in classes] + [f"#{attributes.get('id', '').lower()}"]
        for selector in [tag, *marks, *(tag + mark for mark in marks)]:
            merged |= self._rules.get(selector, {})
        if "bgcolor" in attributes:
            merged["background-color"] = attributes["bgcolor"].lower()
        if tag == "font" and "color" in attributes:
            merged["color"] = attributes["color"].lower()
        if tag == "body" and "text" in attributes:
            merged["color"] = attributes["text"].lower()
        merged |= _declarations(attributes.get("style", ""))
        look = _apply(merged, outer) if merged else outer
        return replace(look, gone=True) if "hidden" in attributes else look


def _declarations(body: str) -> dict[str, str]:
    found = {}
    for declaration in body.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            found[name.strip().lower()] = value.replace("!important", "").strip().lower()
    return found


def _apply(style: Mapping[str, str], outer: Look) -> Look:
    look = replace(
        outer,
        gone=outer.gone or style.get("display") == "none" or style.get("content-visibility") == "hidden",
        visible=style.get("visibility", "visible" if outer.visible else "hidden") not in ("hidden", "collapse"),
        faint=outer.faint or _number(style.get("opacity", "1")) < _OPAQUE,
        away=outer.away or _is_away(style),
        size_pt=_size(style.get("font-size", ""), outer.size_pt),
    )
    if "color" in style and style["color"] not in ("inherit", "currentcolor"):
        value = style["color"]
        colour = None if value == "transparent" else _colour(value)
        look = replace(look, colour=colour if value == "transparent" or colour else outer.colour)
    background = style.get("background-color") or style.get("background")
    if "background-image" in style or (background and ("url(" in background or "gradient(" in background)):
        return replace(look, background=None)
    if background and background not in ("transparent", "none", "inherit", "initial"):
        return replace(look, background=_colour(background.split(" ")[0] if "rgb" not in background else background))
    return look


def _is_away(style: Mapping[str, str]) -> bool:
    if _pixels(style.get("text-indent", "")) <= -_FAR_PX:
        return True
    cut = style.get("overflow", "") == "hidden" or style.get("position") in ("absolute", "fixed")
    if cut and any(style.get(name, "").rstrip("px") == "0" for name in ("height", "width", "max-height", "max-width")):
        return style.get("overflow", "") == "hidden"
    if style.get("position") in ("absolute", "fixed", "relative"):
        if any(abs(_pixels(style.get(name, ""))) >= _FAR_PX * 4 for name in ("left", "top", "right", "bottom")):
            return True
        if any(_pixels(style.get(name, "")) <= -_FAR_PX for name in ("left", "top")):
            return True
    clip = style.get("clip", "") + style.get("clip-path", "")
    return bool(re.search(r"rect\(\s*0(px)?[\s,]+0(px)?[\s,]+0(px)?[\s,]+0(px)?\s*\)|inset\(\s*(50|100)%", clip))


def _number(value: str) -> float:
    match = _NUMBER.fullmatch(value)
    if match is None or match[1].strip("+-.") == "" or match[1].count(".") > 1:
        return 1.0
    return float(match[1]) / (100 if match[2] == "%" else 1)


def _pixels(value: str) -> float:
    match = _NUMBER.fullmatch(value)
    if match is None or match[1].strip("+-.") == "" or match[1].count(".") > 1:
        return 0.0
    unit = match[2] or "px"
    return float(match[1]) * (_PT[unit] / _PT["px"] if unit in _PT else 16.0 if unit in ("em", "rem") else 8.0)


def _size(value: str, outer_pt: float) -> float:
    """Return a font size in points; relative to `outer_pt` for em and %."""
    match = _NUMBER.fullmatch(value)
    if match is None or match[1].strip("+-.") == "" or match[1].count(".") > 1:
        return outer_pt
    number, unit = float(match[1]), match[2]
    if unit in _PT:
        return number * _PT[unit]
    relative = {"em": outer_pt, "%": outer_pt / 100, "rem": _ROOT_PT, "ex": outer_pt / 2, "vw": 8.0, "vh": 6.0}
    return number * relative[unit] if unit in relative else 0.0 if number == 0 else outer_pt


def _colour(value: str) -> Colour | None:
    """Return red, green, blue of a CSS colour; `None` when it is not understood or lets everything through."""
    if value in _NAMES:
        return _NAMES[value]
    digits = value.removeprefix("#")
    if re.fullmatch(r"[0-9a-f]{3,4}", digits):
        digits = "".join(2 * digit for digit in digits)
    if re.fullmatch(r"[0-9a-f]{6}(?:[0-9a-f]{2})?", digits):
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    match = _RGB.search(value)
    if match is None:
        return None
    return int(match[1]), int(match[2]), int(match[3])
