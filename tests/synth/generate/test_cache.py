"""Cached replies: found again by every part of the request, from several threads, after a crash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from core.errors import BackendError
from synth.generate.cache import Call, CallCache, key_of
from synth.generate.prompts import all_prompts, prompt

CALL = Call(
    text="a reply with “marks”",
    prompt_tokens=3,
    completion_tokens=2,
    cut=True,
    seconds=0.5,
)
REQUEST = {"model": "m", "parameters": {"seed": 0}, "schema": None, "prompt": "p"}


@pytest.fixture
def cache(tmp_path):
    cache = CallCache(tmp_path / "folder" / "calls.sqlite")
    yield cache
    cache.close()


def test_a_reply_comes_back_whole(cache):
    assert cache.get("k") is None
    cache.put("k", CALL)
    assert cache.get("k") == CALL
    cache.put("k", replace(CALL, text="newer"))
    assert cache.get("k").text == "newer"


@pytest.mark.parametrize("part", [{"model": "n"}, {"parameters": {"seed": 1}}, {"schema": {}}, {"prompt": "q"}])
def test_every_part_of_a_request_counts(part):
    assert key_of(**{**REQUEST, **part}) != key_of(**REQUEST)
    assert key_of(**dict(reversed(REQUEST.items()))) == key_of(**REQUEST)


def test_replies_outlive_the_process_that_asked(cache, tmp_path):
    cache.put("k", CALL)
    again = CallCache(tmp_path / "folder" / "calls.sqlite")
    assert again.get("k") == CALL
    again.close()


def test_threads_may_write_at_once(cache):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: cache.put(str(number), replace(CALL, prompt_tokens=number)), range(64)))
    assert [cache.get(str(number)).prompt_tokens for number in range(64)] == list(range(64))


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "calls.sqlite"
    path.write_bytes(b"not a database, but long enough to be read as one" * 40)
    with pytest.raises(BackendError, match="cannot use the reply cache") as caught:
        CallCache(path)
    assert caught.value.hint == f"rm '{path}'"


def test_prompts_are_filled_in_one_pass():
    filled = prompt("judge", passage="a {question} b", source="s", question="Who?", answer="Ole")
    assert "a {question} b" in filled
    assert "Who?" in filled
    with pytest.raises(KeyError):
        prompt("judge", passage="a")
    assert set(all_prompts()) == {"answer", "facts", "judge", "rewrite", "summary"}
