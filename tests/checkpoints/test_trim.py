"""Trimming: the same tokens and the same ids on the corpus, everything else still round-trips, ids are renumbered everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("safetensors")
pytest.importorskip("tokenizers")

from tiny_models import tiny_bart, tiny_gemma
from yoyak.checkpoints.trim import cut_tokenizer, kept_ids, steps, trim
from yoyak.cli.main import main
from yoyak.errors import ModelError
from yoyak.models.inputs import prompt, source
from yoyak.records import Dialogue, Turn
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.summarizer import Summarizer

DECODE = DecodeConfig(max_new_tokens=10, max_input_tokens=200)
TALKS = [Dialogue(f"d{i}", (Turn("#Person1#", "내일 세 시에 만나자"[: i + 2]), Turn("#Person2#", "좋아"))) for i in range(8)]
TEXTS = ["안녕하세요 hello", "low lower lowest", "내일 만나자", "newest 새로운"]


def bpe(**settings: Any) -> Any:
    """A small BPE tokenizer trained on a few words; `byte_level` as Qwen's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    byte_level = settings.pop("byte_level", False)
    tokenizer = Tokenizer(models.BPE(unk_token=None if byte_level else "<unk>"))
    if byte_level:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if byte_level else []
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<pad>", "<eos>", "<unk>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([*TEXTS, *(f"word{i} another{i}" for i in range(80))], trainer)
    return tokenizer


@pytest.mark.parametrize("byte_level", [False, True])
def test_a_cut_bpe_gives_the_same_tokens_for_its_corpus(byte_level: bool) -> None:
    from tokenizers import Tokenizer

    whole = bpe(byte_level=byte_level)
    value = json.loads(whole.to_str())
    used = {token for text in TEXTS for token in whole.encode(text).tokens}
    ids = kept_ids(value, used, limit=10_000)
    assert len(ids) < whole.get_vocab_size()
    small = Tokenizer.from_str(json.dumps(cut_tokenizer(value, {old: new for new, old in enumerate(ids)})))
    for text in TEXTS:
        assert small.encode(text).tokens == whole.encode(text).tokens
        assert small.decode(small.encode(text).ids) == whole.decode(whole.encode(text).ids)
    if byte_level:  # whatever else comes is spelled in bytes
        strange = "word7 🎉 쀍 ügly"
        assert small.decode(small.encode(strange).ids) == strange


def test_a_cut_unigram_gives_the_same_tokens() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    pieces = [("<unk>", 0.0), ("▁", -3.0), ("안", -4.0), ("녕", -4.0), ("안녕", -2.0), ("x", -4.0), ("xy", -2.0), ("y", -4.0)]
    whole = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False))
    whole.pre_tokenizer = pre_tokenizers.Metaspace()
    value = json.loads(whole.to_str())
    ids = kept_ids(value, whole.encode("안녕").tokens, limit=100)
    small = Tokenizer.from_str(json.dumps(cut_tokenizer(value, {old: new for new, old in enumerate(ids)})))
    assert "xy" not in small.get_vocab()
    assert small.encode("안녕 안").tokens == whole.encode("안녕 안").tokens


def test_steps_follow_the_ranks() -> None:
    assert steps("abcd", {("c", "d"): 0, ("a", "b"): 1, ("ab", "cd"): 2, ("b", "c"): 3}) == {"a", "b", "c", "d", "cd", "ab", "abcd"}


@pytest.mark.parametrize(("make", "form"), [(tiny_bart, source), (tiny_gemma, prompt)])
def test_a_trimmed_model_writes_what_the_whole_one_writes(make: Any, form: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    whole = make(tmp_path / "whole")
    before = list(Summarizer.load(whole, decode=DECODE, compute_type="float32").summarize(TALKS))
    texts = [*(form(talk.turns) for talk in TALKS), *(p.summary for p in before)]
    monkeypatch.setattr("yoyak.checkpoints.trim._HANGUL", __import__("re").compile(r"[안녕]"))  # else a tiny vocabulary keeps everything
    found = trim(whole, tmp_path / "small", texts)
    assert found.rows_after < found.rows_before
    assert found.parameters_after < found.parameters_before
    assert found.unchanged == found.texts == len(texts)
    after = list(Summarizer.load(tmp_path / "small", decode=DECODE, compute_type="float32").summarize(TALKS))
    assert [p.summary for p in after] == [p.summary for p in before]


def test_transformers_opens_a_trimmed_model(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    trim(tiny_bart(tmp_path / "whole"), tmp_path / "small", ["내일"])
    model, info = transformers.AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "small", output_loading_info=True)
    assert not info["missing_keys"]
    config = json.loads((tmp_path / "small" / "config.json").read_text(encoding="utf-8"))
    assert model.get_input_embeddings().weight.shape[0] == config["vocab_size"]
    assert config["decoder_start_token_id"] == 2


def test_what_cannot_be_trimmed_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no checkpoint"):
        trim(tmp_path, tmp_path / "out", [])
    folder = tiny_bart(tmp_path / "a")
    value = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    with pytest.raises(ModelError, match="WordPiece"):
        kept_ids({**value, "model": {**value["model"], "type": "WordPiece"}}, [], limit=9)
    with pytest.raises(ModelError, match="exists"):
        trim(folder, folder, [])


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    folder = tiny_bart(tmp_path / "tiny")
    corpus = tmp_path / "c.csv"
    corpus.write_text('fname,dialogue,summary\na,"#Person1#: 내일\n#Person2#: 좋아",둘이 만난다\n', encoding="utf-8")
    assert main(["models", "list"]) == 0
    assert "gemma-3-270m" in capsys.readouterr().out
    assert main(["models", "show", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model_type"] == "bart"
    assert main(["models", "export", str(folder), "-o", str(tmp_path / "ct2")]) == 0
    capsys.readouterr()
    assert main(["models", "show", str(tmp_path / "ct2"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "encoder-decoder"
    assert main(["models", "trim", str(folder), "--corpus", str(corpus), "-o", str(tmp_path / "small"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] == 2
    assert main(["models", "shortlist", str(folder), "--corpus", str(corpus), "-o", str(tmp_path / "short")]) == 0
    assert (tmp_path / "short" / "vmap.txt").is_file()
    assert main(["models", "list", "--json"]) == 0
    assert main(["models", "fetch", "nothing"]) == 2
    assert main(["models", "show", "gemma-3-270m"]) == 1
    assert main(["models", "export", str(folder), "-o", str(tmp_path / "ct2")]) == 2
