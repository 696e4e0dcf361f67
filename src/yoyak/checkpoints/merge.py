"""A LoRA adapter merged into its base, in numpy: W + (alpha / rank) B A."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yoyak.errors import ModelError

_PREFIX = "base_model.model."


def merge(base: Path, adapter: Path, output: Path) -> None:
    """Write the merged model's folder: the base's files, with the adapter's updates added to its weights.

    Args:
        base: Folder in Hugging Face form, model.safetensors in fp32.
        adapter: PEFT's folder: adapter_config.json and adapter_model.safetensors (fp32 or bf16).
        output: Folder to write into.

    Raises:
        ModelError: The adapter belongs to another model: a weight is missing or of another shape.
    """
    from safetensors.numpy import save_file

    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    weights = load_tensors(base / "model.safetensors")
    parts = load_tensors(adapter / "adapter_model.safetensors")
    scale = config["lora_alpha"] / config["r"]
    for name, down in parts.items():
        if ".lora_A." not in name:
            continue
        up = parts[name.replace(".lora_A.", ".lora_B.")]
        target = name.removeprefix(_PREFIX).split(".lora_A.")[0] + ".weight"
        if target not in weights or weights[target].shape != (up.shape[0], down.shape[1]):
            raise ModelError(f"the adapter in {adapter} does not fit the model in {base}: {target} is missing or of another shape")
        weights[target] = weights[target] + scale * (up @ down)
    save_file(weights, output / "model.safetensors", metadata={"format": "pt"})
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "base.json", "NOTICE"):
        if (base / name).is_file():
            (output / name).write_bytes((base / name).read_bytes())


def load_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every tensor of a safetensors file as fp32; bf16, which numpy does not know, is widened bit by bit."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    found: dict[str, NDArray[np.float32]] = {}
    for name, entry in header.items():
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        raw = data[start:end]
        if entry["dtype"] == "BF16":
            values = (np.frombuffer(raw, dtype=np.uint16).astype(np.uint32) << 16).view(np.float32)
        elif entry["dtype"] in ("F32", "F16"):
            values = np.frombuffer(raw, dtype={"F32": np.float32, "F16": np.float16}[entry["dtype"]]).astype(np.float32)
        else:
            raise ModelError(f"{path}: {name} is of type {entry['dtype']}; expected F32, F16 or BF16")
        found[name] = values.reshape(entry["shape"])
    return found
