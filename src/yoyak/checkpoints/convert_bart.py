"""A BART checkpoint folder (KoBART too) -> CTranslate2, from numpy, without torch.

CTranslate2's own converter fails on a BART saved by transformers 5: it reads configuration keys that are no longer written. Filling the
specification here needs none of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yoyak._extras import require
from yoyak.checkpoints.merge import load_tensors
from yoyak.checkpoints.vocabulary import rows_named
from yoyak.errors import ModelError

Tensors = dict[str, NDArray[np.float32]]

# BartLearnedPositionalEmbedding keeps two unused rows before position 0.
_OFFSET = 2


def convert_bart(folder: Path, output: Path, *, quantization: str | None) -> None:
    """Write the CTranslate2 model of a BART in Hugging Face form.

    Args:
        folder: Holds config.json, model.safetensors and tokenizer.json.
        output: An empty folder to write into.
        quantization: `int8`, `float16`, ... as CTranslate2 names them; None keeps fp32.

    Raises:
        ModelError: It is a variant with other norms (mBART's pre-norm), which this converter does not know.
    """
    require("ctranslate2", extra="ct2")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config.get("normalize_before") or config.get("add_final_layer_norm"):
        raise ModelError(f"{folder}: a BART with norms before its blocks is not known; expected normalize_before=false")
    tensors = load_tensors(folder / "model.safetensors")
    spec = _spec(config)
    shared = next((tensors[name] for name in _SHARED if name in tensors), None)
    if shared is None:
        raise ModelError(f"{folder}/model.safetensors holds none of {', '.join(_SHARED)}")
    _stack(spec.encoder, tensors, "model.encoder.", shared, config)
    _stack(spec.decoder, tensors, "model.decoder.", shared, config)
    spec.decoder.projection.weight = tensors.get("lm_head.weight", shared)
    bias = tensors.get("final_logits_bias")
    if bias is not None and np.any(bias):
        spec.decoder.projection.bias = bias.reshape(-1)
    tokens = rows_named(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")), len(shared))
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.bos_token = tokens[config["bos_token_id"]]
    spec.config.eos_token = tokens[config["eos_token_id"]]
    spec.config.unk_token = _unknown(folder, tokens, config)
    # KoBART's is <usr>, not its eos: taken from the configuration, never guessed.
    spec.config.decoder_start_token = tokens[config["decoder_start_token_id"]]
    spec.validate()
    spec.optimize(quantization=quantization)
    spec.save(str(output))


_SHARED = ("model.shared.weight", "model.encoder.embed_tokens.weight", "lm_head.weight")


def _unknown(folder: Path, tokens: list[str], config: dict[str, Any]) -> str:
    path = folder / "tokenizer_config.json"
    named = json.loads(path.read_text(encoding="utf-8")).get("unk_token") if path.is_file() else None
    text = named.get("content") if isinstance(named, dict) else named
    return text if text in tokens else "<unk>" if "<unk>" in tokens else tokens[config["pad_token_id"]]


def _spec(config: dict[str, Any]) -> Any:
    from ctranslate2.specs import common_spec, transformer_spec

    activations = {"gelu": common_spec.Activation.GELU, "relu": common_spec.Activation.RELU}
    if config["activation_function"] not in activations:
        raise ModelError(f"the activation {config['activation_function']!r} is not known; expected gelu or relu")
    return transformer_spec.TransformerSpec.from_config(
        (config["encoder_layers"], config["decoder_layers"]),
        config["encoder_attention_heads"],
        pre_norm=False,
        activation=activations[config["activation_function"]],
        layernorm_embedding=True,
    )


def _stack(spec: Any, tensors: Tensors, prefix: str, shared: NDArray[np.float32], config: dict[str, Any]) -> None:
    spec.scale_embeddings = float(np.sqrt(config["d_model"])) if config.get("scale_embedding") else 1.0
    embeddings = spec.embeddings[0] if isinstance(spec.embeddings, list) else spec.embeddings
    embeddings.weight = shared
    spec.position_encodings.encodings = tensors[f"{prefix}embed_positions.weight"][_OFFSET:]
    _norm(spec.layernorm_embedding, tensors, f"{prefix}layernorm_embedding")
    for number, layer in enumerate(spec.layer):
        name = f"{prefix}layers.{number}."
        _attention(layer.self_attention, tensors, f"{name}self_attn")
        _norm(layer.self_attention.layer_norm, tensors, f"{name}self_attn_layer_norm")
        if f"{name}encoder_attn.q_proj.weight" in tensors:
            _attention(layer.attention, tensors, f"{name}encoder_attn", across=True)
            _norm(layer.attention.layer_norm, tensors, f"{name}encoder_attn_layer_norm")
        _linear(layer.ffn.linear_0, tensors, [f"{name}fc1"])
        _linear(layer.ffn.linear_1, tensors, [f"{name}fc2"])
        _norm(layer.ffn.layer_norm, tensors, f"{name}final_layer_norm")


def _attention(spec: Any, tensors: Tensors, name: str, *, across: bool = False) -> None:
    query, key, value = (f"{name}.{part}_proj" for part in "qkv")
    if across:  # keys and values of the encoder are computed once, apart from the queries
        _linear(spec.linear[0], tensors, [query])
        _linear(spec.linear[1], tensors, [key, value])
    else:
        _linear(spec.linear[0], tensors, [query, key, value])
    _linear(spec.linear[-1], tensors, [f"{name}.out_proj"])


def _linear(spec: Any, tensors: Tensors, names: list[str]) -> None:
    spec.weight = np.concatenate([tensors[f"{name}.weight"] for name in names])  # (outputs of all, inputs)
    spec.bias = np.concatenate([tensors[f"{name}.bias"] for name in names])


def _norm(spec: Any, tensors: Tensors, name: str) -> None:
    spec.gamma, spec.beta = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
