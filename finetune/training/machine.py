"""The machine a recipe runs on: its free memory, arithmetic and speed. A GPU of the table stands for another."""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core.errors import ConfigError
from core.inference import bf16_pays, has_bf16
from core.machine.system import available_bytes, usable_cores
from core.machine.system import memory_bytes as system_memory

GIB = 2**30
Dtype = Literal["bf16", "fp16", "f32"]
Device = Literal["cuda", "cpu"]
# Tokens of a packed row on a CPU: attention costs the square of a row's length.
CPU_LINE_TOKENS = 512
# Labels whose logits exist at the same time: on a CPU they stay in the cache, on a GPU they keep it busy.
HEAD_TOKENS: Mapping[Device, int] = {"cpu": 128, "cuda": 512}
_PROBE_SIZE = 1024
_PROBES = 5
# Share of a step that one core does alone.
_SERIAL = 0.05


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
        bf16_pays: Whether it is faster with bfloat16.
        devices: GPUs that train together, over all nodes; memory is that of one.
        nodes: Machines that they stand in.
        link_bytes_s: What a GPU receives from another one of its node, in bytes per second; 0 for a CPU.
    """

    name: str
    device: Device
    memory_bytes: int
    free_bytes: int
    bf16: bool
    peak_flops: float
    efficiency: float
    here: bool = True
    bf16_pays: bool = True
    devices: int = 1
    nodes: int = 1
    link_bytes_s: float = 0.0

    @property
    def title(self) -> str:
        """Name and number of devices, for a person."""
        per_node = f"{self.devices // self.nodes} x {self.name}" if self.devices > self.nodes else self.name
        return f"{self.nodes} nodes with {per_node}" if self.nodes > 1 else per_node

    @property
    def dtype(self) -> Dtype:
        """What `dtype = "auto"` takes: bf16 where it is fastest, else fp16 on a GPU and f32 on a CPU."""
        if self.device == "cuda":
            return "bf16" if self.bf16 else "fp16"
        return "bf16" if self.bf16 and self.bf16_pays else "f32"


# Dense 16-bit tensor-core rates and memory from NVIDIA's data sheets (T4: fp16; A100 40 GB and H100 80 GB SXM: bf16).
# What the driver keeps is taken off. The efficiency is a usual one for adapters on some billions of parameters. Links
# are one direction of NVLink, PCIe 3 x16 for the T4.
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
        link_bytes_s=link_bytes_s,
    )
    for name, title, memory_gib, bf16, flops, efficiency, link_bytes_s in (
        ("t4", "NVIDIA T4 16 GB", 15, False, 65e12, 0.25, 12e9),
        ("a100", "NVIDIA A100 40 GB", 40, True, 312e12, 0.35, 300e9),
        ("h100", "NVIDIA H100 80 GB", 80, True, 989e12, 0.35, 450e9),
    )
}
_SEVERAL = re.compile(r"(?:(?P<nodes>[1-9]\d{0,3})x)?(?:(?P<devices>[1-9]\d?)x)?(?P<name>[a-z]\w*)")
# Of an unknown GPU: an order of magnitude that says "hours" or "days".
_UNKNOWN_GPU_FLOPS = 100e12
_GPU_EFFICIENCY = 0.35
# Of unknown GPUs: PCIe 4 x16.
_UNKNOWN_LINK_BYTES_S = 25e9
# Between nodes: 200 Gbit/s for each, assumed.
NODE_LINK_BYTES_S = 25e9
# Measured with SmolLM2 and LoRA on two cores: 250 tokens/s where a plain product reached 1.1 TFLOP/s.
_CPU_EFFICIENCY = 0.12


def named_gpu(name: str) -> Machine:
    """Return a GPU of the table, or several: `8xa100` in one machine, `2x8xa100` in two machines of eight.

    Raises:
        ConfigError: It is not there.
    """
    spelled = _SEVERAL.fullmatch(name.lower())
    if spelled is None or spelled["name"] not in GPUS:
        raise ConfigError(
            f"unknown GPU {name!r}; use one of {', '.join(GPUS)}, or several: 8xa100, 2x8xa100 (nodes x GPUs)",
            hint="kb finetune --estimate --gpu t4",
        )
    # One number alone counts GPUs.
    nodes, devices = (spelled["nodes"], spelled["devices"]) if spelled["devices"] else (None, spelled["nodes"])
    count = int(nodes or 1)
    return replace(GPUS[spelled["name"]], devices=count * int(devices or 1), nodes=count)


def this_machine() -> Machine:
    """Return what is free here now: the GPUs where there are some, of which the first is looked at, else the CPU.

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
        devices=torch.cuda.device_count(),
        link_bytes_s=known.link_bytes_s if known else _UNKNOWN_LINK_BYTES_S,
    )


def _cpu(peak_flops: float) -> Machine:
    return Machine(
        name=f"CPU, {len(usable_cores())} cores",
        device="cpu",
        memory_bytes=_limited(system_memory(), used=0),
        free_bytes=_limited(available_bytes(), used=_group_used()),
        bf16=has_bf16(),
        bf16_pays=bf16_pays(),
        peak_flops=peak_flops,
        efficiency=_CPU_EFFICIENCY,
    )


def busy_cores(sample_s: float = 0.25) -> float | None:
    """Return how many of the cores that this process may use are busy now, while it sleeps; None where unknown."""
    before = _core_times()
    time.sleep(sample_s)
    after = _core_times()
    shares = []
    for core in usable_cores() & before.keys() & after.keys():
        busy, total = (now - then for now, then in zip(after[core], before[core], strict=True))
        shares.append(busy / total if total else 0.0)
    return sum(shares) if shares else None


def _core_times() -> dict[int, tuple[int, int]]:
    """Return busy and total time of every core since the start of the system, in ticks; empty where unknown."""
    times = {}
    for line in _STAT.read_text(encoding="ascii").splitlines() if _STAT.is_file() else ():
        name, *ticks = line.split()
        if re.fullmatch(r"cpu\d+", name):
            user, nice, system, idle, iowait, irq, softirq, steal = (int(tick) for tick in ticks[:8])
            busy = user + nice + system + irq + softirq + steal
            times[int(name.removeprefix("cpu"))] = (busy, busy + idle + iowait)
    return times


_GROUP, _STAT = Path("/sys/fs/cgroup"), Path("/proc/stat")


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


@contextmanager
def one_thread() -> Iterator[int]:
    """Let torch compute in this thread alone, whose processor time other work does not change; yield the cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield len(usable_cores())
    finally:
        torch.set_num_threads(before)


def speedup(cores: int) -> float:
    """Return how many times faster cores are than one, where a part of the work is serial (Amdahl 1967)."""
    return 1 / (_SERIAL + (1 - _SERIAL) / cores)


def _measured_flops() -> float:
    """Return the rate of a square matrix product in the dtype of training on all cores, in operations per second."""
    import torch

    dtype = torch.bfloat16 if bf16_pays() else torch.float32
    matrix = torch.ones(_PROBE_SIZE, _PROBE_SIZE, dtype=dtype)
    best_s = float("inf")
    with one_thread() as cores:
        for _ in range(_PROBES):  # the first prepares the kernels; the best is the least disturbed
            began = time.thread_time()
            matrix @ matrix
            best_s = min(best_s, time.thread_time() - began)
    return speedup(cores) * 2 * _PROBE_SIZE**3 / max(best_s, 1e-9)
