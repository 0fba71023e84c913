from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import DataError
from rag.embed.layout import read_layout
from rag.embed.prefixes import known_prefixes

_OLD = "sentence_transformers.models"


_USUAL = ("Transformer", "Pooling", "Normalize")


def _folder(root: Path, files: dict[str, Any] | None = None, *, modules: tuple[str, ...] = _USUAL) -> Path:
    places = {"Transformer": "", "Pooling": "1_Pooling"}
    listed = [
        {"idx": index, "name": str(index), "path": places.get(name, f"{index}_{name}"), "type": f"{_OLD}.{name}"}
        for index, name in enumerate(modules)
    ]
    contents = {
        "modules.json": listed,
        "config.json": {"model_type": "bert", "max_position_embeddings": 512},
        "1_Pooling/config.json": {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False},
        **(files or {}),
    }
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(content))
    return root


@pytest.mark.parametrize(
    ("config", "mode"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "mean+cls"),
        ({"pooling_mode": "lasttoken"}, "lasttoken"),
        ({"pooling_mode": ["mean", "max"]}, "mean+max"),
    ],
)
def test_both_spellings_of_pooling(config: dict[str, Any], mode: str, tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path, {"1_Pooling/config.json": config}))
    assert layout.pooling == mode
    assert layout.is_plain == (mode in {"mean", "cls"})


def test_prompts_and_limits(tmp_path: Path) -> None:
    layout = read_layout(
        _folder(
            tmp_path,
            {
                "config_sentence_transformers.json": {"prompts": {"query": "query: ", "passage": "passage: "}},
                "sentence_bert_config.json": {"max_seq_length": 384},
            },
        )
    )
    assert (layout.query_prefix, layout.document_prefix, layout.max_tokens) == ("query: ", "passage: ", 384)


@pytest.mark.parametrize(("stated", "limit"), [(256, 256), (10**30, 512), (None, 512)])
def test_the_tokenizer_may_state_the_limit(stated: int | None, limit: int, tmp_path: Path) -> None:
    assert read_layout(_folder(tmp_path, {"tokenizer_config.json": {"model_max_length": stated}})).max_tokens == limit


def test_more_modules_are_not_plain(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path, modules=("Transformer", "Pooling", "Dense", "Normalize")))
    assert not layout.is_plain


def test_what_is_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"modules\.json is missing"):
        read_layout(tmp_path)
    _folder(tmp_path, {"1_Pooling/config.json": {"pooling_mode": "mean", "include_prompt": False}})
    with pytest.raises(DataError, match="prompts"):
        read_layout(tmp_path)
    (tmp_path / "modules.json").write_text("{")
    with pytest.raises(DataError, match="not JSON"):
        read_layout(tmp_path)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("intfloat/e5-small-v2", "query: "),
        ("nomic-embed-text:latest", "search_query: "),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: "),
        ("mxbai-embed-large", "Represent this sentence for searching relevant passages: "),
        ("bge-m3", ""),
        ("minilm", ""),
        ("intfloat/e5-mistral-7b-instruct", ""),
        ("snowflake-arctic-embed2", ""),
        ("snowflake-arctic-embed:33m", "Represent this sentence for searching relevant passages: "),
    ],
)
def test_prefixes_of_known_models(name: str, query: str) -> None:
    assert known_prefixes(name)[0] == query
