"""Two processes train what one trains, each with the whole model or with half of its frozen weights."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from safetensors.torch import load_file  # noqa: E402

from yoyak.cli.main import main  # noqa: E402

SETTINGS = "epochs=1 data.limit=31 data.dev=[] precision=fp32 device=cpu batches.tokens=400".split()
OPTIONS = [part for setting in SETTINGS for part in ("--set", setting)]


def trained(output: Path, root: Path, *more: str, processes: int = 1) -> tuple[dict[str, torch.Tensor], list[float]]:
    """The adapter's weights and the losses of a run by the command line, under torchrun where there are several processes."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    command = [sys.executable, *launcher, "-m", "yoyak.cli.main", "train", "tiny-lora", *OPTIONS, *more, "-o", str(output)]
    made = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=600)
    assert made.returncode == 0, made.stderr[-3000:]
    lines = (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return load_file(output / "adapter" / "adapter_model.safetensors"), [json.loads(line)["loss"] for line in lines]


@pytest.mark.proof
def test_two_cpu_processes_end_where_one_does(tmp_path: Path, root: Path) -> None:
    one, losses = trained(tmp_path / "one", root)
    for name, more in (
        ("two", ()),
        ("sharded", ("--set", "shard=true")),
        ("checkpointed", ("--set", "shard=true", "--set", "gradient_checkpointing=true")),
    ):
        other, found = trained(tmp_path / name, root, *more, processes=2)
        assert found == pytest.approx(losses, abs=1e-3), name
        assert one.keys() == other.keys()
        # Adapters are written in bf16, with three digits.
        assert max(float((one[key].float() - other[key].float()).abs().max()) for key in one) < 5e-3, name


@pytest.mark.proof
def test_each_process_holds_half_of_the_frozen_layers_and_all_that_is_learned(root: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        str(root / "tests" / "shard_count.py"),
    ]
    made = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=600)
    assert made.returncode == 0, made.stderr[-3000:]
    found = json.loads(made.stdout.splitlines()[-1])
    assert found["held"] == found["before"] / 2
    assert found["learned"] == 2 * 2 * ((32 + 32) * 2 + (32 + 16) * 2 + (32 + 64) * 3), (
        "rank 2, two layers, inputs and outputs of seven matrices"
    )


@pytest.mark.proof
def test_accelerates_switch_shards_too_and_a_whole_run_goes_on_sharded(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, losses = trained(tmp_path / "whole", root, "--set", "save_steps=2", "--set", "keep_checkpoints=99")
    # What `accelerate launch --use_fsdp` sets; the launcher itself starts FSDP on GPUs alone.
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    early = sorted((tmp_path / "whole" / "checkpoints").iterdir())[0]
    again, rest = trained(tmp_path / "again", root, "--resume-from", str(early), processes=2)
    assert rest == pytest.approx(losses[2:], abs=1e-3)
    assert max(float((whole[key].float() - again[key].float()).abs().max()) for key in whole) < 5e-3


def test_four_bits_are_not_shared_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "tiny-lora", "--set", "shard=true", "--set", "quantization=nf4", "--dry-run"]) == 2
    assert "quantization: none" in capsys.readouterr().err
