"""An ingest over a cluster gives what one machine gives, bit for bit, whatever is lost on the way."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError, DataError
from core.files import Home, sha256_of
from core.machine.cluster import Cluster
from core.settings import Settings
from rag.catalogue.writer import Catalogue
from rag.embed.base import Embedder
from rag.ingest.document import DocumentTask
from rag.ingest.ingest import FileResult, Ingest
from rag.ingest.spread import DECIDING, ClusterJob, Spread, embed_there, fetch_there, read_there
from rag.open import open_store
from tests.support.bench import Bench
from tests.support.catalogue_rows import everything
from tests.support.fake_ray import FakeRay

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
pytestmark = pytest.mark.weights


class NoEmbedder:
    """Has the identity of an embedder, counts tokens, and must not be asked for vectors."""

    def __init__(self, embedder: Embedder) -> None:
        self.identity, self.count_tokens = embedder.identity, embedder.count_tokens


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Documents of several formats, copies, names that differ, and files that are refused."""
    folder = tmp_path_factory.mktemp("documents")
    for name in ("handbook.pdf", "manual.pdf", "update.pdf", "traps/hidden-text.pdf"):
        shutil.copy(EXAMPLES / name, folder / Path(name).name)
    shutil.copy(EXAMPLES / "update.pdf", folder / "a copy of an update.pdf")
    shutil.copy(EXAMPLES / "README.md", folder)
    (folder / "page.html").write_text("<title>Pump</title><h1>Pump</h1><p>It lifts 40 litres a minute.</p>")
    (folder / "odd\nname.txt").write_text("The keeper of the mill serves it every March.\n")
    (folder / "same bytes.md").write_text("The heron nests in the reeds.\n")
    (folder / "same bytes.txt").write_text("The heron nests in the reeds.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    (folder / "empty.txt").write_text("")
    for letter in "mnopqrst":
        (folder / f"{letter}.md").write_text(f"# Gate {letter}\n\nGate {letter} closes at ten.\n")
    return [*sorted(folder.iterdir()), folder / "gone.pdf", folder]


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, files: list[Path]
) -> tuple[list[FileResult], Home]:
    """What one machine makes of the files."""
    home = Home(tmp_path_factory.mktemp("alone"))
    return Bench(home, embedder).ingest(*files), home


def _spread(home: Home, weights: Path, embedder: Embedder, ray: FakeRay, files: Sequence[Path]) -> list[FileResult]:
    settings = Settings()
    models = Home(weights.parent)
    with closing(Catalogue(home.catalogue, create=True)) as catalogue:
        run = Ingest(
            home=home,
            catalogue=catalogue,
            store=open_store(settings, home, "default", embedder.identity.dimension),
            embedder=NoEmbedder(embedder),  # type: ignore[arg-type]
            settings=settings,
            collection="default",
            place=Spread(Cluster(ray), settings, models, embedder),
        )
        return run.run([(path, str(path)) for path in files])


# By the number of a call, files and batches of texts counted together: the items it gives before it is lost.
LOST = [{}, {0: 0}, {0: 1, 1: 1, 2: 1, 5: 1, 9: 0}, dict.fromkeys(range(1, 40, 3), 0)]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: f"{len(lost)} lost")
def test_a_cluster_gives_what_one_machine_gives(
    tmp_path: Path,
    weights: Path,
    embedder: Embedder,
    files: list[Path],
    alone: tuple[list[FileResult], Home],
    lost: dict[int, int],
) -> None:
    ray = FakeRay(lose=lost)
    results = _spread(Home(tmp_path), weights, embedder, ray, files)
    assert results == alone[0]
    assert everything(Home(tmp_path)) == everything(alone[1])
    # Equal files are read once, and what was lost once more.
    distinct = {result.sha256 for result in results if result.sha256}
    lost_streams = [number for number in ray.lost if ray.started[number] == "read_there"]
    assert ray.started.count("read_there") == len(distinct) + len(lost_streams)
    assert "embed_there" in ray.started
    # A refused file ends with its first item: what would be lost later is not.
    assert set(ray.lost) <= set(lost) and bool(ray.lost) == bool(lost)


def test_what_is_in_the_catalogue_is_not_sent_again(
    tmp_path: Path, weights: Path, embedder: Embedder, files: list[Path], alone: tuple[list[FileResult], Home]
) -> None:
    _spread(Home(tmp_path), weights, embedder, FakeRay(), files)
    ray = FakeRay()
    results = _spread(Home(tmp_path), weights, embedder, ray, files)
    assert {result.status for result in results} == {"unchanged", "refused"}
    # Refused files are not in the catalogue, so they are looked at again.
    assert ray.started == ["read_there"] * sum(bool(r.sha256) and r.status == "refused" for r in results)


def _job(weights: Path, embedder: Embedder, **changes: object) -> ClusterJob:
    ray = FakeRay()
    place = Spread(Cluster(ray), Settings(), Home(weights.parent), embedder)
    return replace(place._job.get(), **changes)  # type: ignore[arg-type]


def test_a_machine_with_other_versions_or_another_embedder_is_refused(weights: Path, embedder: Embedder) -> None:
    job = _job(weights, embedder)
    versions = tuple((name, "0.1" if name == "pypdf" else known) for name, known in job.versions)
    with pytest.raises(ConfigError, match=r"would read documents otherwise: it has pypdf .*, not 0\.1"):
        embed_there(replace(job, versions=versions), ["a"])
    with pytest.raises(ConfigError, match="has another embedder: minilm@"):
        embed_there(replace(job, identity="EmbedderIdentity(model='other')"), ["a"])
    assert embed_there(job, ["a"]).tobytes() == embedder.embed_documents(["a"]).tobytes()


def test_a_machine_without_the_home_uses_its_own(
    tmp_path: Path, weights: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_HOME", str(weights.parent))
    job = _job(weights, embedder, home=str(tmp_path / "of another machine"))
    assert embed_there(job, ["a"]).shape == (1, embedder.identity.dimension)


def test_a_refusal_names_the_file_of_the_machine_that_asked(weights: Path, embedder: Embedder) -> None:
    job = _job(weights, embedder)
    small = Settings.model_validate({"ingest": {"max_pages": 1}})
    small = small.model_copy(update={"rag": Settings.model_validate_json(job.settings).rag})
    data = (EXAMPLES / "handbook.pdf").read_bytes()
    task = DocumentTask(doc="handbook.pdf", sha256=sha256_of(EXAMPLES / "handbook.pdf"))
    with pytest.raises(DataError) as caught:
        list(read_there(replace(job, settings=small.model_dump_json()), task, "/home/of it/handbook.pdf", data))
    assert "'/home/of it/handbook.pdf'" in caught.value.hint and "kb-there" not in caught.value.hint


def test_a_private_address_is_not_fetched_there_either(weights: Path, embedder: Embedder, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="private address"):
        fetch_there(_job(weights, embedder), "http://127.0.0.1:9/a.pdf", False)
    place = Spread(Cluster(FakeRay()), Settings(), Home(weights.parent), embedder)
    download = place.fetch("http://127.0.0.1:9/a.pdf", tmp_path, allow_private=False)
    assert download.done()
    with pytest.raises(DataError, match="private address"):
        download.result()


def test_a_password_is_not_shown(weights: Path, embedder: Embedder) -> None:
    assert "heron" not in repr(_job(weights, embedder, password="heron"))
    assert {field.name for field in dataclasses.fields(ClusterJob)} >= {"password", "ocr"}


def test_what_decides_the_results_is_what_the_project_requires() -> None:
    required = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [name for name in DECIDING if f'"{name}>=' not in required] == []
