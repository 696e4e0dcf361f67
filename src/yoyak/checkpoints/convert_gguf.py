"""A checkpoint folder -> one GGUF file, for llama.cpp and what is built on it (Ollama, LM Studio), written with the package gguf.

Gemma 3 (text) and Llama, with the tokenizers that these models come with. What else there is, llama.cpp's own convert_hf_to_gguf.py
converts from the folder that `yoyak models export --form safetensors` writes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from yoyak._extras import require
from yoyak.checkpoints import shards
from yoyak.checkpoints.convert import read_config
from yoyak.checkpoints.vocabulary import tokens_by_id
from yoyak.errors import ModelError

Stored = Literal["int8", "float16", "bfloat16", "float32"]
_TYPES = {"int8": "Q8_0", "float16": "F16", "bfloat16": "BF16", "float32": "F32"}
_FAMILIES = {"gemma3_text": "gemma3", "llama": "llama"}
# llama.cpp knows how a byte-level tokenizer cuts words by a name; this is Llama 3's rule.
_LLAMA_3 = r"\p{N}{1,3}"
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
# llama.cpp's numbers for what a token is.
_NORMAL, _UNKNOWN, _CONTROL, _USER, _BYTES = 1, 2, 3, 4, 6


def convert_gguf(folder: Path, output: Path, *, stored: Stored = "int8") -> None:
    """Write the model as `output`, a single file.

    Args:
        folder: A checkpoint in Hugging Face form, merged.
        output: The file to write.
        stored: What the matrices are stored in; norms are fp32. Matrices whose rows are no multiple of 32 stay in 16 bits under `int8`.

    Raises:
        ModelError: The family or the tokenizer is another.
    """
    gguf = require("gguf", extra="gemma")
    config = read_config(folder)
    family = _FAMILIES.get(config["model_type"])
    if family is None:
        raise ModelError(
            f"{folder}: models of type {config['model_type']!r} are not written as GGUF here ({', '.join(_FAMILIES)} are); "
            "export with --form safetensors and use llama.cpp's convert_hf_to_gguf.py"
        )
    writer = gguf.GGUFWriter(output, family)
    _settings(writer, config, family, folder.name)
    _tokenizer(writer, folder, config)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA3 if family == "gemma3" else gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    if (factors := rope_factors(config)) is not None:
        writer.add_tensor("rope_freqs.weight", factors)
    for name, entry in shards.tensors(folder):
        if name == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        new = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if new is None:
            raise ModelError(f"{folder} holds {name}, which GGUF's {family} has no name for")
        _add(writer, gguf, new, _arranged(entry.array(), name, config, family), stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def rope_factors(config: Mapping[str, Any]) -> NDArray[np.float32] | None:
    """Llama 3.1's stretching of the rotary frequencies, as divisors; None where there is none.

    Example:
        >>> scaling = {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        ...            "original_max_position_embeddings": 8192, "rope_theta": 500000.0}
        >>> found = rope_factors({"hidden_size": 2048, "num_attention_heads": 32, "rope_parameters": scaling})
        >>> len(found), float(found[0]), float(found[-1])
        (32, 1.0, 32.0)
    """
    scaling = config.get("rope_scaling") or config.get("rope_parameters") or {}
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    if kind in (None, "default") or "full_attention" in scaling:
        return None
    if kind != "llama3":
        raise ModelError(f"rotary scaling of type {kind!r} is not written as GGUF here; use llama.cpp's convert_hf_to_gguf.py")
    width = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    frequencies = _theta(config) ** -(np.arange(0, width, 2) / width)
    factor, low, high = scaling["factor"], scaling["low_freq_factor"], scaling["high_freq_factor"]
    turns = scaling["original_max_position_embeddings"] * frequencies / (2 * math.pi)  # turns within the length trained on first
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    divisors: NDArray[np.float32] = (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)
    return divisors


def _theta(config: Mapping[str, Any]) -> float:
    rope = config.get("rope_parameters") or {}
    rope = rope.get("full_attention", rope)
    return float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0)


def _settings(writer: Any, config: Mapping[str, Any], family: str, name: str) -> None:
    heads = config["num_attention_heads"]
    width = config.get("head_dim") or config["hidden_size"] // heads
    writer.add_name(name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    writer.add_key_length(width)
    writer.add_value_length(width)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(_theta(config))
    writer.add_vocab_size(config["vocab_size"])
    if family == "gemma3":
        if config.get("query_pre_attn_scalar", width) != width:
            raise ModelError("this Gemma scales its attention by another number than the width of a head, which GGUF has no place for")
        writer.add_sliding_window(config["sliding_window"])
    else:
        writer.add_rope_dimension_count(width)


def _tokenizer(writer: Any, folder: Path, config: Mapping[str, Any]) -> None:
    value = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    model = value["model"]
    by_id = tokens_by_id(value)
    added = {entry["content"]: entry["special"] for entry in value.get("added_tokens") or []}
    tokens = [by_id.get(id_, f"<unused-{id_}>") for id_ in range(config["vocab_size"])]
    kinds = [_kind(token, id_ in by_id, added, model.get("unk_token")) for id_, token in enumerate(tokens)]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model.get("merges", [])]
    text = json.dumps([value.get("pre_tokenizer"), value.get("decoder")])
    if '"ByteLevel"' in text and _LLAMA_3.replace("\\", "\\\\") in text:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("llama-bpe")
        writer.add_token_list(tokens)
        writer.add_token_merges(merges)
    elif model["type"] == "BPE" and model.get("byte_fallback"):
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_list(tokens)
        writer.add_token_scores(_scores(tokens, merges))
        writer.add_add_space_prefix(False)
    else:
        raise ModelError(f"the tokenizer in {folder} is neither Llama 3's nor Gemma's; use llama.cpp's convert_hf_to_gguf.py")
    writer.add_token_types(kinds)
    ends = _first(_generation(folder).get("eos_token_id", config.get("eos_token_id")))
    for id_, add in ((config.get("bos_token_id"), writer.add_bos_token_id), (ends, writer.add_eos_token_id)):
        if isinstance(id_, int):
            add(id_)
    if isinstance(pad := _generation(folder).get("pad_token_id", config.get("pad_token_id")), int):
        writer.add_pad_token_id(pad)
    writer.add_add_bos_token(bool(value.get("post_processor")))
    writer.add_add_eos_token(False)


def _kind(token: str, known: bool, added: Mapping[str, bool], unknown: str | None) -> int:
    if not known:
        return _CONTROL
    if token == unknown:
        return _UNKNOWN
    if _BYTE.fullmatch(token):
        return _BYTES
    if token in added:
        return _CONTROL if added[token] else _USER
    return _NORMAL


def _scores(tokens: list[str], merges: list[str]) -> list[float]:
    """SentencePiece merges the pair of the best score first; the order of the merges is that order."""
    rank: dict[str, int] = {}
    for place, merge in enumerate(merges):
        rank.setdefault(merge.replace(" ", "", 1), place)
    return [-float(rank.get(token, len(merges) + number)) for number, token in enumerate(tokens)]


def _first(ids: Any) -> Any:
    return ids[0] if isinstance(ids, list) and ids else ids


def _generation(folder: Path) -> dict[str, Any]:
    path = folder / "generation_config.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _arranged(values: NDArray[np.float32], name: str, config: Mapping[str, Any], family: str) -> NDArray[np.float32]:
    """GGUF's forms: Gemma's norms with their 1 added, Llama's queries and keys with the halves of each head interleaved."""
    if family == "gemma3":
        return values + 1 if "norm" in name else values
    for part, count in (("q_proj", "num_attention_heads"), ("k_proj", "num_key_value_heads")):
        if name.endswith(f"{part}.weight"):
            heads = config.get(count) or config["num_attention_heads"]
            halves = values.reshape(heads, 2, values.shape[0] // heads // 2, values.shape[1])
            return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
    return values


def _add(writer: Any, gguf: Any, name: str, values: NDArray[np.float32], stored: Stored) -> None:
    if values.ndim == 1 or stored == "float32":
        writer.add_tensor(name, values)
        return
    kind = _TYPES[stored] if stored != "int8" or values.shape[-1] % 32 == 0 else "F16"
    chosen = gguf.GGMLQuantizationType[kind]
    writer.add_tensor(name, gguf.quants.quantize(values, chosen), raw_dtype=chosen)
