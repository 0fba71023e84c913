"""Two small families, trained once: a run each, its export, and the reference that its files are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.files import Home
from finetune.export.job import Export, Server, open_export
from finetune.export.parity import MOST_TOKENS, Parity, Runtime, compare_answers
from finetune.export.reference import Expected, Reference
from finetune.export.runtimes import GenAIRuntime
from tests.support.tiny_models import CPU
from tests.support.trained_runs import make_base, make_run

# Where nobody listens.
NOWHERE = Server(url="http://127.0.0.1:9", timeout_s=5, num_ctx=512)


@dataclass(frozen=True)
class Trained:
    """A run that was merged and written as GGUF."""

    home: Home
    job: Export
    reference: Reference
    expected: list[Expected]

    def compared(self, runtime: Runtime) -> Parity:
        return compare_answers(self.reference, self.expected, self.job.conversations, runtime)

    def compared_file(self, path: Path) -> Parity:
        return self.compared(GenAIRuntime(path))


def opened(home: Home, name: str = "tanks", server: Server = NOWHERE) -> Export:
    return open_export(home, name, CPU, server, lambda _: None)


def _trained(root: Path, kind: str) -> Trained:
    home = Home(root / "home")
    make_run(home, make_base(root / "base", kind))
    job = opened(home)
    job.gguf()
    reference = Reference(job.merged(), job.chat)
    return Trained(home, job, reference, reference.answers(job.conversations, MOST_TOKENS))


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    yield _trained(tmp_path_factory.mktemp("llama"), "llama")


@pytest.fixture(scope="session")
def qwen2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    yield _trained(tmp_path_factory.mktemp("qwen2"), "qwen2")
