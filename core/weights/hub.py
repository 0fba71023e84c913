"""Fetches a model repository from the Hugging Face Hub: weights that cannot run code, and the files around them.

Takes safetensors or GGUF, JSON and tokenizer files; never a pickle, never a Python file. `HF_ENDPOINT`, `HF_TOKEN` and
`HF_HUB_OFFLINE` hold.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (  # type: ignore[attr-defined]
    EntryNotFoundError,
    GatedRepoError,
    HFValidationError,
    HTTPError,  # of the HTTP client that the library is built on, httpx or httpx2
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.utils.tqdm import tqdm

from core.errors import BackendError, ConfigError, DataError
from core.files import sha256_of

_TOKENIZER_AND_CONFIG = frozenset({".json", ".txt", ".model", ".jinja"})
# The same weights in the formats of other runtimes.
_OTHER_RUNTIMES = frozenset({"onnx", "openvino", "coreml", "tflite", "original"})
_TIMEOUT_S = 30.0
# Names tokenizer and configuration of a repository, without its weights.
TOKENIZER = "tokenizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubModel:
    """What was fetched: the exact commit and the licence its author states."""

    commit: str
    licence: str


def fetch_repository(spec: str, target: Path, *, progress: Callable[[int, int], None]) -> HubModel:
    """Download a model at its newest commit.

    Args:
        spec: `ORG/NAME`, `ORG/NAME:FILE.gguf` where a repository holds several GGUF files, or `ORG/NAME:tokenizer` for
            tokenizer and configuration alone.
        target: An existing folder that receives the files.
        progress: Called with (bytes so far, bytes in all).

    Raises:
        ConfigError: There is no such repository or file, or it must be said which GGUF is meant.
        DataError: The repository holds no safetensors and no GGUF, or a file arrived damaged.
        BackendError: The Hub does not answer or refuses.
    """
    repository, _, part = spec.partition(":")
    try:
        info = HfApi().model_info(repository, files_metadata=True, timeout=_TIMEOUT_S)
        files = {file.rfilename: file for file in info.siblings or ()}
        chosen = [files[name] for name in choose_files(files, repository, part)]
        _download(repository, str(info.sha), chosen, target, progress)
    except GatedRepoError as error:
        raise BackendError(f"{repository} requires a login and accepted terms", hint="hf auth login") from error
    except (RepositoryNotFoundError, EntryNotFoundError, HFValidationError) as error:
        raise ConfigError(f"no model {repository!r} on the Hub that you may read", hint="kb models list") from error
    except (HTTPError, OfflineModeIsEnabled, ConnectionError) as error:
        raise BackendError(f"the Hub did not send {repository}: {error}", hint=f"kb models pull {spec}") from error
    return HubModel(commit=str(info.sha), licence=_licence(info))


def choose_files(names: Iterable[str], repository: str, part: str = "") -> list[str]:
    """Pick what is downloaded of a repository's files: all, one GGUF file, or, for `tokenizer`, no weights.

    Raises:
        ConfigError: The GGUF file `part` is absent, or several GGUF files are there and none is named.
        DataError: There are no weights in a format that cannot run code.
    """
    safe = sorted(name for name in names if _is_ordinary(name))
    config = [name for name in safe if PurePosixPath(name).suffix in _TOKENIZER_AND_CONFIG]
    tensors = [name for name in safe if name.endswith(".safetensors")]
    ggufs = [name for name in safe if name.endswith(".gguf")]
    if part == TOKENIZER:
        return config
    if part:
        if part not in ggufs:
            raise ConfigError(f"{repository} has no file {part!r}", hint=_examples(repository, ggufs))
        return [*config, part]
    if tensors:
        return [*config, *tensors]
    if len(ggufs) > 1:
        raise ConfigError(f"{repository} has {len(ggufs)} GGUF files; choose one", hint=_examples(repository, ggufs))
    if not ggufs:
        raise DataError(
            f"{repository} has no safetensors and no GGUF file; pickle files can run code and are not read",
            hint="kb models pull sentence-transformers/all-MiniLM-L6-v2",
        )
    return [*config, *ggufs]


def _is_ordinary(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") for part in path.parts)
    return not (path.is_absolute() or hidden or _OTHER_RUNTIMES.intersection(path.parts[:-1]))


def _examples(repository: str, ggufs: list[str]) -> str:
    # A quantisation of eight bits where there is one: the best that is still small.
    best = next((name for name in ggufs if "q8_0" in name.lower()), ggufs[0] if ggufs else "")
    return f"kb models pull {repository}:{best}" if best else f"kb models pull {repository}"


def _download(
    repository: str, commit: str, files: list[Any], target: Path, progress: Callable[[int, int], None]
) -> None:
    total = sum(file.size or 0 for file in files)
    done = 0
    for file in files:
        meter = _meter(partial(_report, progress, done, total))
        path = Path(hf_hub_download(repository, file.rfilename, revision=commit, local_dir=target, tqdm_class=meter))
        if file.lfs and sha256_of(path) != file.lfs.sha256:
            raise DataError("the downloaded file is damaged", path=file.rfilename, hint=f"kb models pull {repository}")
        done += file.size or 0
        progress(done, total)
    # Bookkeeping of the downloader.
    shutil.rmtree(target / ".cache", ignore_errors=True)


def _report(progress: Callable[[int, int], None], before: int, total: int, read: int) -> None:
    progress(before + read, total)


def _meter(report: Callable[[int], None]) -> type[Any]:
    """Return a progress-bar class that shows nothing and reports the bytes read so far."""

    class Meter(tqdm):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**{**kwargs, "disable": True})  # type: ignore[no-untyped-call]
            self.read = int(kwargs.get("initial") or 0)

        def update(self, n: float | None = 1) -> None:
            self.read += int(n or 0)
            report(self.read)

    return Meter


def _licence(info: Any) -> str:
    stated = [tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")]
    return stated[0] if stated else "not stated"
