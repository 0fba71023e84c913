from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.errors import DataError
from core.types import Answer, Document, Hit
from rag.answer.evaluate import Record, difference, read_records, run, score_answer, summary
from tests.support.stored import stored_document


def document(name: str) -> Document:
    return stored_document(name, sha256=name, title="", n_pages=3)


DOCUMENTS = [document("a.pdf"), document("b 2023.pdf"), document("b 2024.pdf")]


def hit(doc: str, page: int, text: str = "x") -> Hit:
    return Hit(doc=doc, sha256=doc, page=page, start=0, end=len(text), text=text, score=1.0)


class Fixed:
    """A retriever that always finds the same."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self.hits = hits

    def search(self, query: str, k: int) -> Sequence[Hit]:
        return self.hits[:k]


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def records(tmp_path: Path, *rows: object) -> list[Record]:
    return read_records(write(tmp_path / "q.jsonl", *rows), DOCUMENTS)


def test_names_globs_and_lists_name_documents(tmp_path: Path) -> None:
    read = records(
        tmp_path,
        {"question": "one", "doc": "a.pdf"},
        "",
        {"question": "two", "doc": "b *.pdf"},
        {"question": "three", "doc": ["a.pdf", "b 2024.pdf"]},
        {"question": "four", "answer": None},
    )
    assert [sorted(r.docs) for r in read] == [["a.pdf"], ["b 2023.pdf", "b 2024.pdf"], ["a.pdf", "b 2024.pdf"], []]
    assert [r.line for r in read] == [1, 3, 4, 5]


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "[]",
        {"question": ""},
        {"answer": "x"},
        {"question": "x", "pages": "3"},
        {"question": "x", "pages": [-1]},
        {"question": "x", "answer": []},
        {"question": "x", "answer": "", "doc": "a.pdf"},
        {"question": "x"},
        {"question": "x", "prediction": "y"},
        {"question": "x", "doc": 3},
        {"question": "x", "doc": "none.pdf"},
    ],
)
def test_a_bad_record_is_named_by_line(tmp_path: Path, row: object) -> None:
    with pytest.raises(DataError) as caught:
        records(tmp_path, {"question": "fine", "answer": None}, row)
    assert caught.value.line == 2


def test_pages_count_from_0_and_must_exist(tmp_path: Path) -> None:
    (read,) = records(tmp_path, {"question": "x", "doc": "a.pdf", "pages": [0, 2]})
    assert read.pages == {0, 2}
    with pytest.raises(DataError, match=r"q.jsonl, line 2: no page 99: a.pdf has 3 pages, 0 to 2"):
        records(tmp_path, {"question": "fine", "answer": "1"}, {"question": "x", "doc": "a.pdf", "pages": [99]})
    with pytest.raises(DataError, match=r"b 2023\.pdf has 3 pages"):
        records(tmp_path, {"question": "x", "doc": "b *.pdf", "pages": [3]})


def test_page_labels_name_pages_as_they_are_printed(tmp_path: Path) -> None:
    def labels(sha256: str) -> list[str]:
        return ["i", "ii", "1"] if sha256 == "a.pdf" else ["1", "2", "3"]

    rows = [
        {"question": "x", "doc": "a.pdf", "page_labels": ["ii", 1]},
        {"question": "y", "doc": "b *", "page_labels": ["3"]},
    ]
    read = read_records(write(tmp_path / "q.jsonl", *rows), DOCUMENTS, labels)
    assert [sorted(record.pages) for record in read] == [[1, 2], [2]]
    for row, reason in (
        ({"question": "x", "doc": "a.pdf", "page_labels": ["iii"]}, r"no page is labelled 'iii' in a.pdf \(3 pages\)"),
        ({"question": "x", "page_labels": ["1"]}, 'requires "doc"'),
        ({"question": "x", "doc": "a.pdf", "pages": [1], "page_labels": ["1"]}, "not both"),
        ({"question": "x", "doc": "a.pdf", "page_labels": "1"}, "must be a list"),
    ):
        with pytest.raises(DataError, match=reason):
            read_records(write(tmp_path / "q.jsonl", row), DOCUMENTS, labels)


def test_what_is_absent_is_not_scored(tmp_path: Path) -> None:
    scores = run(records(tmp_path, {"question": "x", "answer": None}), Fixed([hit("a.pdf", 0)]), k=8)
    assert scores == []


def test_ranks_are_over_distinct_documents_and_pages(tmp_path: Path) -> None:
    hits = [hit("b 2023.pdf", 0), hit("b 2023.pdf", 0), hit("b 2023.pdf", 1), hit("a.pdf", 2, "the answer is 42 m")]
    read = records(tmp_path, {"question": "x", "answer": "42 m", "doc": "a.pdf", "pages": [2]})
    values = {name: m["value"] for name, m in summary(run(read, Fixed(hits), k=4)).items()}
    assert values["doc_hit@1"] == 0.0
    assert values["doc_hit@5"] == 1.0
    assert values["page_hit@1"] == 0.0
    assert values["page_hit@5"] == values["page_hit@20"] == 1.0
    assert values["mrr"] == pytest.approx(1 / 3)
    assert values["answer_in_context"] == 1.0
    assert summary(run(read, Fixed(hits), k=3))["answer_in_context"]["value"] == 0.0


def answer(text: str, ground: str) -> Answer:
    return Answer(question="x", answer=text, ground=ground)  # type: ignore[arg-type]


def test_answers_and_abstentions(tmp_path: Path) -> None:
    known, unknown, unscored = records(
        tmp_path,
        {"question": "x", "answer": "42 m"},
        {"question": "y", "answer": None},
        {"question": "z", "doc": "a.pdf"},
    )
    right = {s.metric: s.value for s in score_answer(known, answer("42 m", "cited"))}
    assert right == {"exact_match": 1.0, "token_f1": 1.0, "answer_contains": 1.0, "number_match": 1.0}
    needless = {s.metric: s.value for s in score_answer(known, answer("not said", "abstained"))}
    assert needless["abstention_precision"] == needless["token_f1"] == needless["number_match"] == 0.0
    wise = {s.metric: s.value for s in score_answer(unknown, answer("not said", "abstained"))}
    assert wise == {"abstention_precision": 1.0, "abstention_recall": 1.0}
    assert {s.metric: s.value for s in score_answer(unknown, answer("42", "cited"))} == {"abstention_recall": 0.0}
    assert score_answer(unscored, answer("42", "cited")) == []


def test_a_difference_is_paired(tmp_path: Path) -> None:
    rows = [{"question": str(i), "doc": "a.pdf", "pages": [i % 3]} for i in range(30)]
    read = records(tmp_path, *rows)
    good, bad = run(read, Fixed([hit("a.pdf", p) for p in range(3)]), k=8), run(read, Fixed([hit("a.pdf", 2)]), k=8)
    found = difference(good, bad)["page_hit@5"]
    assert found["value"] == pytest.approx(2 / 3)
    assert found["n"] == 30
    assert difference(good, good)["page_hit@5"]["low"] == 0.0
