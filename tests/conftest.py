"""What every test may lean on: a place for state, real weights where they are, the development data where it is."""

from __future__ import annotations

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
