"""What the machine lets a training run use: precision, attention and quantization, each with its reason and its fallback.

:func:`plan` is plain arithmetic on a few facts, so that every machine can be tested on any other; :func:`facts` gathers them from the
machine at hand and is the only place that loads torch.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from yoyak._extras import installed
from yoyak.errors import ConfigError

Precision = Literal["bf16", "fp16", "fp32"]
Attention = Literal["flash_attention_2", "sdpa", "eager"]
Quantization = Literal["none", "nf4"]

# Compute capability 8.0 is Ampere: bfloat16 and TF32 in hardware, and the oldest that FlashAttention 2 supports.
_AMPERE = (8, 0)
# bitsandbytes 0.50 builds its 4-bit kernels from Pascal on.
_FOUR_BIT = (6, 0)
# x86 has bf16 in AVX-512 or AMX, ARM in an extension of that name.
_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


@dataclass(frozen=True, slots=True)
class Device:
    """Facts about the device that shall train.

    Args:
        kind: `cuda` or `cpu`.
        name: What it calls itself.
        memory_bytes: All of its memory, free or not; 0 when unknown.
        capability: Compute capability, (8, 6); None on a CPU.
        cpu_flags: Names of the processor's instruction sets as Linux gives them (`avx512_bf16`).
        flash_attention: Whether flash-attn 2 is installed.
        bitsandbytes: Whether bitsandbytes is installed.
        devices: How many there are of it.
    """

    kind: Literal["cuda", "cpu"]
    name: str = ""
    memory_bytes: int = 0
    capability: tuple[int, int] | None = None
    cpu_flags: frozenset[str] = frozenset()
    flash_attention: bool = False
    bitsandbytes: bool = False
    devices: int = 1

    def __post_init__(self) -> None:
        if self.kind == "cuda" and self.capability is None:
            raise ValueError("a cuda device has a compute capability, such as (8, 0)")

    @property
    def called(self) -> str:
        """Its name with the capability, for messages."""
        version = f" (compute capability {self.capability[0]}.{self.capability[1]})" if self.capability else ""
        return f"{self.name or self.kind}{version}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, why, and what would be taken if it failed (None: there is nothing simpler)."""

    value: str
    reason: str
    fallback: str | None = None

    def __str__(self) -> str:
        return f"{self.value}: {self.reason}" + (f" (else {self.fallback})" if self.fallback else "")


@dataclass(frozen=True, slots=True)
class HardwarePlan:
    """The choices of a run.

    Args:
        precision: `bf16`, `fp16` (with a scaled loss) or `fp32`: what is computed in.
        attention: transformers' name of the implementation.
        quantization: `none` or `nf4` (4 bits, double quantization) for frozen weights.
        tf32: `on` or `off`: whether products of fp32 matrices may use TF32.
    """

    precision: Choice
    attention: Choice
    quantization: Choice
    tf32: Choice

    def lines(self) -> list[str]:
        """One line for each choice, for the log of a run."""
        return [f"{name}: {getattr(self, name)}" for name in ("precision", "attention", "quantization", "tf32")]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for metrics files and model cards."""
        return asdict(self)


def plan(
    device: Device,
    *,
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto",
    attention: Literal["auto", "flash_attention_2", "sdpa", "eager"] = "auto",
    quantization: Literal["none", "auto", "nf4"] = "none",
) -> HardwarePlan:
    """The plan for that device.

    Compute capability 8.0 or more: bfloat16 and FlashAttention 2 where installed, else SDPA; less: float16 and SDPA; CPU: bfloat16 where
    the processor has it, else float32, and SDPA. `auto` for the quantization takes 4 bits wherever bitsandbytes runs, CPU included.

    Args:
        device: Facts, see :func:`facts`.
        precision: `auto`, or what the recipe insists on.
        attention: `auto`, or what the recipe insists on.
        quantization: `none`, `auto` (4 bits where possible) or `nf4` (4 bits or an error).

    Raises:
        ConfigError: Something was insisted on that the device cannot do; the message says what to ask for instead.

    Example:
        >>> a100 = Device("cuda", "A100", capability=(8, 0), flash_attention=True)
        >>> made = plan(a100)
        >>> made.precision.value, made.attention.value, made.tf32.value
        ('bf16', 'flash_attention_2', 'off')
        >>> plan(Device("cuda", "T4", capability=(7, 5))).precision.value
        'fp16'
        >>> plan(Device("cpu"), precision="fp16")
        Traceback (most recent call last):
        ...
        yoyak.errors.ConfigError: precision: fp16 is not possible on cpu: processors train in bf16 or fp32; use precision: auto (fp32 here)
    """
    chosen = _precision(device, precision)
    return HardwarePlan(
        chosen, _attention(device, attention, chosen.value), _quantization(device, quantization), _tf32(device, chosen.value)
    )


def _precision(device: Device, asked: str) -> Choice:
    natural = _natural_precision(device)
    if asked in ("auto", natural.value):
        return natural
    if asked == "fp32":
        return Choice("fp32", "asked for; everything can compute it, at twice the memory of 16 bits")
    if device.kind == "cpu":
        if asked == "fp16":
            raise _impossible("precision", asked, device, "processors train in bf16 or fp32", natural.value)
        return Choice("bf16", "asked for; this processor has no bf16 instructions and emulates them, slower than fp32", "fp32")
    if asked == "bf16":
        raise _impossible("precision", asked, device, "bf16 in hardware begins with compute capability 8.0 (Ampere)", natural.value)
    return Choice("fp16", "asked for; bf16 would need no scaled loss here", "bf16")


def _natural_precision(device: Device) -> Choice:
    if device.capability is not None:
        if device.capability >= _AMPERE:
            return Choice("bf16", "compute capability 8.0 or more: the range of fp32 in 16 bits, no scaled loss", "fp32")
        return Choice("fp16", "compute capability below 8.0 has no bf16; the loss is scaled so that small gradients survive", "fp32")
    flags = sorted(device.cpu_flags & _BF16_FLAGS)
    if flags:
        return Choice("bf16", f"the processor computes it ({', '.join(flags)})", "fp32")
    return Choice("fp32", "the processor has no bf16 instructions")


def _attention(device: Device, asked: str, precision: str) -> Choice:
    why_not = _no_flash(device, precision)
    if asked == "flash_attention_2":
        if why_not:
            raise _impossible("attention", asked, device, why_not, "sdpa")
        return Choice("flash_attention_2", "asked for", "sdpa")
    if asked == "eager":
        return Choice("eager", "asked for; slow, and the only one that returns attention weights")
    if asked == "sdpa":
        return Choice("sdpa", "asked for", "eager")
    if why_not:
        return Choice("sdpa", f"PyTorch's own fused attention; no FlashAttention 2: {why_not}", "eager")
    return Choice("flash_attention_2", "flash-attn is installed and the device runs it", "sdpa")


def _no_flash(device: Device, precision: str) -> str | None:
    if device.capability is None:
        return "it needs an NVIDIA GPU"
    if device.capability < _AMPERE:
        return "it needs compute capability 8.0 or more"
    if precision == "fp32":
        return "it computes in 16 bits only"
    if not device.flash_attention:
        return "the package flash-attn is not installed (pip install flash-attn --no-build-isolation)"
    return None


def _quantization(device: Device, asked: str) -> Choice:
    if asked == "none":
        return Choice("none", "not asked for")
    why_not = _no_four_bits(device)
    if why_not is None:
        where = "on this CPU, slowly" if device.kind == "cpu" else "here"
        return Choice("nf4", f"bitsandbytes runs {where}: NF4 with double quantization, 0.52 bytes a weight", "none")
    if asked == "nf4":
        raise _impossible("quantization", "nf4", device, why_not, "none (plain LoRA)")
    return Choice("none", f"4 bits were welcome, but {why_not}")


def _no_four_bits(device: Device) -> str | None:
    if not device.bitsandbytes:
        return "the package bitsandbytes is not installed (pip install 'yoyak[qlora]')"
    if device.capability is not None and device.capability < _FOUR_BIT:
        return "bitsandbytes needs compute capability 6.0 or more"
    return None


def _tf32(device: Device, precision: str) -> Choice:
    if device.capability is None or device.capability < _AMPERE:
        return Choice("off", "TF32 begins with compute capability 8.0")
    if precision == "fp32":
        return Choice("on", "fp32 products on tensor cores, with 10 bits of mantissa", "off")
    return Choice("off", f"products are in {precision} already")


def _impossible(setting: str, asked: str, device: Device, reason: str, instead: str) -> ConfigError:
    return ConfigError(f"{setting}: {asked} is not possible on {device.called}: {reason}; use {setting}: auto ({instead} here)")


def facts(kind: Literal["auto", "cuda", "cpu"] = "auto") -> Device:
    """The facts about this machine; torch is loaded here when it is installed.

    Args:
        kind: `auto` takes a GPU when there is one.

    Raises:
        ConfigError: `cuda` was asked for and torch sees none.
    """
    gpu = _gpu() if kind != "cpu" else None
    if gpu is not None:
        return gpu
    if kind == "cuda":
        raise ConfigError(
            "device: cuda is not possible here: torch is not installed, was built without CUDA, or sees no GPU; use device: auto"
        )
    return Device(
        "cpu",
        _processor(),
        memory_bytes=total_memory(),
        cpu_flags=cpu_flags(),
        flash_attention=installed("flash_attn"),
        bitsandbytes=installed("bitsandbytes"),
    )


def _gpu() -> Device | None:
    """The weakest GPU that torch sees: a plan has to hold on all of them."""
    if not installed("torch"):
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    found = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    weakest = min(found, key=lambda properties: (properties.major, properties.minor, properties.total_memory))
    return Device(
        "cuda",
        weakest.name,
        memory_bytes=weakest.total_memory,
        capability=(weakest.major, weakest.minor),
        flash_attention=installed("flash_attn"),
        bitsandbytes=installed("bitsandbytes"),
        devices=len(found),
    )


def cpu_flags(read: Callable[[], str] = lambda: Path("/proc/cpuinfo").read_text(encoding="utf-8")) -> frozenset[str]:
    """The processor's instruction sets as Linux names them; empty on other systems.

    Example:
        >>> sorted(cpu_flags(lambda: "model name : x\\nflags : sse avx512_bf16\\n"))
        ['avx512_bf16', 'sse']
    """
    try:
        text = read()
    except OSError:
        return frozenset()
    lines = (line.partition(":") for line in text.splitlines())
    return next((frozenset(flags.split()) for name, _, flags in lines if name.strip() in ("flags", "Features")), frozenset())


def _processor() -> str:
    """What the processor calls itself."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    names = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine() or "cpu"


def total_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or a container's limit when that is lower; 0 when unknown."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0
    limits = (_limit(Path(name)) for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"))
    return min(machine, *(limit for limit in limits if limit is not None), machine)


def _limit(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
