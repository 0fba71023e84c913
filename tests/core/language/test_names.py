"""Names of languages by code."""

from __future__ import annotations

import pytest

from core.language import names
from core.language.language import codes, language
from core.language.names import language_name


@pytest.mark.parametrize("code", codes())
def test_a_language_with_data_has_one_name(code):
    assert language_name(code) == language(code).name
    assert code not in names._WITHOUT_DATA


def test_other_languages_have_a_name_or_their_code():
    assert language_name("pl") == "Polish"
    assert language_name("en_XX") == "en_XX"
    assert language_name("") == ""
