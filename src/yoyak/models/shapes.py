"""The sizes of a model that its cost depends on, read from its config.json: BART, T5, Llama, Mistral, Qwen, Gemma.

Nothing is loaded: it is arithmetic on a dictionary, without torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoyak.errors import ModelError

_DECODERS = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text")


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The sizes that cost depends on; made by :func:`shape_of`.

    Args:
        family: `bart`, `t5`, or the `model_type` of a decoder-only model (`llama`, `gemma3_text`, ...).
        width: Of the hidden states (`d_model`, `hidden_size`).
        encoder_layers: 0 in a decoder-only model.
        decoder_layers: Layers of the decoder (of the whole model, if it is decoder-only).
        heads, key_heads, head_width: Attention heads, key/value heads (fewer with grouped queries), and the width of one.
        encoder_wide, decoder_wide: Width inside the feed-forward block.
        gated: The block multiplies two projections (gate and up) before the third.
        vocabulary: Rows of the embedding.
        positions: Rows of each stack's learned position table; 0 for rotary or relative positions.
        tied: Head and embedding are one matrix.
        extra: Norms, biases and relative-position tables: all parameters that are no matrix of a product and no embedding.
        norms: Norms of a layer over the hidden states, the one of cross attention left out.
        root_norms: They are RMS norms, which keep two tensors for the backward pass (a layer norm keeps one).
        head_norms: Queries and keys are normed too (Qwen 3, Gemma 3).
        dropout, attention_dropout, activation_dropout: Whether training drops outputs of blocks, attention weights, and values inside the
            feed-forward block.
        only_eager: transformers 5 has no fused attention for it.
        capped: Attention scores go through a tanh (Gemma 2).
        window, sliding_layers: Tokens that a sliding layer looks back (None: all layers see all), and how many layers slide.
    """

    family: str
    width: int
    encoder_layers: int
    decoder_layers: int
    heads: int
    key_heads: int
    head_width: int
    encoder_wide: int
    decoder_wide: int
    gated: bool
    vocabulary: int
    positions: int
    tied: bool
    extra: int
    norms: int = 2
    root_norms: bool = True
    head_norms: bool = False
    dropout: bool = False
    attention_dropout: bool = False
    activation_dropout: bool = False
    only_eager: bool = False
    capped: bool = False
    window: int | None = None
    sliding_layers: int = 0

    @property
    def is_seq2seq(self) -> bool:
        """Whether there is an encoder."""
        return self.encoder_layers > 0

    @property
    def query_width(self) -> int:
        """Of all heads together."""
        return self.heads * self.head_width

    @property
    def key_width(self) -> int:
        """Of all key (or value) heads together."""
        return self.key_heads * self.head_width

    @property
    def attention(self) -> int:
        """Weights of one attention block: q, k, v and output."""
        return 2 * self.width * (self.query_width + self.key_width)

    def feed_forward(self, wide: int) -> int:
        """Weights of one feed-forward block."""
        return self.width * wide * (3 if self.gated else 2)


def read_shape(folder: str | Path) -> ModelShape:
    """The shape of the model whose `config.json` stands in the folder (or is the path itself).

    Raises:
        ModelError: There is none, it is no JSON object, or its kind of model is not known here.
    """
    path = Path(folder)
    path = path / "config.json" if path.is_dir() else path
    if not path.is_file():
        raise ModelError(f"{path} is not there; cost is worked out from a model's config.json")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is no JSON: {error}") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} holds no JSON object")
    return shape_of(config)


def shape_of(config: Mapping[str, Any]) -> ModelShape:
    """The shape that a config.json describes: BART, T5 and mT5, Llama, Mistral, Qwen 2 and 3, Gemma 1 to 3.

    Raises:
        ModelError: Another kind of model, or a value is missing; the message names it.

    Example:
        >>> shape_of({"model_type": "mamba"})
        Traceback (most recent call last):
        yoyak.errors.ModelError: known: bart, t5, mt5, llama, mistral, qwen2, qwen3, gemma, gemma2, gemma3_text; config.json says 'mamba'
    """
    kind = str(config.get("model_type", ""))
    if kind == "gemma3" and isinstance(config.get("text_config"), Mapping):
        return shape_of({"model_type": "gemma3_text", **config["text_config"]})
    try:
        if kind in ("bart", "mbart"):
            return _bart(config)
        if kind in ("t5", "mt5"):
            return _t5(config)
        if kind in _DECODERS:
            return _decoder_only(kind, config)
    except KeyError as error:
        raise ModelError(f"config.json of a {kind} model lacks {error.args[0]!r}") from error
    raise ModelError(f"known: bart, t5, mt5, {', '.join(_DECODERS)}; config.json says {kind!r}")


def _bart(config: Mapping[str, Any]) -> ModelShape:
    width, heads = int(config["d_model"]), int(config["encoder_attention_heads"])
    encoder, decoder = int(config["encoder_layers"]), int(config["decoder_layers"])
    encoder_wide, decoder_wide = int(config["encoder_ffn_dim"]), int(config["decoder_ffn_dim"])
    norm = 2 * width
    final = 2 * norm if config["model_type"] == "mbart" else 0
    # Biases: four of an attention block, two of the feed-forward block; norms: one after each block and one on each embedding.
    extra = encoder * (4 * width + encoder_wide + width + 2 * norm) + decoder * (8 * width + decoder_wide + width + 3 * norm) + 2 * norm
    return ModelShape(
        family="bart",
        width=width,
        encoder_layers=encoder,
        decoder_layers=decoder,
        heads=heads,
        key_heads=heads,
        head_width=width // heads,
        encoder_wide=encoder_wide,
        decoder_wide=decoder_wide,
        gated=False,
        vocabulary=int(config["vocab_size"]),
        positions=int(config["max_position_embeddings"]) + 2,  # BART's table begins at 2
        tied=bool(config.get("tie_word_embeddings", True)),
        extra=extra + final,
        root_norms=False,
        dropout=float(config.get("dropout", 0.1)) > 0,
        attention_dropout=float(config.get("attention_dropout", 0)) > 0,
        activation_dropout=float(config.get("activation_dropout", 0)) > 0,
    )


def _t5(config: Mapping[str, Any]) -> ModelShape:
    width, heads, head = int(config["d_model"]), int(config["num_heads"]), int(config["d_kv"])
    encoder = int(config["num_layers"])
    decoder = int(config.get("num_decoder_layers") or encoder)
    buckets = int(config.get("relative_attention_num_buckets", 32))
    gated = str(config.get("feed_forward_proj", "relu")).startswith("gated")
    drops = float(config.get("dropout_rate", 0.1)) > 0
    return ModelShape(
        family="t5",
        width=width,
        encoder_layers=encoder,
        decoder_layers=decoder,
        heads=heads,
        key_heads=heads,
        head_width=head,
        encoder_wide=int(config["d_ff"]),
        decoder_wide=int(config["d_ff"]),
        gated=gated,
        vocabulary=int(config["vocab_size"]),
        positions=0,
        tied=bool(config.get("tie_word_embeddings", config["model_type"] == "t5")),
        extra=(2 * encoder + 3 * decoder + 2) * width + 2 * buckets * heads,
        dropout=drops,
        attention_dropout=drops,
        activation_dropout=drops,
        only_eager=True,
    )


def _decoder_only(kind: str, config: Mapping[str, Any]) -> ModelShape:
    width, heads, layers = int(config["hidden_size"]), int(config["num_attention_heads"]), int(config["num_hidden_layers"])
    key_heads = int(config.get("num_key_value_heads") or heads)
    head, wide = int(config.get("head_dim") or width // heads), int(config["intermediate_size"])
    norms = 4 if kind in ("gemma2", "gemma3_text") else 2
    extra = layers * norms * width + width
    if kind in ("qwen3", "gemma3_text"):  # norms on queries and keys
        extra += layers * 2 * head
    if kind == "qwen2":
        extra += layers * head * (heads + 2 * key_heads)
    elif config.get("attention_bias"):
        extra += layers * (head * (heads + 2 * key_heads) + width)
    if config.get("mlp_bias"):
        extra += layers * (2 * wide + width)
    window, sliding = _sliding(kind, config, layers)
    return ModelShape(
        family=kind,
        width=width,
        encoder_layers=0,
        decoder_layers=layers,
        heads=heads,
        key_heads=key_heads,
        head_width=head,
        encoder_wide=0,
        decoder_wide=wide,
        gated=True,
        vocabulary=int(config["vocab_size"]),
        positions=0,
        tied=bool(config.get("tie_word_embeddings", kind.startswith("gemma"))),
        extra=extra,
        window=window,
        sliding_layers=sliding,
        norms=norms,
        head_norms=kind in ("qwen3", "gemma3_text"),
        attention_dropout=float(config.get("attention_dropout", 0)) > 0,
        only_eager=kind == "gemma2",
        capped=kind == "gemma2" and config.get("attn_logit_softcapping", 50.0) is not None,
    )


def _sliding(kind: str, config: Mapping[str, Any], layers: int) -> tuple[int | None, int]:
    """(window, how many layers slide)."""
    window = config.get("sliding_window")
    types = config.get("layer_types")
    if window is None or (kind.startswith("qwen") and not config.get("use_sliding_window")):
        return None, 0
    if types is not None:
        sliding = sum(each == "sliding_attention" for each in types)
    elif kind == "gemma3_text":
        every = int(config.get("sliding_window_pattern", 6))
        sliding = layers - layers // every
    else:
        sliding = layers // 2 if kind == "gemma2" else layers
    return (int(window), sliding) if sliding else (None, 0)
