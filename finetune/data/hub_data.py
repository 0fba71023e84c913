"""A data set of the Hugging Face Hub as files of its own records, a file per split, fetched once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from core.errors import BackendError, ConfigError, DataError
from core.files import Home
from core.types import Split
from core.weights.folders import make_folder

PREFIX = "hf:"
_SPLITS: Mapping[str, Split] = {"train": "train", "validation": "val", "val": "val", "test": "test"}
_READY = "train.jsonl"


def fetch_dataset(spec: str, home: Home, *, most_rows: int = 0) -> Path:
    """Return a folder with `train.jsonl` and, where the data set has them, `val.jsonl` and `test.jsonl`.

    The records are as the data set holds them, without fields that are null. The `datasets` library runs no code of a
    data set.

    Args:
        spec: `hf:ORG/NAME`, `hf:ORG/NAME:CONFIG`, or `hf:FOLDER` as that library reads folders.
        home: Where it is kept.
        most_rows: Of each split, read as a stream; 0: all of it.

    Raises:
        ConfigError: There is no such data set, or it has no training split.
        DataError: A field cannot be written as JSON.
        BackendError: The Hub does not answer.
    """
    key = hashlib.sha256(f"{spec} {most_rows}".encode()).hexdigest()[:16]
    folder = home.cache / "hub-data" / key
    make_folder(folder, lambda work: _fill(spec, work, most_rows), ready=_READY)
    return folder


def _fill(spec: str, work: Path, most_rows: int) -> None:
    from datasets import load_dataset
    from datasets.exceptions import DataFilesNotFoundError, DatasetNotFoundError
    from huggingface_hub.errors import OfflineModeIsEnabled

    name, _, config = spec.removeprefix(PREFIX).partition(":")
    hint = "kb finetune --data hf:ORG/NAME --dry-run"
    try:
        loaded = load_dataset(name, config or None, streaming=bool(most_rows))
        splits = {_SPLITS[split]: rows for split, rows in loaded.items() if split in _SPLITS}
        if "train" not in splits:
            raise ConfigError(f"{spec} has no training split; it has {', '.join(loaded)}", hint=hint)
        for split, rows in splits.items():
            _write(work / f"{split}.jsonl", islice(rows, most_rows) if most_rows else rows)
    except (DatasetNotFoundError, DataFilesNotFoundError) as error:
        raise ConfigError(f"no readable dataset {name!r} on the Hub", hint=hint) from error
    except RuntimeError as error:  # it wants to run code of its own
        raise DataError(f"{spec}: {error}", hint=hint) from error
    except ValueError as error:  # an unknown configuration, with the known ones in the message
        raise ConfigError(f"{spec}: {str(error).splitlines()[0]}", hint=hint) from error
    except (ConnectionError, OfflineModeIsEnabled, OSError) as error:
        raise BackendError(
            f"downloading {name} from the Hub failed: {error}", hint="run the same command again"
        ) from error


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as handle:
        for line, row in enumerate(rows, start=1):
            record = {name: value for name, value in row.items() if value is not None}
            try:
                handle.write(json.dumps(record, ensure_ascii=False) + "\n")
            except TypeError as error:
                raise DataError(f"a field cannot be written as JSON: {error}", path=path, line=line) from error
