"""How text inside an element appears, from its cascaded style and the look of the element around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rag.load.web.values import Colour, colour, over, pixels, split, substituted, tokens_of, transformed
from rag.load.web.visible import MIN_CONTRAST, TINY_PT

_WHITE: Colour = (1.0, 1.0, 1.0, 1.0)
_BLACK: Colour = (0.0, 0.0, 0.0, 1.0)
_FAR_PX = 500.0  # text moved this far out of its place, up or left, is out of the window
_BEYOND_PX = 2000.0  # the same, right or down, where a window may be scrolled
_SLIT_PX = 2.0  # a box cut to this height or width shows no letter
_OPAQUE = 0.1
_PX_PER_PT = 4 / 3
_ROOT_PX = 16.0
_SIZES = {
    "xx-small": 9.0,
    "x-small": 10.0,
    "small": 13.0,
    "medium": 16.0,
    "large": 18.0,
    "x-large": 24.0,
    "xx-large": 32.0,
    "xxx-large": 48.0,
}
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike "
    "strong sub sup time tt u var".split()
)
_CUTS = frozenset({"hidden", "clip", "scroll", "auto"})
_OUT_OF_FLOW = ("absolute", "fixed")
_KEEPS = ("inherit", "currentcolor", "unset", "revert", "revert-layer")


@dataclass(frozen=True, slots=True)
class Look:
    """How text inside an element appears.

    Attributes:
        gone: Whether the element or one around it is not displayed.
        visible: Whether `visibility` lets it show.
        opacity: What is left after all elements around it, 0 to 1.
        away: Whether it is moved or clipped out of view.
        size_px: Font size, CSS pixels, before scaling.
        scale: Factor of the transforms around it.
        colour: Text colour with its alpha.
        background: What is behind it; `None` when not known (an image, a colour that is not understood).
        indent_px: Indentation of first lines, inherited.
        custom: Custom properties.
    """

    gone: bool = False
    visible: bool = True
    opacity: float = 1.0
    away: bool = False
    size_px: float = _ROOT_PX
    scale: float = 1.0
    colour: Colour = _BLACK
    background: Colour | None = _WHITE
    indent_px: float = 0.0
    custom: Mapping[str, str] = field(default_factory=dict)

    @property
    def hidden(self) -> str:
        """Why the text does not show, `""` when it does."""
        if self.gone or not self.visible:
            return "not_displayed"
        if self.away or self.indent_px <= -_FAR_PX:
            return "off_page"
        if self.size_px * self.scale < TINY_PT * _PX_PER_PT:
            return "tiny"
        if self.opacity < _OPAQUE or self.colour[3] < _OPAQUE:
            return "no_contrast"
        if self.background is not None:
            seen = over((*self.colour[:3], self.colour[3] * self.opacity), self.background)
            apart = max(abs(a - b) for a, b in zip(seen[:3], self.background[:3], strict=True))
            return "no_contrast" if apart * 255 < MIN_CONTRAST else ""
        return ""


def look_of(tag: str, style: Mapping[str, str], outer: Look) -> Look:
    """Return the look inside an element.

    Args:
        tag: Its name, for what it displays as by default.
        style: Its cascaded values, as `rag.load.web.sheet.Sheet.style` gives them.
        outer: The look of the element around it.
    """
    if not style:
        return outer
    custom = outer.custom
    own = {name: value for name, value in style.items() if name.startswith("--")}
    if own:
        custom = {**custom, **own}
    values = {
        name: resolved.strip().lower()
        for name, value in style.items()
        if not name.startswith("--") and (resolved := substituted(value, custom)) is not None
    }
    size_px = _font_size(values, outer.size_px)
    is_inline = _is_inline(tag, values)
    look = replace(
        outer,
        custom=custom,
        gone=outer.gone or values.get("display") == "none" or values.get("content-visibility") == "hidden",
        visible=_visible(values.get("visibility", ""), outer),
        opacity=outer.opacity * _opacity(values),
        size_px=size_px,
        scale=outer.scale * (1.0 if is_inline else _scale(values, size_px)),
        away=outer.away or _is_away(values, size_px, is_inline),
        indent_px=_indent(values.get("text-indent", ""), size_px, outer.indent_px),
    )
    return _coloured(look, values)


def _is_inline(tag: str, values: Mapping[str, str]) -> bool:
    """Tell whether an element is in a line of text, where sizes and transforms do nothing."""
    display = values.get("display", "inline" if tag in _INLINE else "block")
    floats = values.get("float", "none") != "none" or values.get("position") in _OUT_OF_FLOW
    return display in ("inline", "contents") and not floats


def _visible(value: str, outer: Look) -> bool:
    return {"visible": True, "initial": True, "hidden": False, "collapse": False}.get(value, outer.visible)


def _opacity(values: Mapping[str, str]) -> float:
    factor = _fraction(values.get("opacity", ""), 1.0)
    for token in tokens_of(values.get("filter", "")):
        if token.type == "function" and token.lower_name == "opacity":
            parts = split(token.arguments)
            number = pixels(parts[0][0].serialize(), 0.0, 1.0) if parts[0] else None
            factor *= 1.0 if number is None else number
    return min(1.0, max(0.0, factor))


def _fraction(value: str, default: float) -> float:
    number = pixels(value, 0.0, 1.0)
    return default if number is None else number


def _scale(values: Mapping[str, str], size_px: float) -> float:
    factor, _, _ = transformed(values.get("transform", ""), size_px)
    for token in tokens_of(values.get("scale", "")):
        if token.type in ("number", "percentage"):
            factor *= abs(token.value / (100 if token.type == "percentage" else 1))
    zoom = _fraction(values.get("zoom", ""), 1.0)
    return factor * (zoom or 1.0)  # a zoom of 0 is read as 1


def _font_size(values: Mapping[str, str], outer_px: float) -> float:
    value = values.get("font-size", "")
    if not value and "font" in values:
        # In the shorthand the size stands before the slash and the family, after keywords and weights.
        tokens = tokens_of(values["font"])
        sized = [
            token
            for token in tokens
            if token.type in ("dimension", "percentage", "function")
            or (token.type == "ident" and token.lower_value in (*_SIZES, "smaller", "larger"))
            or (token.type == "number" and token.value == 0)
        ]
        value = sized[0].serialize() if sized else ""
    if value in _SIZES:
        return _SIZES[value]
    if value in ("smaller", "larger"):
        return outer_px * (1.2 if value == "larger" else 1 / 1.2)
    if value == "initial":
        return _ROOT_PX
    size_px = pixels(value, outer_px, outer_px)
    number = tokens_of(value)[:1]
    unitless = bool(number) and number[0].type == "number" and number[0].value != 0
    return outer_px if size_px is None or size_px < 0 or unitless else size_px


def _indent(value: str, size_px: float, outer_px: float) -> float:
    number = pixels(value.split(" ")[0], size_px, 1280.0) if value else None
    return outer_px if number is None else number


def _is_away(values: Mapping[str, str], size_px: float, is_inline: bool) -> bool:
    """Tell whether an element is cut to nothing, or moved out of the window."""
    positioned = values.get("position") in (*_OUT_OF_FLOW, "relative", "sticky")
    if not is_inline and (_is_slit(values, size_px) or _is_pushed_out(values, size_px)):
        return True
    if positioned and _is_offset(values, size_px):
        return True
    if not is_inline:
        _, right, down = transformed(values.get("transform", ""), size_px)
        shift = [pixels(token.serialize(), size_px, 100.0) or 0.0 for token in tokens_of(values.get("translate", ""))]
        right, down = right + sum(shift[:1]), down + sum(shift[1:2])
        if min(right, down) <= -_FAR_PX or max(right, down) >= _BEYOND_PX:
            return True
    for name in ("margin-left", "margin-top"):
        if (_side(values, name, size_px) or 0.0) <= -_FAR_PX:
            return True
    return _is_clipped(values, size_px)


def _is_slit(values: Mapping[str, str], size_px: float) -> bool:
    cut = {
        axis for axis in ("x", "y") if {values.get(f"overflow-{axis}", ""), *values.get("overflow", "").split()} & _CUTS
    }
    if not cut:
        return False
    limits = [values.get(name, "") for name in ("height", "max-height", "width", "max-width")]
    numbers = [pixels(limit, size_px, 720.0) for limit in limits if limit]
    return any(number is not None and number < _SLIT_PX for number in numbers)


def _is_pushed_out(values: Mapping[str, str], size_px: float) -> bool:
    """Tell whether the first line is indented out of a box that cuts it and does not wrap it."""
    indent = _indent(values.get("text-indent", ""), size_px, 0.0)
    cuts = {values.get("overflow-x", ""), *values.get("overflow", "").split()} & {"hidden", "clip"}
    return indent >= 1280.0 and bool(cuts) and values.get("white-space") == "nowrap"


def _side(values: Mapping[str, str], name: str, size_px: float) -> float | None:
    if name in values:
        return pixels(values[name], size_px, 1280.0)
    shorthand = tokens_of(values.get("inset" if not name.startswith("margin") else "margin", ""))
    place = {"top": 0, "right": 1, "bottom": 2, "left": 3}[name.removeprefix("margin-")]
    order = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}.get(len(shorthand))
    return None if order is None else pixels(shorthand[order[place]].serialize(), size_px, 1280.0)


def _is_offset(values: Mapping[str, str], size_px: float) -> bool:
    sides = {name: _side(values, name, size_px) for name in ("left", "top", "right", "bottom")}
    if any((sides[name] or 0.0) <= -_FAR_PX for name in ("left", "top")):
        return True
    return any(abs(number) >= _BEYOND_PX for number in sides.values() if number is not None)


def _is_clipped(values: Mapping[str, str], size_px: float) -> bool:
    for token in tokens_of(values.get("clip", "")):
        if token.type == "function" and token.lower_name == "rect" and values.get("position") in _OUT_OF_FLOW:
            edges = [pixels(part.serialize(), size_px) for part in token.arguments if part.type in _NUMBERS]
            if len(edges) == 4 and None not in edges:
                top, right, bottom, left = (edge or 0.0 for edge in edges)
                return bottom - top < _SLIT_PX or right - left < _SLIT_PX
    for token in tokens_of(values.get("clip-path", "")):
        if token.type != "function":
            continue
        numbers = [part for part in token.arguments if part.type in _NUMBERS]
        if token.lower_name == "inset" and numbers:
            shares = [number.value if number.type == "percentage" else 0.0 for number in numbers[:4]]
            top, right, bottom, left = (shares * 4)[:4] if len(shares) == 1 else _four(shares)
            if top + bottom >= 99.0 or left + right >= 99.0:
                return True
        if token.lower_name in ("circle", "ellipse") and numbers and numbers[0].value < _SLIT_PX:
            return True
        if token.lower_name == "polygon" and _is_flat(numbers):
            return True
    return False


_NUMBERS = ("number", "percentage", "dimension")


def _four(shares: list[float]) -> tuple[float, float, float, float]:
    top, right = shares[0], shares[1]
    return top, right, shares[2] if len(shares) > 2 else top, shares[3] if len(shares) > 3 else right


def _is_flat(numbers: list[object]) -> bool:
    points = [float(getattr(number, "value", 0.0)) for number in numbers]
    across, down = points[0::2], points[1::2]
    return len(points) >= 2 and (max(across) - min(across) < 1 or max(down, default=0) - min(down, default=0) < 1)


def _coloured(look: Look, values: Mapping[str, str]) -> Look:
    if "text" in (values.get("background-clip"), values.get("-webkit-background-clip")):
        return replace(look, colour=_BLACK, background=None)  # the letters show what is behind them
    ink = values.get("-webkit-text-fill-color") or values.get("color", "")
    if ink == "initial":
        look = replace(look, colour=_BLACK)
    elif ink and ink not in _KEEPS:
        look = replace(look, colour=colour(ink) or look.colour)
    behind = _background(values, look)
    return look if behind == "" else replace(look, background=behind if isinstance(behind, tuple) else None)


def _background(values: Mapping[str, str], look: Look) -> Colour | str | None:
    """Return what is behind the text now, `None` where that is not known, `""` where it stays what it was."""
    image = values.get("background-image", "")
    value = values.get("background", "")
    if any("url(" in part or "gradient(" in part or "image" in part for part in (image, value)):
        return None
    plain = values.get("background-color") or value
    if not plain or plain in ("none", "inherit", "initial", "unset"):
        return ""
    if plain == "currentcolor":
        painted: Colour | None = look.colour
    else:
        colours = [parsed for token in tokens_of(plain) if (parsed := colour(token.serialize())) is not None]
        painted = colours[0] if colours else None
    if painted is None:
        return None
    if look.background is None:
        return painted if painted[3] == 1.0 else None
    return over(painted, look.background)
