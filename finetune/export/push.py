"""Uploads a run's adapter or merged model with its card to the Hugging Face Hub, and checks that it loads from there.

The token comes from `HF_TOKEN` only. `plan` returns what would be uploaded; asking for confirmation is the caller's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import HfApi
from huggingface_hub.errors import HTTPError, OfflineModeIsEnabled, RepositoryNotFoundError  # type: ignore[attr-defined]

from core.errors import BackendError, ConfigError, GateError
from core.weights.hub import fetch_repository
from finetune.card import render_card
from finetune.data.prepare import chat_of_policy
from finetune.runs import TrainingRun, read_card
from finetune.training.base import SMOLLM2_READING
from finetune.training.policy import asker, load_merged, load_policy

if TYPE_CHECKING:
    from finetune.export.job import Export

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
# What a base is called on the Hub, where it is spelled otherwise here.
_SMOLLM2_ON_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
# The second is what a merged model descends from; nobody else has that base, so its adapters stay here.
_ON_HUB: Mapping[str, str] = {"smollm2": _SMOLLM2_ON_HUB, SMOLLM2_READING: _SMOLLM2_ON_HUB}
_ADAPTER_CONFIG = "adapter_config.json"
_CARD = "README.md"
_ANSWER_TOKENS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What would go where.

    Attributes:
        merged: Whether it is the whole model, not the adapter.
        size_bytes: Of all files.
    """

    repository: str
    folder: Path
    merged: bool
    size_bytes: int

    def __str__(self) -> str:
        what = "merged model" if self.merged else "adapter"
        size = f"{self.size_bytes / 2**20:.1f} MiB"
        return f"the {what} and its card ({size}) would go to the private repository {self.repository} on the Hub"


def plan(job: Export, repository: str, *, merged: bool) -> Upload:
    """Say what an upload would be; nothing is sent.

    Args:
        repository: `USER/NAME`.
        merged: Upload the whole model; so it is done for a base that only this program has.

    Raises:
        ConfigError: The name is no USER/NAME, HF_TOKEN is not set, or the method cannot be merged where it must be.
        GateError: The last export of this run answered otherwise than what was trained.
    """
    if not _REPOSITORY.fullmatch(repository):
        raise ConfigError(f"invalid repository {repository!r}; use USER/NAME", hint="kb export RUN --push USER/NAME")
    _token()
    _require_parity(job.run)
    merged = merged or job.recipe.base == SMOLLM2_READING
    folder = job.merged() if merged else job.run.adapter
    size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Upload(repository=repository, folder=folder, merged=merged, size_bytes=size_bytes)


def _token() -> str:
    token = os.environ.get("HF_TOKEN", "")
    if not token:
        raise ConfigError(
            "an upload requires a token with write access in HF_TOKEN", hint="HF_TOKEN=hf_... kb export ..."
        )
    return token


def _require_parity(run: TrainingRun) -> None:
    for key, seen in read_card(run).parity.items():
        if isinstance(seen, Mapping) and seen.get("passed") is False:
            raise GateError(
                f"the last export ({key}) answered differently from the trained model", hint=f"kb export {run.name}"
            )


def push(job: Export, upload: Upload) -> str:
    """Send the files, fetch them again by id and have the model answer once.

    Returns:
        The commit.

    Raises:
        BackendError: The Hub does not answer or refuses.
        GateError: What came back does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="kb-push-") as scratch:
        outgoing, returned = Path(scratch, "out"), Path(scratch, "back")
        _lay_out(job, upload, outgoing)
        job.progress(f"uploading to {upload.repository}")
        commit = _send(outgoing, upload.repository, f"kb run {job.run.name}")
        job.progress("loading it from the Hub")
        returned.mkdir()
        fetch_repository(upload.repository, returned, progress=lambda *_: None)
        _answer_once(job, upload, returned)
    return commit


def _lay_out(job: Export, upload: Upload, outgoing: Path) -> None:
    """Copy what goes up, with the card as its README and no path of this machine."""
    shutil.copytree(upload.folder, outgoing)
    base = _base_on_hub(job.recipe.base)
    if job.run.prompt.is_file():
        shutil.copy(job.run.prompt, outgoing)
    config = outgoing / _ADAPTER_CONFIG
    if config.is_file():
        settings = json.loads(config.read_text(encoding="utf-8"))
        config.write_text(json.dumps({**settings, "base_model_name_or_path": base}, indent=2) + "\n", encoding="utf-8")
    card = read_card(job.run)
    front = {
        "base_model": base,
        "license": card.licence.lower(),
        "library_name": "transformers" if upload.merged else "peft",
        "pipeline_tag": "text-generation",
    }
    lines = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items() if value)
    shown = replace(card, base=base or Path(card.base).name, data=Path(card.data).name)
    text = render_card(shown, job.recipe).replace("![curves](curves.png)\n", "")
    (outgoing / _CARD).write_text(f"---\n{lines}\n---\n{text}", encoding="utf-8")


def _base_on_hub(spec: str) -> str:
    """Return a base's id on the Hub; empty for a local folder, whose path stays private."""
    name = _ON_HUB.get(spec, spec.removeprefix("hf:"))
    return name if _REPOSITORY.fullmatch(name) and not Path(name).exists() else ""


def _send(folder: Path, repository: str, message: str) -> str:
    hub = HfApi(token=_token())
    try:
        hub.create_repo(repository, private=True, exist_ok=True)
        done = hub.upload_folder(repo_id=repository, folder_path=folder, commit_message=message)
    except (HTTPError, RepositoryNotFoundError, OfflineModeIsEnabled, ConnectionError, RuntimeError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise BackendError(f"uploading to {repository} failed: {reason}", hint="hf auth whoami") from error
    return str(done.oid)


def _answer_once(job: Export, upload: Upload, folder: Path) -> None:
    recipe, cpu = job.recipe, replace(job.machine, device="cpu")
    load = load_merged if upload.merged else load_policy
    model = load(job.base, recipe, cpu, folder)
    chat = chat_of_policy(job.base, recipe, folder, job.chat.answer_prompt)
    answer = asker(model, chat, recipe, job.machine, _ANSWER_TOKENS).answers([job.conversations[0]])[0]
    if not answer.strip():
        raise GateError(f"{upload.repository} was uploaded but does not answer", hint="kb export RUN --to gguf")
