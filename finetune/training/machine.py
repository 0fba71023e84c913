"""The machine a recipe runs on: its free memory, arithmetic and speed. A GPU of the table stands for another."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import ConfigError
from core.inference import has_bf16

GIB = 2**30
Dtype = Literal["bf16", "fp16", "f32"]
Device = Literal["cuda", "cpu"]
# Tokens of a packed row on a CPU: attention costs the square of a row's length.
CPU_LINE_TOKENS = 512
# Labels whose logits exist at the same time: on a CPU they stay in the cache, on a GPU they keep it busy.
HEAD_TOKENS: Mapping[Device, int] = {"cpu": 128, "cuda": 512}
_PROBE_SIZE = 1024
_PROBES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the training has to run on.

    Attributes:
        name: For a person.
        device: `cuda` or `cpu`.
        memory_bytes: Of the device, all of it.
        free_bytes: What a new process can have.
        bf16: Whether it multiplies bfloat16 in hardware.
        peak_flops: Dense matrix products in the dtype of training, per second.
        efficiency: Share of `peak_flops` that a training step reaches.
        here: Whether it is this machine.
    """

    name: str
    device: Device
    memory_bytes: int
    free_bytes: int
    bf16: bool
    peak_flops: float
    efficiency: float
    here: bool = True

    @property
    def dtype(self) -> Dtype:
        """What `dtype = "auto"` takes: bf16 in hardware, else fp16 on a GPU and f32 on a CPU."""
        if self.bf16:
            return "bf16"
        return "fp16" if self.device == "cuda" else "f32"


# Dense 16-bit tensor-core rates and memory from NVIDIA's data sheets (T4: fp16; A100 40 GB and H100 80 GB SXM: bf16).
# What the driver keeps is taken off. The efficiency is a usual one for adapters on some billions of parameters.
_DRIVER_BYTES = GIB // 2
GPUS: Mapping[str, Machine] = {
    name: Machine(
        name=title,
        device="cuda",
        memory_bytes=memory_gib * GIB,
        free_bytes=memory_gib * GIB - _DRIVER_BYTES,
        bf16=bf16,
        peak_flops=flops,
        efficiency=efficiency,
        here=False,
    )
    for name, title, memory_gib, bf16, flops, efficiency in (
        ("t4", "NVIDIA T4 16 GB", 15, False, 65e12, 0.25),
        ("a100", "NVIDIA A100 40 GB", 40, True, 312e12, 0.35),
        ("h100", "NVIDIA H100 80 GB", 80, True, 989e12, 0.35),
    )
}
# Of an unknown GPU: an order of magnitude that says "hours" or "days".
_UNKNOWN_GPU_FLOPS = 100e12
_GPU_EFFICIENCY = 0.35
# Measured with SmolLM2 and LoRA on two cores: 250 tokens/s where a plain product reached 1.1 TFLOP/s.
_CPU_EFFICIENCY = 0.12


def named_gpu(name: str) -> Machine:
    """Return a GPU of the table.

    Raises:
        ConfigError: It is not there.
    """
    if name.lower() not in GPUS:
        raise ConfigError(f"unknown GPU {name!r}; use one of {', '.join(GPUS)}", hint="kb finetune --estimate --gpu t4")
    return GPUS[name.lower()]


def this_machine() -> Machine:
    """Return what is free here now: the first GPU where there is one, else the CPU.

    Without torch the CPU is assumed, at a rate that is not measured.
    """
    if importlib.util.find_spec("torch") is None:
        return _cpu(peak_flops=1e12)
    import torch

    if not torch.cuda.is_available():
        return _cpu(peak_flops=_measured_flops())
    free, total = torch.cuda.mem_get_info(0)
    title = str(torch.cuda.get_device_name(0))
    known = next((gpu for key, gpu in GPUS.items() if key in title.lower()), None)
    return Machine(
        name=title,
        device="cuda",
        memory_bytes=total,
        free_bytes=free,
        # Ask for the hardware's own: the default answer counts emulation too.
        bf16=bool(torch.cuda.is_bf16_supported(including_emulation=False)),
        peak_flops=known.peak_flops if known else _UNKNOWN_GPU_FLOPS,
        efficiency=known.efficiency if known else _GPU_EFFICIENCY,
    )


def _cpu(peak_flops: float) -> Machine:
    return Machine(
        name=f"CPU, {len(os.sched_getaffinity(0))} cores",
        device="cpu",
        memory_bytes=_limited(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), used=0),
        free_bytes=_limited(_available_bytes(), used=_group_used()),
        bf16=has_bf16(),
        peak_flops=peak_flops,
        efficiency=_CPU_EFFICIENCY,
    )


def _available_bytes() -> int:
    """Return what the kernel says it can give without swapping."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


_GROUP = Path("/sys/fs/cgroup")


def _group_used() -> int:
    """Return what this container holds, less file pages that the kernel can drop."""
    used = _GROUP / "memory.current"
    if not used.is_file():
        return 0
    stat = dict(line.split() for line in (_GROUP / "memory.stat").read_text(encoding="ascii").splitlines())
    return int(used.read_text(encoding="ascii")) - int(stat.get("inactive_file", 0))


def _limited(size_bytes: int, *, used: int) -> int:
    """Return the smaller of a size and what the container may still have."""
    limit = _GROUP / "memory.max"
    text = limit.read_text(encoding="ascii").strip() if limit.is_file() else "max"
    return size_bytes if text == "max" else min(size_bytes, int(text) - used)


def _measured_flops() -> float:
    """Return the rate of a square matrix product in the dtype of training, in operations per second."""
    import torch

    dtype = torch.bfloat16 if has_bf16() else torch.float32
    left = torch.ones(_PROBE_SIZE, _PROBE_SIZE, dtype=dtype)
    best_s = float("inf")
    for _ in range(_PROBES):  # the first prepares the kernels; the best is the least disturbed
        began = time.perf_counter()
        left @ left
        best_s = min(best_s, time.perf_counter() - began)
    return 2 * _PROBE_SIZE**3 / best_s
