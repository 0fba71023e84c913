from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.settings import home_dir, known_keys, load


def test_order_of_sources(tmp_path: Path) -> None:
    xdg = tmp_path / "xdg"
    (xdg / "kb").mkdir(parents=True)
    (xdg / "kb" / "config.toml").write_text("[rag]\ntop_k = 3\nsplitter = 'plain'\nchunk_chars = 700\n")
    (tmp_path / "kb.toml").write_text("[rag]\ntop_k = 4\nchunk_chars = 800\n")
    env = {"XDG_CONFIG_HOME": str(xdg), "KB_RAG__TOP_K": "5"}
    loaded = load(env=env, cwd=tmp_path)
    assert (loaded.values.rag.top_k, loaded.values.rag.chunk_chars, loaded.values.rag.splitter) == (5, 800, "plain")
    assert loaded.sources["rag.top_k"] == "environment KB_RAG__TOP_K"
    assert loaded.sources["rag.chunk_chars"] == str(tmp_path / "kb.toml")
    assert loaded.sources["rag.seed" if "rag.seed" in loaded.sources else "models.seed"] == "default"
    flagged = load(env=env, cwd=tmp_path, flags={"rag.top_k": 6, "rag.model": None}, pairs=["rag.chunk_chars=900"])
    assert (flagged.values.rag.top_k, flagged.values.rag.chunk_chars) == (6, 900)
    assert flagged.sources["rag.top_k"] == flagged.sources["rag.chunk_chars"] == "flag"


def test_all_faults_at_once_with_the_nearest_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(env={"KB_RAG__TOPK": "3"}, cwd=tmp_path, pairs=["rag.chunk_chars=7", "models.temprature=1"])
    text = str(caught.value)
    assert "did you mean 'rag.top_k'" in text
    assert "did you mean 'models.temperature'" in text
    assert "rag.chunk_chars = '7'" in text


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "kb.toml").write_text("[rag\n")
    with pytest.raises(ConfigError, match=r"kb\.toml: not valid TOML"):
        load(env={}, cwd=tmp_path)


def test_the_hint_names_what_is_to_be_mended(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(env={"KB_SERVE__PORT": "high"}, cwd=tmp_path)
    assert caught.value.hint == "mend KB_SERVE__PORT, then: kb config show"
    with pytest.raises(ConfigError) as caught:
        load(env={}, cwd=tmp_path, pairs=["serve.port=high"])
    assert caught.value.hint == "kb config show"  # which works without the flag
    path = tmp_path / "kb.toml"
    path.write_text('[serve]\nport = "high"\n')
    with pytest.raises(ConfigError) as caught:
        load(env={}, cwd=tmp_path)
    assert caught.value.hint == f"mend {path}, then: kb config show"


@pytest.mark.parametrize("pair", ["rag.top_k", "=3", "rag=3"])
def test_a_malformed_pair_is_refused(tmp_path: Path, pair: str) -> None:
    with pytest.raises(ConfigError):
        load(env={}, cwd=tmp_path, pairs=[pair])


def test_home_follows_the_environment() -> None:
    assert home_dir({"KB_HOME": "/a/b"}) == Path("/a/b")
    assert home_dir({"XDG_DATA_HOME": "/x"}) == Path("/x/kb")
    assert home_dir({}) == Path("~/.local/share/kb").expanduser()


def test_every_setting_says_what_it_means() -> None:
    assert [key for key, info in known_keys().items() if not info.description] == []


@pytest.mark.parametrize("text", ["kb.example, b.example", '["kb.example", "b.example"]'])
def test_a_list_is_written_with_commas_or_as_json(text: str, tmp_path: Path) -> None:
    loaded = load(env={"KB_SERVE__HOSTS": text}, cwd=tmp_path)
    assert loaded.values.serve.hosts == ["kb.example", "b.example"]
