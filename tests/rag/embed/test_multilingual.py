"""`kb models pull multilingual`: one name for a small embedder of many languages, with its prefixes and limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import MissingExtra
from core.files import Home
from core.weights.shelf import list_models, require
from rag.embed.open import open_embedder
from tests.rag.embed.test_folder import encoder
from tests.support.hub_server import hub

_PULL = "import sys; from pathlib import Path; from core.files import Home; from core.weights.shelf import pull; "


def pull(home: Home, endpoint: str) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    subprocess.run(
        [sys.executable, "-c", f"{_PULL}pull('multilingual', Home(Path(sys.argv[1])))", str(home.root)],
        env={**clean, "HF_ENDPOINT": endpoint, "HF_HOME": str(home.root / "hf"), "PYTHONPATH": str(Path.cwd())},
        check=True,
        timeout=120,
    )


def test_it_comes_from_the_hub_with_prefixes_and_a_limit(tmp_path: Path, home: Home) -> None:
    with pytest.raises(MissingExtra, match="weights of 'multilingual'"):
        require("multilingual", home)
    folder = tmp_path / "intfloat" / "multilingual-e5-small"
    folder.mkdir(parents=True)
    encoder(folder)
    # As the model's authors publish it: prefixes stand in its card alone.
    (folder / "config_sentence_transformers.json").unlink()
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 12}), encoding="utf-8")
    with hub(tmp_path) as (endpoint, _):
        pull(home, endpoint)
    assert [model.name for model in list_models(home)] == ["intfloat/multilingual-e5-small"]
    embedder = open_embedder("multilingual", home, precision="f32")
    identity = embedder.identity
    assert identity.model.startswith("intfloat/multilingual-e5-small@")
    assert (identity.query_prefix, identity.document_prefix, identity.max_tokens) == ("query: ", "passage: ", 12)
    assert np.allclose(np.linalg.norm(embedder.embed_documents(["the bridge opened"]), axis=1), 1, atol=1e-3)
