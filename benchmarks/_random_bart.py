"""KoBART's shape with random weights: real tokenizer and configuration, since the hub's weights cannot be had everywhere. Speed does not
depend on the values as long as the length is forced."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file


def random_bart(source: Path, target: Path, *, layers: int | None = None, seed: int = 0) -> Path:
    """A checkpoint folder in Hugging Face form; made when it is not there.

    Args:
        source: Holds config.json, tokenizer.json, tokenizer_config.json, generation_config.json.
        target: The folder to make.
        layers: Fewer than the configuration's, for tests.
        seed: Of the weights.
    """
    if (target / "model.safetensors").is_file():
        return target
    target.mkdir(parents=True, exist_ok=True)
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    if layers is not None:
        config |= {"encoder_layers": layers, "decoder_layers": layers, "num_hidden_layers": layers}
    random = np.random.default_rng(seed)
    width = config["d_model"]
    tensors: dict[str, np.ndarray] = {}

    def linear(name: str, outputs: int, inputs: int) -> None:
        tensors[f"{name}.weight"] = random.normal(0, 0.06, (outputs, inputs)).astype(np.float32)
        tensors[f"{name}.bias"] = random.normal(0, 0.02, outputs).astype(np.float32)

    def norm(name: str) -> None:
        tensors[f"{name}.weight"] = np.ones(width, np.float32)
        tensors[f"{name}.bias"] = np.zeros(width, np.float32)

    tensors["model.shared.weight"] = random.normal(0, 0.2, (config["vocab_size"], width)).astype(np.float32)
    for stack in ("encoder", "decoder"):
        rows = config["max_position_embeddings"] + 2
        tensors[f"model.{stack}.embed_positions.weight"] = random.normal(0, 0.2, (rows, width)).astype(np.float32)
        norm(f"model.{stack}.layernorm_embedding")
        for layer in range(config[f"{stack}_layers"]):
            base = f"model.{stack}.layers.{layer}"
            for attention in ("self_attn",) if stack == "encoder" else ("self_attn", "encoder_attn"):
                for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    linear(f"{base}.{attention}.{part}", width, width)
                norm(f"{base}.{attention}_layer_norm")
            linear(f"{base}.fc1", config[f"{stack}_ffn_dim"], width)
            linear(f"{base}.fc2", width, config[f"{stack}_ffn_dim"])
            norm(f"{base}.final_layer_norm")
    tensors["final_logits_bias"] = np.zeros((1, config["vocab_size"]), np.float32)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    (target / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        shutil.copyfile(source / name, target / name)
    return target
