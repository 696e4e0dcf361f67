"""What export writes is the model: read back from GGUF by transformers it computes the same, whole folders are whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

gguf = pytest.importorskip("gguf")
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

from tiny_models import tiny_bart, tiny_gemma  # noqa: E402
from yoyak.checkpoints.convert_gguf import convert_gguf, rope_factors  # noqa: E402
from yoyak.checkpoints.export import export  # noqa: E402
from yoyak.errors import ModelError, UsageError  # noqa: E402

LLAMA_3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SCALING = {
    "rope_type": "llama3",
    "rope_theta": 10_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}


def gemma(folder: Path) -> Path:
    tiny_gemma(folder)
    value = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    value["model"]["byte_fallback"] = True
    (folder / "tokenizer.json").write_text(json.dumps(value), encoding="utf-8")
    return folder


def llama(folder: Path, **more: Any) -> Path:
    folder.mkdir()
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    split = tokenizers.pre_tokenizers
    tokenizer.pre_tokenizer = split.Sequence(
        [split.Split(tokenizers.Regex(LLAMA_3), "isolated"), split.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    special = ["<|begin_of_text|>", "<|end_of_text|>"]
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320, special_tokens=special, initial_alphabet=split.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(["내일 세 시에 만나자 만나자 좋아 좋아 #Person1# #Person2#"], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        bos_token_id=0,
        eos_token_id=1,
        **more,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def logits(folder: Path, **more: Any) -> Any:
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **more)
    return model(torch.tensor([[2, 9, 10, 11, 12, 40, 41]])).logits.detach()


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("family", ["gemma", "llama", "llama tied", "llama stretched"])
def test_read_back_from_gguf_it_computes_the_same(tmp_path: Path, family: str) -> None:
    if family == "gemma":
        folder = gemma(tmp_path / "model")
    else:
        more: dict[str, Any] = {"tie_word_embeddings": family == "llama tied"}
        folder = llama(tmp_path / "model", **more | ({"rope_parameters": SCALING} if family == "llama stretched" else {}))
    convert_gguf(folder, tmp_path / "model.gguf", stored="float32")
    reader = gguf.GGUFReader(tmp_path / "model.gguf")
    names = [tensor.name for tensor in reader.tensors]
    assert ("rope_freqs.weight" in names) == (family == "llama stretched")
    assert ("output.weight" in names) == (family in ("llama", "llama stretched"))
    tokens = reader.fields["tokenizer.ggml.tokens"]
    shown = [bytes(tokens.parts[i]).decode() for i in tokens.data]
    vocab = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    assert shown == [token for token, _ in sorted(vocab.items(), key=lambda item: item[1])]
    if family == "llama stretched":
        return  # transformers does not read rope_freqs; llama.cpp does
    key = {"gemma": "gemma3", "llama": "llama"}[family.partition(" ")[0]]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for name, expected in (("attention.head_count_kv", config["num_key_value_heads"]), ("rope.freq_base", 1e6 if key == "gemma3" else 1e4)):
        field = reader.fields[f"{key}.{name}"]
        assert field.parts[field.data[0]][0] == expected
    # transformers takes Gemma's scale of attention for 256 whatever the head's width is; llama.cpp goes by the width.
    read = logits(tmp_path, gguf_file="model.gguf", config=transformers.AutoConfig.from_pretrained(folder))
    assert torch.allclose(read, logits(folder), atol=1e-4)


def test_the_stretched_frequencies_are_those_of_transformers() -> None:
    config = transformers.LlamaConfig(hidden_size=64, num_attention_heads=4, max_position_embeddings=256, rope_parameters=SCALING)
    found, _ = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    plain = 10_000.0 ** -(np.arange(0, 16, 2) / 16)
    factors = rope_factors(config.to_dict())
    assert factors is not None
    assert np.allclose(plain / factors, found.numpy(), rtol=1e-5)


def test_other_families_are_told_the_way(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"convert_hf_to_gguf\.py"):
        convert_gguf(tiny_bart(tmp_path / "bart"), tmp_path / "out.gguf")


def test_folders_are_whole_and_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    folder = gemma(tmp_path / "model")
    (folder / "yoyak.json").write_text('{"input": "plain"}', encoding="utf-8")
    whole = export(str(folder), tmp_path / "whole", form="safetensors")
    assert {file.name for file in whole.iterdir()} == {file.name for file in folder.iterdir()}
    made = export(str(folder), tmp_path / "small", form="gguf", stored="int8")
    assert {file.name for file in made.iterdir()} == {"small-int8.gguf", "yoyak.json"}
    with pytest.raises(UsageError, match="exists"):
        export(str(folder), tmp_path / "small")
