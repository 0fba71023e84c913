"""One training process: `python -m finetune.training.worker RUN STAGE`, started by `finetune.training.launch`.

Standard output carries events, one JSON object per line, errors included. The process ends with its parent.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from core.errors import DataError, KbError
from core.files import Home
from core.machine.disk import full_disk_reported
from core.shell import quoted
from core.telemetry import disable

# Set by accelerate and torchrun.
_RANK, _LOCAL_RANK, _WORLD = "RANK", "LOCAL_RANK", "WORLD_SIZE"
_FAILED = 1


def main(arguments: Sequence[str]) -> int:
    """Run one stage of a run.

    Args:
        arguments: Home, run, stage, and trackers to report to, separated by commas.

    Returns:
        The exit code.
    """
    disable()
    home, name, stage, trackers = arguments
    rank, processes = int(os.environ.get(_RANK, "0")), int(os.environ.get(_WORLD, "1"))
    if rank:
        sys.stdout = sys.stderr  # one process speaks
    if not int(os.environ.get(_LOCAL_RANK, rank)):  # its launcher ends the others of this machine
        threading.Thread(target=_end_with_parent, daemon=True).start()
    from finetune.training.events import emit

    emit("started", stage=stage, processes=processes)
    try:
        with full_disk_reported(Path(home) / "runs" / name):
            _run(Path(home), name, stage, tuple(filter(None, trackers.split(","))), rank, processes)
    except KbError as error:
        emit("error", **error.to_json())
        return _FAILED
    except Exception as error:
        emit("error", **_unexpected(error, Home(Path(home)).runs / name / f"{stage}.out").to_json())
        raise  # the log keeps the traceback
    return 0


def _unexpected(error: Exception, log: Path) -> KbError:
    """Return a fault of another kind as the reason why a stage failed."""
    reason = next(iter(str(error).strip().splitlines()), "")
    message = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    if "out of memory" in reason:
        return KbError(message, hint="kb finetune --set micro_batch=1 --set gradient_checkpointing=true --data DIR")
    return KbError(message, hint=f"cat {quoted(log)}", click="choose a smaller base model or another recipe")


def _end_with_parent() -> None:
    """Wait for the end of standard input, which whoever started us holds open and never writes to."""
    while os.read(0, 1):  # not by `sys.stdin`, whose lock would be held when the interpreter ends
        pass
    os._exit(_FAILED)


def _run(home: Path, name: str, stage: str, trackers: tuple[str, ...], rank: int, processes: int) -> None:
    from finetune.data.prepare import prepare
    from finetune.data.rows import open_dataset
    from finetune.methods.registry import METHODS
    from finetune.runs import open_run, read_card, read_prompt, read_recipe, training

    place = Home(home)
    run = open_run(place, name)
    # A process that was killed together with its parent may still be on its way out.
    with nullcontext() if rank else training(run, wait_s=_WAIT_S):
        card = read_card(run)
        gc.freeze()  # the trainer collects garbage often, and what libraries hold is none
        # Before a row is read: what was changed may be no row any more.
        if open_dataset(Path(card.data)).sha256() != card.data_sha256:
            raise DataError(
                "the data has changed since this run started",
                path=card.data,
                hint="kb finetune OTHER_NAME --data DIR",
                click="start a run under another name",
            )
        prepared = prepare(read_recipe(run), Path(card.data), place, run_prompt=read_prompt(run))
        if not (METHODS[prepared.recipe.method].quantised or prepared.base.shape.quantisation):
            # Only its quantised weights are used, and peft's import of it loads torch's compiler: seconds.
            sys.modules.setdefault("bitsandbytes", None)  # type: ignore[arg-type]
        stages = _stages(place.cache)
        from finetune.training.stage import Stage

        stages[stage](Stage(run=run, name=stage, prepared=prepared, processes=processes, rank=rank, report_to=trackers))
        if processes > 1:
            _part()


def _part() -> None:
    """Leave together: a process that ends while gloo's threads still talk to the others is aborted now and then."""
    from torch import distributed

    if distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


_WAIT_S = 20.0


def _stages(cache: Path) -> Mapping[str, Callable[..., None]]:
    from finetune.retain.stage import run_retain
    from finetune.training.dpo import run_dpo
    from finetune.training.sft import run_sft

    return {"retain": partial(run_retain, cache=cache / "retain"), "sft": run_sft, "dpo": run_dpo}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
