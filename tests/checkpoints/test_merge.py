"""Merging in shards, in 16 bits, with rows of trained tokens; and adapters that are more than a plain LoRA are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("safetensors")
from safetensors.numpy import load_file, save_file

from yoyak.checkpoints import shards
from yoyak.checkpoints.merge import merge
from yoyak.errors import ModelError

RANDOM = np.random.default_rng(0)
WEIGHTS = {
    "model.embed_tokens.weight": RANDOM.normal(size=(6, 4)).astype(np.float32),
    "model.layers.0.self_attn.q_proj.weight": RANDOM.normal(size=(8, 4)).astype(np.float32),
    "model.norm.weight": RANDOM.normal(size=(4,)).astype(np.float32),
}
DOWN, UP = RANDOM.normal(size=(2, 4)).astype(np.float32), RANDOM.normal(size=(8, 2)).astype(np.float32)
ROWS = RANDOM.normal(size=(2, 4)).astype(np.float32)


def base(folder: Path, *, dtype: str = "F32", sharded: bool = False) -> Path:
    folder.mkdir()
    size = 4 if dtype == "F32" else 2
    groups = [[name] for name in WEIGHTS] if sharded else [list(WEIGHTS)]
    files = [f"model-{i}.safetensors" for i in range(len(groups))] if sharded else ["model.safetensors"]
    for file, names in zip(files, groups, strict=True):
        sizes = {name: (dtype, WEIGHTS[name].shape, size * WEIGHTS[name].size) for name in names}
        shards.write(folder / file, sizes, lambda name: shards.narrowed(WEIGHTS[name], dtype))
    if sharded:
        index = {"weight_map": {name: file for file, names in zip(files, groups, strict=True) for name in names}}
        (folder / shards.INDEX).write_text(json.dumps(index), encoding="utf-8")
    (folder / "config.json").write_text("{}", encoding="utf-8")
    return folder


def adapter(folder: Path, **config: Any) -> Path:
    folder.mkdir()
    prefix = "base_model.model.model."
    parts = {
        f"{prefix}layers.0.self_attn.q_proj.lora_A.weight": DOWN,
        f"{prefix}layers.0.self_attn.q_proj.lora_B.weight": UP,
        f"{prefix}embed_tokens.token_adapter.trainable_tokens_delta": ROWS,
    }
    save_file(parts, folder / "adapter_model.safetensors")
    settings = {"r": 2, "lora_alpha": 6, "trainable_token_indices": {"embed_tokens": [4, 1]}} | config
    (folder / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def merged(base: Path, adapter: Path, output: Path) -> dict[str, Any]:
    output.mkdir()
    merge(base, adapter, output)
    return {name: entry.array() for name, entry in shards.tensors(output)}


def test_updates_are_added_and_trained_rows_put_in(tmp_path: Path) -> None:
    found = merged(base(tmp_path / "base"), adapter(tmp_path / "adapter"), tmp_path / "out")
    assert np.allclose(found["model.layers.0.self_attn.q_proj.weight"], WEIGHTS["model.layers.0.self_attn.q_proj.weight"] + 3 * UP @ DOWN)
    assert np.array_equal(found["model.embed_tokens.weight"][[4, 1]], ROWS)
    assert np.array_equal(found["model.embed_tokens.weight"][[0, 2, 3, 5]], WEIGHTS["model.embed_tokens.weight"][[0, 2, 3, 5]])
    assert np.array_equal(found["model.norm.weight"], WEIGHTS["model.norm.weight"])
    # What we write is what safetensors reads.
    assert np.array_equal(load_file(tmp_path / "out" / "model.safetensors")["model.norm.weight"], WEIGHTS["model.norm.weight"])


def test_shards_give_what_one_file_gives(tmp_path: Path) -> None:
    one = merged(base(tmp_path / "one"), adapter(tmp_path / "adapter"), tmp_path / "a")
    many = merged(base(tmp_path / "many", sharded=True), tmp_path / "adapter", tmp_path / "b")
    assert one.keys() == many.keys()
    assert all(np.array_equal(one[name], many[name]) for name in one)
    assert len(shards.weight_files(tmp_path / "b")) == 3


def test_a_base_in_16_bits_stays_so_and_is_summed_in_fp32(tmp_path: Path) -> None:
    found = merged(base(tmp_path / "base", dtype="BF16"), adapter(tmp_path / "adapter"), tmp_path / "out")
    entries = shards.entries(tmp_path / "out" / "model.safetensors")
    assert {entry.dtype for entry in entries.values()} == {"BF16"}
    name = "model.layers.0.self_attn.q_proj.weight"
    kept = shards.widened(shards.narrowed(WEIGHTS[name], "BF16"), "BF16", WEIGHTS[name].shape, name=name)
    assert np.abs(found[name] - (kept + 3 * UP @ DOWN)).max() <= 2**-8 * np.abs(found[name]).max()


@pytest.mark.parametrize(
    ("config", "said"),
    [({"use_dora": True}, "use_dora"), ({"use_rslora": True}, "use_rslora"), ({"bias": "all"}, "bias"), ({"peft_type": "IA3"}, "IA3")],
)
def test_more_than_a_plain_lora_is_refused(tmp_path: Path, config: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        merged(base(tmp_path / "base"), adapter(tmp_path / "adapter", **config), tmp_path / "out")


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    folder = base(tmp_path / "base", sharded=True)
    (folder / "model-1.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model-1\.safetensors"):
        shards.weight_files(folder)
