from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError, MissingExtra
from core.files import Home
from core.inference import bf16_pays, has_bf16, pick_precision
from rag.embed.base import Embedder, EmbedderIdentity
from rag.embed.encoder import _batches
from rag.embed.open import open_embedder
from tests.support.varied_texts import texts

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def minilm(weights: object, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    root = tmp_path_factory.mktemp("home")
    (root / "models").symlink_to(str(weights))
    return open_embedder("minilm", Home(root), precision="f32")


def _short(embedder: Embedder, count: int, seed: int = 0) -> list[str]:
    limit = embedder.identity.max_tokens
    found = [text for text in texts(count * 2, seed=seed) if embedder.count_tokens([text])[0] <= limit]
    return found[:count]


def test_identity_survives_json(minilm: Embedder) -> None:
    identity = minilm.identity
    assert EmbedderIdentity.from_json(identity.to_json()) == identity
    assert (identity.model, identity.dimension, identity.max_tokens) == ("minilm@53aa51172d14", 384, 256)


def test_vectors_are_unit_and_in_order_whatever_the_batch(minilm: Embedder) -> None:
    many = _short(minilm, 60)
    together = minilm.embed_documents(many)
    assert together.shape == (60, 384)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.stack([minilm.embed_documents([text])[0] for text in many])
    np.testing.assert_allclose(np.sum(together * alone, axis=1), 1, atol=1e-5)
    asked = np.stack([minilm.embed_query(text) for text in many])
    np.testing.assert_allclose(np.sum(together * asked, axis=1), 1, atol=1e-5)


def test_meaning_is_near(minilm: Embedder) -> None:
    query = minilm.embed_query("How long is the bridge?")
    near, far = minilm.embed_documents(["The bridge is 503 metres long.", "Cats sleep most of the day."]) @ query
    assert near > 0.6 > 0.2 > far


def test_the_kept_vector_of_a_query_is_its_own(minilm: Embedder) -> None:
    first = minilm.embed_query("How long is the bridge?")
    expected = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(minilm.embed_query("How long is the bridge?"), expected)
    assert not np.allclose(minilm.embed_query("How high is the tower?"), expected, atol=1e-3)


def test_no_text_gives_no_vector(minilm: Embedder) -> None:
    assert minilm.embed_documents([]).shape == (0, 384)
    assert minilm.count_tokens([]) == []


def test_nothing_is_cut_silently(minilm: Embedder) -> None:
    fits, over = "a " * 254, "a " * 255
    assert minilm.count_tokens([fits, over, ""]) == [256, 257, 2]
    assert minilm.embed_documents([fits]).shape == (1, 384)
    with pytest.raises(ValueError, match="text 1 has 257 tokens; the embedder reads 256"):
        minilm.embed_documents([fits, over])
    # The failure leaves nothing running that could write into the next answer.
    np.testing.assert_allclose(np.linalg.norm(minilm.embed_documents([fits]), axis=1), 1, atol=1e-5)


def test_a_long_query_keeps_its_beginning(minilm: Embedder) -> None:
    long = minilm.embed_query("bridge " + "a " * 2000)
    kept = minilm.embed_query("bridge " + "a " * 253)
    np.testing.assert_allclose(long, kept, atol=1e-6)


def test_threads_share_one_embedder(minilm: Embedder) -> None:
    many = _short(minilm, 24, seed=3)
    wanted = minilm.embed_documents(many)

    def one(index: int) -> float:
        if index % 2:
            return float(minilm.embed_query(many[index]) @ wanted[index])
        return float(minilm.embed_documents([many[index]])[0] @ wanted[index])

    with ThreadPoolExecutor(8) as pool:
        np.testing.assert_allclose(list(pool.map(one, range(24))), 1, atol=1e-5)


def test_bf16_after_f32_in_one_home_is_bf16(model_home: Home) -> None:
    if not has_bf16():
        pytest.skip("this CPU has no bfloat16 arithmetic")
    exact = open_embedder("minilm", model_home, precision="f32")
    many = _short(exact, 20)
    wanted = exact.embed_documents(many)
    quick = open_embedder("minilm", model_home, precision="bf16").embed_documents(many)
    again = open_embedder("minilm", model_home, precision="f32").embed_documents(many)
    assert not np.array_equal(quick, wanted)
    assert np.sum(quick * wanted, axis=1).min() >= 0.9999
    np.testing.assert_allclose(again, wanted, atol=1e-6)


def test_a_damaged_cache_of_compiled_code_is_made_again(model_home: Home) -> None:
    first = open_embedder("minilm", model_home).embed_query("bridge")
    (blob,) = model_home.cache.rglob("*.blob")
    whole = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(whole[: len(whole) // 3])
    np.testing.assert_allclose(open_embedder("minilm", model_home).embed_query("bridge"), first, atol=1e-6)


def test_absent_weights_and_unknown_names(home: Home) -> None:
    with pytest.raises(MissingExtra) as failure:
        open_embedder("minilm", home)
    assert failure.value.hint == "kb models pull minilm"
    with pytest.raises(MissingExtra) as failure:
        open_embedder("org/name", home)
    assert failure.value.hint == "kb models pull org/name"
    for spec in ("minilm2", "", "ollama:", "../up"):
        with pytest.raises(ConfigError):
            open_embedder(spec, home)


def test_precision_is_checked(model_home: Home) -> None:
    with pytest.raises(ConfigError):
        open_embedder("minilm", model_home, precision="f8")
    assert pick_precision("auto") == ("bf16" if bf16_pays() else "f32")


@given(st.lists(st.integers(1, 256), max_size=200))
def test_batches_hold_every_row_once_and_fit(lengths: list[int]) -> None:
    found = list(_batches(lengths, 256))
    assert sorted(row for rows, _ in found for row in rows) == list(range(len(lengths)))
    for rows, width in found:
        assert max(lengths[row] for row in rows) <= width <= 256
        assert len(rows) == 1 or len(rows) * width <= 1024
        assert 10 * min(lengths[row] for row in rows) >= 7 * max(lengths[row] for row in rows)
