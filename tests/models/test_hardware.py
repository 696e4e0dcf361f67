"""The hardware plan, for machines that are not here: every branch with its reason."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from yoyak.errors import ConfigError
from yoyak.models.hardware import Device, HardwarePlan, cpu_flags, facts, plan, total_memory

BF16 = frozenset({"avx512_bf16"})


def gpu(major: int, minor: int = 0, *, flash: bool = False, bitsandbytes: bool = True) -> Device:
    return Device("cuda", "card", 24 << 30, (major, minor), flash_attention=flash, bitsandbytes=bitsandbytes)


def cpu(flags: frozenset[str] = frozenset(), *, bitsandbytes: bool = False) -> Device:
    return Device("cpu", "processor", cpu_flags=flags, bitsandbytes=bitsandbytes)


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (gpu(8, flash=True), ("bf16", "flash_attention_2", "nf4", "off")),
        (gpu(8), ("bf16", "sdpa", "nf4", "off")),
        (gpu(9, flash=True, bitsandbytes=False), ("bf16", "flash_attention_2", "none", "off")),
        (gpu(7, 5, flash=True), ("fp16", "sdpa", "nf4", "off")),
        (gpu(7), ("fp16", "sdpa", "nf4", "off")),
        (gpu(5, 2), ("fp16", "sdpa", "none", "off")),
        (cpu(BF16, bitsandbytes=True), ("bf16", "sdpa", "nf4", "off")),
        (cpu(frozenset({"amx_bf16"})), ("bf16", "sdpa", "none", "off")),
        (cpu(frozenset({"avx2"})), ("fp32", "sdpa", "none", "off")),
    ],
)
def test_what_follows_from_a_device(device: Device, expected: tuple[str, ...]) -> None:
    made = plan(device, quantization="auto")
    assert (made.precision.value, made.attention.value, made.quantization.value, made.tf32.value) == expected


@pytest.mark.parametrize("device", [gpu(8, flash=True), gpu(7, 5), cpu(BF16), cpu()])
def test_each_choice_has_its_reason(device: Device) -> None:
    made = plan(device, quantization="auto")
    assert all(choice.reason for choice in (made.precision, made.attention, made.quantization, made.tf32))
    assert [line.partition(":")[0] for line in made.lines()] == ["precision", "attention", "quantization", "tf32"]
    assert made.to_json()["precision"]["value"] == made.precision.value


@pytest.mark.parametrize(
    ("device", "asked", "instead"),
    [
        (gpu(7, 5), {"precision": "bf16"}, r"compute capability 7\.5.*auto \(fp16 here\)"),
        (cpu(BF16), {"precision": "fp16"}, r"auto \(bf16 here\)"),
        (cpu(), {"attention": "flash_attention_2"}, r"NVIDIA GPU; use attention: auto \(sdpa here\)"),
        (gpu(7, 5, flash=True), {"attention": "flash_attention_2"}, "8.0 or more"),
        (gpu(8), {"attention": "flash_attention_2"}, "pip install flash-attn"),
        (gpu(8, flash=True), {"attention": "flash_attention_2", "precision": "fp32"}, "16 bits only"),
        (cpu(), {"quantization": "nf4"}, r"pip install 'yoyak\[qlora\]'"),
        (gpu(5, 2), {"quantization": "nf4"}, "6.0 or more"),
    ],
)
def test_the_impossible_is_an_error_that_says_what_to_do(device: Device, asked: Any, instead: str) -> None:
    with pytest.raises(ConfigError, match=instead):
        plan(device, **asked)


def test_what_is_asked_for_and_possible_is_given() -> None:
    assert plan(gpu(8), precision="fp32").precision.value == "fp32"
    assert plan(gpu(8), precision="fp32").tf32.value == "on"
    assert plan(gpu(8), precision="fp16").precision.fallback == "bf16"
    assert plan(gpu(8, flash=True), attention="sdpa").attention.value == "sdpa"
    assert plan(gpu(8, flash=True), precision="fp32").attention.value == "sdpa"
    assert plan(cpu(), attention="eager").attention.value == "eager"
    emulated = plan(cpu(), precision="bf16").precision
    assert emulated.value == "bf16"
    assert "slower" in emulated.reason
    assert plan(cpu(bitsandbytes=True)).quantization.value == "none"


def test_a_gpu_without_capability_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="compute capability"):
        Device("cuda", "card")


def test_this_machine_has_a_plan() -> None:
    here = facts()
    assert isinstance(plan(here, quantization="auto"), HardwarePlan)
    assert facts("cpu").kind == "cpu"
    assert total_memory() == 0 or total_memory() > 1 << 20


def test_flags_of_arm_and_of_systems_without_them() -> None:
    assert cpu_flags(lambda: "processor\t: 0\nFeatures\t: fp asimd bf16\n") == {"fp", "asimd", "bf16"}

    def missing() -> str:
        raise FileNotFoundError("/proc/cpuinfo")

    assert cpu_flags(missing) == frozenset()


def test_planning_loads_no_torch() -> None:
    code = "import sys; from yoyak.models.hardware import Device, plan; plan(Device('cpu')); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
