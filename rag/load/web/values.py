"""Values of CSS properties as numbers: lengths in pixels, colours, factors of transforms, custom properties."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import tinycss2
from tinycss2.color5 import parse_color

Colour = tuple[float, float, float, float]  # red, green, blue, alpha, each 0 to 1

# The window that a page is read in, in CSS pixels.
WINDOW_WIDTH_PX, WINDOW_HEIGHT_PX = 1280.0, 720.0
ROOT_PX = 16.0
_PX = {"px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 37.8, "mm": 3.78, "q": 0.945, "pc": 16.0}
_VIEWPORT = {
    "vw": WINDOW_WIDTH_PX,
    "vh": WINDOW_HEIGHT_PX,
    "vi": WINDOW_WIDTH_PX,
    "vb": WINDOW_HEIGHT_PX,
    "vmin": WINDOW_HEIGHT_PX,
    "vmax": WINDOW_WIDTH_PX,
}
_MAX_VARIABLES = 50  # substitutions in one value: cycles, and values that double themselves
_MAX_VALUE_CHARS = 4000
# CIE XYZ (D65; D50 by Bradford) to linear sRGB: CSS Color Module Level 4, section 18.
_TO_SRGB = {
    "xyz-d65": (
        (3.2409699, -1.5373832, -0.4986108),
        (-0.9692436, 1.8759675, 0.0415551),
        (0.0556301, -0.2039770, 1.0569715),
    ),
    "xyz-d50": (
        (3.1341359, -1.6173863, -0.4906620),
        (-0.9787955, 1.9162544, 0.0334427),
        (0.0719554, -0.2289768, 1.4053861),
    ),
}


@lru_cache(maxsize=4096)
def tokens_of(value: str) -> tuple[Any, ...]:
    """Return the tokens of a value without white space and comments."""
    tokens = tinycss2.parse_component_value_list(value, skip_comments=True)
    return tuple(token for token in tokens if token.type != "whitespace")


def colour(value: str) -> Colour | None:
    """Return a colour; `None` where it is not understood (`currentcolor` included)."""
    tokens = tokens_of(value)
    return _colour(tokens[0]) if len(tokens) == 1 else None


@lru_cache(maxsize=4096)
def _colour(token: Any) -> Colour | None:
    try:
        parsed = parse_color(token)
        if parsed is None or isinstance(parsed, str):
            return None
        if parsed.space not in ("srgb", "hsl", "hwb"):
            return _from_other_space(parsed)
        red, green, blue = parsed.to("srgb").coordinates
    except (ValueError, TypeError, NotImplementedError, AssertionError, IndexError):
        return None
    return red or 0.0, green or 0.0, blue or 0.0, parsed.alpha


def _from_other_space(parsed: Any) -> Colour | None:
    space = parsed.space if parsed.space in _TO_SRGB else "xyz-d50" if parsed.space in ("lab", "lch") else "xyz-d65"
    x, y, z = parsed.to(space).coordinates
    linear = [a * x + b * y + c * z for a, b, c in _TO_SRGB[space]]
    red, green, blue = (
        12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
        for channel in (min(1.0, max(0.0, channel)) for channel in linear)
    )
    return red, green, blue, parsed.alpha


def over(top: Colour, bottom: Colour) -> Colour:
    """Return what is seen of a colour painted over an opaque one."""
    alpha = top[3]
    mixed = [alpha * a + (1 - alpha) * b for a, b in zip(top[:3], bottom[:3], strict=True)]
    return mixed[0], mixed[1], mixed[2], 1.0


def pixels(value: str, em_px: float, percent_px: float | None = None) -> float | None:
    """Return a length in CSS pixels; `None` where it is not one.

    Args:
        value: A length, a percentage, or `calc()`, `min()`, `max()`, `clamp()` of them.
        em_px: The font size that `em` counts in.
        percent_px: What 100 % is; `None` makes a percentage no length.
    """
    tokens = tokens_of(value)
    return _length(tokens[0], em_px, percent_px) if len(tokens) == 1 else None


def _length(token: Any, em_px: float, percent_px: float | None) -> float | None:
    if token.type == "number":
        return float(token.value)
    if token.type == "percentage":
        return None if percent_px is None else token.value / 100 * percent_px
    if token.type == "dimension":
        unit = token.lower_unit
        if unit in _PX:
            return float(token.value * _PX[unit])
        if unit.lstrip("dsl") in _VIEWPORT:
            return float(token.value / 100 * _VIEWPORT[unit.lstrip("dsl")])
        return {
            "em": token.value * em_px,
            "rem": token.value * ROOT_PX,
            "ex": token.value * em_px / 2,
            "ch": token.value * em_px / 2,
            "lh": token.value * em_px * 1.2,
        }.get(unit)
    if token.type in ("function", "() block"):
        return _function(token, em_px, percent_px)
    return None


def _function(token: Any, em_px: float, percent_px: float | None) -> float | None:
    inside = token.arguments if token.type == "function" else token.content
    name = token.lower_name if token.type == "function" else "calc"
    parts = [_sum(part, em_px, percent_px) for part in split(inside)]
    numbers = [part for part in parts if part is not None]
    if len(numbers) != len(parts) or not numbers:
        return None
    if name == "calc" and len(numbers) == 1:
        return numbers[0]
    if name == "clamp" and len(numbers) == 3:
        return max(numbers[0], min(numbers[1], numbers[2]))
    return {"min": min, "max": max}[name](numbers) if name in ("min", "max") else None


def _sum(tokens: Sequence[Any], em_px: float, percent_px: float | None) -> float | None:
    """Return the value of a sum of products, as `calc()` holds one."""
    total, product, sign, operator = 0.0, None, 1.0, ""
    for token in tokens:
        if token.type == "literal" and token.value in "+-*/":
            if product is None:
                return None
            if token.value in "+-":
                total, product, sign, operator = total + sign * product, None, -1.0 if token.value == "-" else 1.0, ""
            else:
                operator = token.value
            continue
        number = _length(token, em_px, percent_px)
        if number is None or (operator == "/" and number == 0):
            return None
        if product is None:
            product = number
        elif operator:
            product = product * number if operator == "*" else product / number
        else:
            return None
    return None if product is None else total + sign * product


def split(tokens: Sequence[Any]) -> list[list[Any]]:
    """Return tokens parted at commas, without white space."""
    parts: list[list[Any]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        elif token.type not in ("whitespace", "comment"):
            parts[-1].append(token)
    return parts


def transformed(value: str, em_px: float) -> tuple[float, float, float]:
    """Return what a `transform` does: the smaller factor of scale, and the shift right and down in pixels."""
    scale_x, scale_y, right, down = 1.0, 1.0, 0.0, 0.0
    for token in tokens_of(value):
        if token.type != "function":
            continue
        name = token.lower_name
        if name in ("rotatex", "rotatey") and math.isclose(abs(_degrees(token)) % 180, 90, abs_tol=1):
            scale_x = 0.0
        numbers = [_length(part[0], em_px, 100.0) if len(part) == 1 else None for part in split(token.arguments)]
        first = numbers[0] if numbers and numbers[0] is not None else None
        if first is None:
            continue
        second = numbers[1] if len(numbers) > 1 else None
        if name in ("scale", "scale3d"):
            scale_x, scale_y = scale_x * first, scale_y * (first if second is None else second)
        elif name == "scalex":
            scale_x *= first
        elif name == "scaley":
            scale_y *= first
        elif name in ("translate", "translate3d"):
            right, down = right + first, down + (second or 0.0)
        elif name == "translatex":
            right += first
        elif name == "translatey":
            down += first
        elif name == "matrix" and len(numbers) == 6 and all(number is not None for number in numbers):
            a, b, c, d, e, f = (number or 0.0 for number in numbers)
            if b == c == 0:
                scale_x, scale_y = scale_x * a, scale_y * d
            right, down = right + e, down + f
    return min(abs(scale_x), abs(scale_y)), right, down


def _degrees(token: Any) -> float:
    first = next((part for part in token.arguments if part.type == "dimension"), None)
    factor = {"deg": 1.0, "turn": 360.0, "grad": 0.9, "rad": 57.29578}
    return float(first.value * factor.get(first.lower_unit, 0.0)) if first is not None else 0.0


def substituted(value: str, custom: Mapping[str, str]) -> str | None:
    """Return a value with every `var()` replaced; `None` where one has no value, as a browser has it."""
    for _ in range(_MAX_VARIABLES):
        if "var(" not in value.lower():
            return value
        replaced = _replace_first(tinycss2.parse_component_value_list(value), custom)
        if replaced is None or len(replaced) > _MAX_VALUE_CHARS:
            return None
        value = replaced
    return None


def _replace_first(tokens: Sequence[Any], custom: Mapping[str, str]) -> str | None:
    """Return the value with the `var()`s of its outermost level replaced."""
    out: list[str] = []
    for token in tokens:
        if token.type == "function" and token.lower_name == "var":
            name, _, fallback = tinycss2.serialize(token.arguments).partition(",")
            put = custom.get(name.strip(), fallback.strip() or None)
            if put is None:
                return None
            out.append(put)
        elif token.type == "function":
            inside = _replace_first(token.arguments, custom)
            if inside is None:
                return None
            out.append(f"{token.name}({inside})")
        else:
            out.append(tinycss2.serialize([token]))
    return "".join(out)
