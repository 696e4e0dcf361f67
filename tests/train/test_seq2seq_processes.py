"""Two processes train what one trains."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from safetensors.torch import load_file  # noqa: E402

pytestmark = pytest.mark.proof


def test_two_cpu_processes_end_where_one_does(tmp_path: Path, root: Path) -> None:
    settings = "epochs=1 data.limit=60 data.dev=[] precision=fp32 dropout=0.0 device=cpu batches.tokens=2048".split()
    options = [part for setting in settings for part in ("--set", setting)]
    module = ["-m", "yoyak.cli.main", "train", "tiny-seq2seq", *options]
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29531"]
    subprocess.run([sys.executable, *module, "-o", str(tmp_path / "one")], cwd=root, check=True)
    subprocess.run([sys.executable, *launcher, *module, "-o", str(tmp_path / "two")], cwd=root, check=True)
    one, two = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("one", "two"))
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 5e-4
    first, second = (
        [json.loads(line)["loss"] for line in (tmp_path / name / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
        for name in ("one", "two")
    )
    assert first == pytest.approx(second, abs=1e-4)
