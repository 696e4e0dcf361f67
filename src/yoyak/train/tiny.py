"""A tiny encoder-decoder with random weights and a tokenizer learned from the data at hand: to try everything within a minute, offline."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from yoyak._extras import require
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.hub import quiet_transformers
from yoyak.models.tag_policy import probes

#: What a recipe calls it.
NAME = "tiny"
CONTROLS = ("<s>", "</s>", "<unk>", "<pad>")


def tiny_tokenizer(texts: Iterable[str], *, tokens: int = 3000) -> Any:
    """A tokenizer of pieces (BPE) with at most so many tokens, learned from the texts; the control tokens come first.

    A line break is a piece of its own, and blanks are marked as KoBART marks them.
    """
    tokenizers = require("tokenizers", extra="train")
    made = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
    split = tokenizers.pre_tokenizers
    made.pre_tokenizer = split.Sequence([split.Split("\n", "isolated"), split.Metaspace(prepend_scheme="first")])
    made.decoder = tokenizers.decoders.Metaspace(prepend_scheme="first")
    # Letters, punctuation, line breaks and josa whatever the texts hold: a tag with what stands around it must never be unknown.
    always = sorted({chr(code) for code in range(0x21, 0x7F)} | {letter for _, text in probes() for letter in text} - {" "} | {"\n"})
    # Of letters that are equally frequent the trainer would keep some by chance: the choice is made here, the same in every process.
    held = list(texts)
    counts = Counter(letter for text in held for letter in text if letter != " " and letter not in always)
    always += sorted(counts, key=lambda letter: (-counts[letter], letter))[: tokens // 3]
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=tokens,
        special_tokens=list(CONTROLS),
        show_progress=False,
        limit_alphabet=len(always) + 1,  # and the sign for a blank
        initial_alphabet=always,
    )
    made.train_from_iterator(held, trainer)
    return made


def tiny_bart(
    texts: Iterable[str], folder: Path, *, tokens: int = 1600, width: int = 128, layers: int = 1, positions: int = 1024, seed: int = 0
) -> Path:
    """Write a BART of that size with random weights; the same texts and seed give the same folder.

    Args:
        texts: What the tokenizer is learned from.
        folder: The folder to make; one that is there stays.
        tokens: Most tokens of the vocabulary.
        width: Of the hidden states, a multiple of 32.
        layers: Of the encoder and of the decoder.
        positions: The longest input.
        seed: Of the weights.
    """
    if folder.is_dir():
        return folder
    torch = require("torch", extra="train")
    transformers = require("transformers", extra="train")
    tokenizer = tiny_tokenizer(texts, tokens=tokens)
    config = transformers.BartConfig(
        vocab_size=tokenizer.get_vocab_size(),
        d_model=width,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=width // 32,
        decoder_attention_heads=width // 32,
        encoder_ffn_dim=2 * width,
        decoder_ffn_dim=2 * width,
        max_position_embeddings=positions,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=3,
        decoder_start_token_id=0,
        forced_eos_token_id=None,
        init_std=0.05,  # with the usual 0.02 a run this short never leaves the frequencies of single tokens
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = transformers.BartForConditionalGeneration(config)
    return write_tiny(folder, model, tokenizer, positions=positions)


def write_tiny(folder: Path, model: Any, tokenizer: Any, *, positions: int) -> Path:
    """Write a whole checkpoint folder of a model and the tokenizer made for it."""
    with quiet_transformers(), atomic_folder(folder) as made:
        model.save_pretrained(made)
        tokenizer.save(str(made / "tokenizer.json"))
        named = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": positions, **named}
        (made / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    return folder
