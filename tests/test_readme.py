"""The README's Python example does what the README prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import Home

ROOT = Path(__file__).parents[1]


@pytest.mark.weights
def test_the_python_example_prints_what_the_readme_shows(model_home: Home) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(?P<code>.*?)```\n\n```\n(?P<printed>.*?)```", readme, re.DOTALL)
    assert example is not None
    assert len([line for line in example["code"].splitlines() if line.strip()]) <= 6
    done = subprocess.run(
        [sys.executable, "-c", example["code"]],
        cwd=ROOT,
        env={**os.environ, "KB_HOME": str(model_home.root)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, example["printed"]), done.stderr
