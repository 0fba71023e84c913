"""The span reader with its real weights: offsets, windows, answers, and what it says where there is no answer."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.files import Home
from core.reading.spans.reader import SpanPrediction as Span
from core.reading.spans.reader import SpanReader, _apart, _Window, open_span_reader
from core.weights.shipped import shipped_models, span_reader_weights

LEASE = (
    "The flat in Cedar Street was let to Ines Roth in March. The monthly rent is 1,450 euro and is due on the third "
    "working day. The deposit is three months of rent. Dogs are allowed, parrots are not."
)
FILLER = "The committee met again and talked about the weather, the harbour and the old lighthouse. " * 40


@pytest.fixture(scope="module")
def reader(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> SpanReader:
    root = tmp_path_factory.mktemp("home")
    (root / "models").symlink_to(weights)
    opened = open_span_reader(Home(root), precision="f32")
    assert opened is not None
    return opened


def test_the_weights_ship_with_their_card() -> None:
    path = span_reader_weights()
    assert path.stat().st_size < 25 * 2**20
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    model = next(model for model in shipped_models() if model.name == "span-reader")
    assert model.licence in card and "SQuAD" in card


def test_without_the_embedder_there_is_no_reader(home: Home) -> None:
    assert open_span_reader(home) is None


@pytest.mark.weights
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How much is the monthly rent?", "1,450"),
        ("Who rents the flat?", "Ines Roth"),
        ("When was the flat let?", "March"),
    ],
)
def test_the_span_is_the_answer(reader: SpanReader, question: str, answer: str) -> None:
    (best,) = reader.predict(question, [LEASE], top=1)
    assert answer in LEASE[best.start : best.end]
    assert best.end - best.start < 40


@pytest.mark.weights
def test_the_answer_is_found_among_other_texts_and_behind_many_tokens(reader: SpanReader) -> None:
    texts = [FILLER, FILLER + LEASE, "Harbour fees are paid in advance by every ship."]
    best = reader.predict("How much is the monthly rent?", texts, top=1)[0]
    assert best.passage == 1
    assert "1,450" in texts[1][best.start : best.end]


@pytest.mark.weights
def test_a_text_without_the_answer_scores_lower(reader: SpanReader) -> None:
    question = "How much is the monthly rent?"
    held = reader.predict(question, [LEASE], top=1)[0].score
    not_held = reader.predict(question, [FILLER], top=1)[0].score
    assert not_held < held


@pytest.mark.weights
@settings(max_examples=15)
@given(st.lists(st.text(max_size=300), max_size=4), st.text(min_size=1, max_size=80))
def test_spans_lie_in_their_texts_apart_and_best_first(reader: SpanReader, texts: list[str], question: str) -> None:
    spans = reader.predict(question, texts, top=6)
    assert len(spans) <= 6
    assert [span.score for span in spans] == sorted((span.score for span in spans), reverse=True)
    for span in spans:
        assert 0 <= span.start <= span.end <= len(texts[span.passage])
    for index, one in enumerate(spans):
        for other in spans[:index]:
            assert one.passage != other.passage or one.end <= other.start or other.end <= one.start


@pytest.mark.weights
def test_no_text_and_empty_texts_give_no_span(reader: SpanReader) -> None:
    assert reader.predict("Who?", []) == []
    assert reader.predict("Who?", ["", "   "]) == []


@pytest.mark.weights
def test_a_very_long_question_is_read_in_part(reader: SpanReader) -> None:
    assert reader.predict("How much is the monthly rent? " + "please " * 500, [LEASE], top=1)


@pytest.mark.weights
@pytest.mark.train
def test_the_graph_computes_what_was_trained(reader: SpanReader, weights: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    from bench.reader_train import SpanModel

    model = SpanModel(weights / "minilm").eval()
    tensors = {name: value.float() for name, value in load_file(span_reader_weights()).items()}
    named = {name if name.startswith("head.") else f"encoder.{name}": value for name, value in tensors.items()}
    missing, unexpected = model.load_state_dict(named, strict=False)
    assert not unexpected and all("word_embeddings" in name for name in missing)
    ids = [
        [101, 2129, 2172, 102, 1996, 9278, 2003, 1015, 1010, 10332, 102],
        [101, 2040, 102, 9278, 102, 0, 0, 0, 0, 0, 0],
    ]
    types = [[0] * 4 + [1] * 7, [0] * 3 + [1] * 2 + [0] * 6]
    mask = [[1] * 11, [1] * 5 + [0] * 6]
    with torch.inference_mode():
        want = model(*map(torch.tensor, (ids, types, mask))).numpy()
    got = reader._request.infer([np.array(part, dtype=np.int64) for part in (ids, types, mask)])[0]
    kept = np.array(mask, dtype=bool)
    np.testing.assert_allclose(np.array(got)[kept], want[kept], atol=2e-3)


def test_overlapping_spans_give_way_to_the_best() -> None:
    spans = [
        Span(passage=0, start=0, end=5, score=1.0),
        Span(passage=0, start=4, end=9, score=2.0),
        Span(passage=1, start=4, end=9, score=0.5),
        Span(passage=0, start=9, end=12, score=-1.0),
    ]
    assert _apart(spans, 3) == [spans[1], spans[2], spans[3]]


def test_windows_of_a_text_overlap_and_cover_it(reader: SpanReader) -> None:
    windows: list[_Window] = list(reader._windows(0, FILLER, 10))
    assert len(windows) > 2
    for before, after in pairwise(windows):
        assert after.offsets[0][0] < before.offsets[-1][1]
    assert windows[0].offsets[0][0] == 0
    assert windows[-1].offsets[-1][1] == len(FILLER.rstrip())
