"""What a model does, seen by running a tiny one: whether it stops, and whether it learned to write padding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("tokenizers")

from tiny_kobart import tiny_kobart
from yoyak.checkpoints.merge import load_tensors
from yoyak.checkpoints.repair import CURES, repair
from yoyak.doctor.behaviour import judged, run
from yoyak.records import Dialogue, Turn

TALKS = [Dialogue(f"d{n}", (Turn("#Person1#", f"{n}시에 만나자."),), references=(f"#Person1#은 {n}시에 만나자고 한다.",)) for n in range(4)]
END, PADDING = 1, 3


def pushed(tmp_path: Path, **logits: float) -> Path:
    """A tiny model whose bias favours some tokens."""
    from safetensors.numpy import save_file

    tiny_kobart(tmp_path / "raw")
    repair(tmp_path / "raw", tmp_path / "model", CURES)
    tensors = load_tensors(tmp_path / "model" / "model.safetensors")
    bias = np.zeros_like(tensors["final_logits_bias"])
    bias[0, END], bias[0, PADDING] = logits.get("end", 0), logits.get("padding", 0)
    save_file(tensors | {"final_logits_bias": bias}, tmp_path / "model" / "model.safetensors", metadata={"format": "pt"})
    return tmp_path / "model"


def test_a_model_that_stops(tmp_path: Path) -> None:
    found = run(pushed(tmp_path, end=30), TALKS, max_new_tokens=12)
    assert (found.dialogues, found.stopped) == (4, 4)
    assert found.end is not None
    assert found.end > 0.9
    assert judged(found) == []


def test_a_model_that_never_stops_and_expects_padding(tmp_path: Path) -> None:
    found = run(pushed(tmp_path, end=-30, padding=30), TALKS, count=2, max_new_tokens=12)
    assert (found.dialogues, found.stopped) == (2, 0)
    assert [finding.code for finding in judged(found)] == ["never-stops", "padding-learned"]


def test_dialogues_without_references_are_run_too(tmp_path: Path) -> None:
    bare = [Dialogue(talk.id, talk.turns) for talk in TALKS]
    found = run(pushed(tmp_path, end=30), bare, max_new_tokens=12)
    assert (found.stopped, found.end, found.padding_after_end) == (4, None, None)
