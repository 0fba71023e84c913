"""The header that names what had no effect: safe whatever names a client makes up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serve.ignored import header_value


def test_names_are_listed_in_order_and_once() -> None:
    assert header_value({"ignored": ["tools", "messages.system", "tools"]}) == "tools, messages.system"
    assert header_value({}) == ""


@given(st.lists(st.text(max_size=200), max_size=80))
def test_no_name_can_end_the_header_or_fill_the_connection(names: list[str]) -> None:
    value = header_value({"ignored": names})
    assert value.isascii() and value.isprintable() and value == value.strip(" ,")
    assert len(value) < 51 * 4 * 3 * 80


def test_many_names_are_counted() -> None:
    value = header_value({"ignored": [f"f{number}" for number in range(60)]})
    assert value.startswith("f0, f1, ") and value.endswith("f49, and 10 more")
