"""A tiny Llama with random weights and a tokenizer learned from the data at hand: a whole LoRA run within a minute, offline."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from yoyak._extras import require
from yoyak.train.tiny import tiny_tokenizer, write_tiny


def tiny_llama(
    texts: Iterable[str], folder: Path, *, tokens: int = 600, width: int = 128, layers: int = 2, positions: int = 2048, seed: int = 0
) -> Path:
    """Write a Llama of that size with random weights; the same texts and seed give the same folder.

    Args:
        texts: What the tokenizer is learned from.
        folder: The folder to make; one that is there stays.
        tokens: Most tokens of the vocabulary.
        width: Of the hidden states, a multiple of 32.
        layers: Of the decoder.
        positions: The longest prompt and summary together.
        seed: Of the weights.
    """
    if folder.is_dir():
        return folder
    torch = require("torch", extra="train")
    transformers = require("transformers", extra="train")
    tokenizer = tiny_tokenizer(texts, tokens=tokens)
    bos, eos, pad = (tokenizer.token_to_id(token) for token in ("<s>", "</s>", "<pad>"))
    tokenizer.post_processor = require("tokenizers", extra="train").processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", bos)]
    )
    config = transformers.LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 32,
        num_key_value_heads=width // 32,
        max_position_embeddings=positions,
        initializer_range=0.05,
        tie_word_embeddings=True,
        bos_token_id=bos,
        eos_token_id=eos,
        pad_token_id=pad,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = transformers.LlamaForCausalLM(config)
    return write_tiny(folder, model, tokenizer, positions=positions)
