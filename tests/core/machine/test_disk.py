"""Faults of the disk are told from other failures, in the words of every library."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.machine.disk import disk_fault


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    "error",
    [
        os_error(errno.ENOSPC),
        os_error(errno.EDQUOT),
        RuntimeError("lance error: No space left on device (os error 28)"),
        RuntimeError("database or disk is full"),
        RuntimeError("basic_ios::clear: iostream error"),
    ],
    ids=str,
)
def test_a_full_disk(tmp_path: Path, error: Exception) -> None:
    fault = disk_fault(tmp_path / "gone" / "index", error)
    assert fault is not None and "the disk is full" in fault.message
    assert fault.hint.startswith(f"df -h {tmp_path}  #")


@pytest.mark.parametrize(
    "error",
    [
        os_error(errno.EROFS),
        os_error(errno.EACCES),
        RuntimeError("attempt to write a readonly database"),
        RuntimeError("io error: Permission denied (os error 13)"),
        RuntimeError("unable to open database file"),
    ],
    ids=str,
)
def test_a_folder_that_cannot_be_written(tmp_path: Path, error: Exception) -> None:
    fault = disk_fault(tmp_path, error)
    assert fault is not None and "cannot be written" in fault.message
    assert fault.hint.startswith("KB_HOME=")


@pytest.mark.parametrize("error", [os_error(errno.ENOENT), ValueError("not JSON"), RuntimeError("os error 2")], ids=str)
def test_other_failures_are_not_the_disk(tmp_path: Path, error: Exception) -> None:
    assert disk_fault(tmp_path, error) is None


def test_a_folder_with_blanks_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "my files").mkdir()
    fault = disk_fault(tmp_path / "my files" / "x", os_error(errno.ENOSPC))
    assert fault is not None and f"'{tmp_path}/my files'" in fault.hint
