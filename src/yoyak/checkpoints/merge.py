"""An adapter merged into its base, in numpy and tensor by tensor: W + (alpha / rank) B A, and the rows of trained tokens put in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yoyak.checkpoints import shards
from yoyak.errors import ModelError

_PREFIX = "base_model.model."
_ROWS = ".token_adapter.trainable_tokens_delta"
#: Settings of PEFT under which an adapter is more than this sum; merging it as if it were not would be wrong without a word.
_UNKNOWN = (
    "use_dora",
    "use_rslora",
    "use_qalora",
    "alora_invocation_tokens",
    "modules_to_save",
    "rank_pattern",
    "alpha_pattern",
    "lora_bias",
)
_CARRIED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "base.json",
    "NOTICE",
)

Update = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def merge(base: Path, adapter: Path, output: Path) -> None:
    """Write the merged model's folder: the base's files, with the adapter's updates added to its weights.

    Weights keep the type that the base stores them in; a base in 16 bits is summed in fp32 and rounded.

    Args:
        base: Folder in Hugging Face form, in one file or in shards.
        adapter: PEFT's folder: adapter_config.json and adapter_model.safetensors (fp32 or bf16).
        output: Folder to write into.

    Raises:
        ModelError: The adapter belongs to another model (a weight is missing or of another shape), or is of a kind that is no plain LoRA.
    """
    updates = _updates(adapter)
    files = shards.weight_files(base)
    stored = {name: entry for file in files for name, entry in shards.entries(file).items()}
    for name, (shape, _) in updates.items():
        fits = name in stored and (stored[name].shape == shape if shape[0] else stored[name].shape[1:] == shape[1:])
        if not fits:
            raise ModelError(f"the adapter in {adapter} does not fit the model in {base}: {name} is missing or of another shape")
    for file in files:
        found = shards.entries(file)

        def data(name: str, found: Mapping[str, shards.Entry] = found) -> bytes:
            entry = found[name]
            return shards.narrowed(updates[name][1](entry.array()), entry.dtype) if name in updates else entry.raw()

        shards.write(output / file.name, {name: (e.dtype, e.shape, e.end - e.start) for name, e in found.items()}, data)
    for name in (*_CARRIED, *([shards.INDEX] if len(files) > 1 or files[0].name != "model.safetensors" else [])):
        if (base / name).is_file():
            shutil.copyfile(base / name, output / name)
    # How to end and to pad was decided in training.
    if (adapter / "generation_config.json").is_file():
        shutil.copyfile(adapter / "generation_config.json", output / "generation_config.json")


def _updates(adapter: Path) -> dict[str, tuple[tuple[int, ...], Update]]:
    """Weight -> (the shape it must have, what becomes of it); 0 rows in a shape: any number."""
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    unknown = [key for key in _UNKNOWN if config.get(key)]
    if unknown or config.get("bias", "none") != "none" or config.get("peft_type", "LORA") != "LORA":
        what = ", ".join(unknown) or f"{config.get('peft_type')} with bias {config.get('bias')!r}"
        raise ModelError(
            f"the adapter in {adapter} is no plain LoRA ({what}): merge it with PEFT (merge_and_unload) and give the whole model"
        )
    parts = load_tensors(adapter / "adapter_model.safetensors")
    scale = config["lora_alpha"] / config["r"]
    found: dict[str, tuple[tuple[int, ...], Update]] = {}
    for name, down in parts.items():
        if ".lora_A." in name:
            up = parts[name.replace(".lora_A.", ".lora_B.")]
            target = name.removeprefix(_PREFIX).split(".lora_A.")[0] + ".weight"
            found[target] = ((up.shape[0], down.shape[1]), _added(scale * (up @ down)))
        elif name.endswith(_ROWS):
            module = name.removeprefix(_PREFIX).removesuffix(_ROWS)
            found[f"{module}.weight"] = ((0, down.shape[1]), _replaced(_indices(config, module), down))
        elif ".lora_B." not in name:
            raise ModelError(f"the adapter in {adapter} holds {name}, which is no part of a plain LoRA")
    return found


def _added(update: NDArray[np.float32]) -> Update:
    return lambda weight: weight + update


def _replaced(indices: list[int], rows: NDArray[np.float32]) -> Update:
    def put(weight: NDArray[np.float32]) -> NDArray[np.float32]:
        made = weight.copy()
        made[indices] = rows
        return made

    return put


def _indices(config: Mapping[str, Any], module: str) -> list[int]:
    """Ids of the trained rows; PEFT keeps a list, or one for each module."""
    saved = config["trainable_token_indices"]
    return list(saved[module.rpartition(".")[2]] if isinstance(saved, dict) else saved)


def load_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every tensor of a safetensors file as fp32."""
    return {name: entry.array() for name, entry in shards.entries(path).items()}
