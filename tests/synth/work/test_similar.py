"""Shingles, Jaccard indices, and near-duplicates found through buckets on disk."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.work.similar import NearDuplicates, jaccard, sign_shingles, word_shingles

TEXT = "The boathouse of the rowing club has fourteen racks for twenty eight boats and two slips on the west side"
words = st.lists(st.sampled_from("ab cd ef gh ij kl mn".split()), min_size=1, max_size=30).map(" ".join)


@pytest.fixture
def db():
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE bands(band INTEGER, value BLOB, owner TEXT, PRIMARY KEY(band, value, owner));"
        "CREATE TABLE signatures(owner TEXT PRIMARY KEY, hashes BLOB);"
    )
    yield connection
    connection.close()


def test_shingles_of_short_texts():
    assert word_shingles("one two") == {"one two"}
    assert word_shingles("") == frozenset()
    assert len(word_shingles("a b c d e f")) == 2
    assert sign_shingles("Boat") == {"boat"}
    assert "boats" in sign_shingles("Boats!")


@given(words, words)
def test_jaccard_is_symmetric_and_one_for_equal_sets(left, right):
    first, second = word_shingles(left), word_shingles(right)
    assert jaccard(first, second) == jaccard(second, first)
    assert 0.0 <= jaccard(first, second) <= 1.0
    assert (jaccard(first, second) == 1.0) == (first == second)


def test_the_same_text_is_found_again_and_another_is_not(db):
    near = NearDuplicates(db, 0.8)
    assert near.add("one", TEXT) == []
    assert near.add("two", TEXT + " indeed") == ["one"]
    assert near.add("three", "Nothing of the kind is said here, not even by accident, of any boat") == []
    assert set(near.add("four", TEXT)) == {"one", "two"}


@given(words, words)
@settings(max_examples=40)
def test_equal_texts_always_meet(one, other):
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE bands(band INTEGER, value BLOB, owner TEXT, PRIMARY KEY(band, value, owner));"
        "CREATE TABLE signatures(owner TEXT PRIMARY KEY, hashes BLOB);"
    )
    near = NearDuplicates(connection, 0.99)
    near.add("one", one)
    found = near.add("other", other)
    assert (found == ["one"]) or word_shingles(one) != word_shingles(other)
    connection.close()
