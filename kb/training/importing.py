"""Takes back an adapter that was trained elsewhere: `kb runs import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from finetune.data.rows import open_dataset
from kb.data.training_data import training_folder
from kb.workspace import Workspace

if TYPE_CHECKING:
    from finetune.runs import TrainingRun


def import_run(
    workspace: Workspace,
    folder: Path,
    *,
    name: str = "",
    base: str = "",
    merge_base: str = "",
    data: str = "",
    on_note: Callable[[str], None] = lambda _: None,
) -> TrainingRun:
    """Make a run of an adapter of Unsloth, peft or LLaMA-Factory, checked against its base.

    Args:
        folder: With `adapter_config.json` and the weights.
        name: Of the run; made from the folder's if empty.
        base: Base model; the one that the adapter names if empty.
        merge_base: Full-precision model of a base that is stored quantised.
        data: What it was trained on, as `kb finetune --data` takes it; comparisons ask its held-out questions.
        on_note: Receives a line on everything that was assumed.

    Raises:
        ConfigError: There is no adapter, or its base is not known.
        MissingExtra: The base was never pulled, or the extra `train` is not installed.
        DataError: The adapter does not fit the base.
    """
    from finetune.training.base import require_train_extra

    require_train_extra()
    from finetune.adapter_import import import_adapter

    dataset = open_dataset(training_folder(data, workspace.home, on_note=on_note)) if data else None
    return import_adapter(
        workspace.home, folder, name=name, base=base, merge_base=merge_base, dataset=dataset, on_note=on_note
    )
