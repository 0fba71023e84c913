"""What every test may lean on: a place for state, real weights where they are, the development data where it is."""

from __future__ import annotations

import locale
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from core.files import Home
from core.telemetry import disable

ROOT = Path(__file__).parent.parent
# A shared machine is slow at times, and a test that failed must fail again: no deadlines, the same examples each time.
settings.register_profile("kb", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kb")
# Nothing in a test may reach out or read the user's own settings.
disable()
os.environ.setdefault("HF_HUB_OFFLINE", "1")
for _name in [name for name in os.environ if name.startswith("KB_") and name not in {"KB_DEV_DATA", "KB_TEST_HOME"}]:
    del os.environ[_name]
# Each of several workers has its share of the cores: OpenMP threads that wait for a core spin, and a second of training
# becomes a minute. Child processes have the same share.
if _workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // _workers)))
# Training data comes out of the rules: quick, and the same with and without a model on the machine.
os.environ["KB_SYNTH__GENERATOR"] = "rules"


@pytest.fixture(autouse=True)
def locale_kept() -> Iterator[None]:
    """Put back what native code does to the process's locale: later tests read files in its encoding."""
    own = locale.setlocale(locale.LC_CTYPE)
    yield
    if locale.setlocale(locale.LC_CTYPE) != own:
        locale.setlocale(locale.LC_CTYPE, own)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty KB_HOME, also for child processes."""
    root = tmp_path / "kb-home"
    monkeypatch.setenv("KB_HOME", str(root))
    return Home(root)


@pytest.fixture(scope="session")
def weights() -> Path:
    """The folder `models` of a KB_HOME with MiniLM and SmolLM2; pulled once into the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "kb-test"
    home = Home(Path(os.environ.get("KB_TEST_HOME", cache)))
    for name in ("minilm", "smollm2"):
        if not (home.models / name).is_dir():
            from core.weights.shelf import pull

            pull(name, home)
    return home.models


@pytest.fixture
def model_home(home: Home, weights: Path) -> Home:
    """An empty KB_HOME but for the models."""
    home.root.mkdir(parents=True)
    home.models.symlink_to(weights)
    return home


@pytest.fixture(scope="session")
def dev_data() -> Iterator[Path]:
    """The development data beside the checkout, or a skip."""
    path = Path(os.environ.get("KB_DEV_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no development data at {path} (set KB_DEV_DATA)")
    yield path
