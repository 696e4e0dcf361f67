"""Conversion: kept by content, whole or not there, safe for two at once; BART's start token and emoticons come through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")

from tiny_models import tiny_bart, tiny_gemma
from yoyak.checkpoints import load
from yoyak.checkpoints.convert import content_key, converted, read_form
from yoyak.checkpoints.shortlist import vmap, with_shortlist
from yoyak.checkpoints.tags import with_policy
from yoyak.errors import ModelError
from yoyak.records import Dialogue, Turn
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines.ct2 import CTranslate2Engine
from yoyak.summarize.summarizer import Summarizer

DECODE = DecodeConfig(max_new_tokens=10, max_input_tokens=200)
TALKS = [Dialogue(f"d{i}", (Turn("#Person1#", "내일 세 시에 만나자"[: i + 2]), Turn("#Person2#", "좋아"))) for i in range(8)]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_same_content_is_converted_once_and_other_content_anew(tmp_path: Path) -> None:
    first = converted(tiny_bart(tmp_path / "a"), quantization="int8")
    assert converted(tmp_path / "a", quantization="int8") == first
    before = content_key(tmp_path / "a")
    tiny_bart(tmp_path / "a", seed=1)
    assert content_key(tmp_path / "a") != before
    assert converted(tmp_path / "a", quantization="int8") != first


def test_the_form_says_how_a_model_is_fed(tmp_path: Path) -> None:
    bart = read_form(converted(tiny_bart(tmp_path / "bart"), quantization=None))
    assert (bart.kind, bart.max_tokens, bart.prefix, bart.suffix) == ("encoder-decoder", 256, (), ())
    gemma = read_form(converted(tiny_gemma(tmp_path / "gemma"), quantization=None))
    assert (gemma.kind, gemma.prefix) == ("decoder", ("<bos>",))


def test_added_tags_are_tokens_of_the_converted_model_too(tmp_path: Path) -> None:
    made = with_policy(tiny_gemma(tmp_path / "gemma"), tmp_path / "tags", "tokens")
    folder = converted(tmp_path / "tags", quantization=None)
    known = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    assert {known[id_] for id_ in made.added.values()} == set(made.added)
    talk = Dialogue("a", (Turn("#Person1#", "밥 먹자."), Turn("#Person2#", "좋아.")))
    [prediction] = CTranslate2Engine(folder, name="tiny", decode=DecodeConfig(max_new_tokens=4)).summarize([talk])
    assert prediction.error is None


def test_the_start_token_is_the_configuration_s(tmp_path: Path) -> None:
    config = json.loads((converted(tiny_bart(tmp_path / "a"), quantization=None) / "config.json").read_text(encoding="utf-8"))
    assert config["decoder_start_token"] == "<usr>"
    assert config["eos_token"] == "</s>"


def test_nothing_stays_of_a_conversion_that_failed(tmp_path: Path, cache: Path) -> None:
    folder = tiny_bart(tmp_path / "a")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"activation_function": "silu"}), encoding="utf-8")
    with pytest.raises(ModelError, match="silu"):
        converted(folder)
    assert not list((cache / "ct2").iterdir())


def test_two_processes_at_once(tmp_path: Path, cache: Path) -> None:
    folder = tiny_bart(tmp_path / "a")
    code = f"from pathlib import Path; from yoyak.checkpoints.convert import converted; print(converted(Path({str(folder)!r})))"
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ) for _ in range(2)]
    paths = {process.communicate()[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(paths) == 1
    assert [path.name.startswith(".") for path in (cache / "ct2").iterdir()] == [False]


def test_an_adapter_is_merged_into_its_base(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    base, adapter = tiny_gemma(tmp_path / "base"), tmp_path / "adapter"
    adapter.mkdir()
    random = np.random.default_rng(0)
    name = "base_model.model.model.layers.0.mlp.down_proj"
    down, up = random.normal(size=(2, 64)).astype(np.float32), random.normal(size=(32, 2)).astype(np.float32)
    save_file({f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}, adapter / "adapter_model.safetensors")
    settings = {"r": 2, "lora_alpha": 4, "base_model_name_or_path": str(base)}
    (adapter / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    tuned = list(Summarizer.load(adapter, decode=DECODE, compute_type="float32").summarize(TALKS))
    plain = list(Summarizer.load(base, decode=DECODE, compute_type="float32").summarize(TALKS))
    assert [p.summary for p in tuned] != [p.summary for p in plain]
    assert {p.model for p in tuned} == {"adapter"}
    (adapter / "adapter_config.json").write_text(json.dumps(settings | {"base_model_name_or_path": "nowhere"}), encoding="utf-8")
    with pytest.raises(ModelError, match="nowhere"):
        load.ready(adapter)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"gemma-3-270m"):
        load.ready("gemma")


def test_a_shortlist_of_everything_changes_nothing_and_a_short_one_keeps_to_it(tmp_path: Path) -> None:
    folder = converted(tiny_bart(tmp_path / "a"), quantization=None)
    whole = [p.summary for p in Summarizer.load(folder, decode=DECODE, compute_type="float32").summarize(TALKS)]
    vocabulary = json.loads((folder / "shared_vocabulary.json").read_text(encoding="utf-8"))
    with_shortlist(folder, tmp_path / "all", ["".join(token for token in vocabulary if len(token) == 1)])
    assert [p.summary for p in Summarizer.load(tmp_path / "all", decode=DECODE, compute_type="float32").summarize(TALKS)] == whole
    kept, rows = with_shortlist(folder, tmp_path / "few", ["안녕은는"])
    assert (kept, rows) == (4, len(vocabulary))
    found = list(Summarizer.load(tmp_path / "few", decode=DECODE, compute_type="float32").summarize(TALKS))
    # A batch shares one list: the tokens of all its dialogues.
    allowed = set("안녕은는") | {c for talk in TALKS for c in talk.text} | set(" ")
    assert all(set(p.summary) <= allowed for p in found)
    with pytest.raises(ModelError, match="exists"):
        with_shortlist(folder, tmp_path / "few", [])
    with pytest.raises(ModelError, match="encoder-decoder"):
        with_shortlist(converted(tiny_gemma(tmp_path / "g")), tmp_path / "x", [])


def test_the_map_leaves_out_what_its_fields_cannot_hold() -> None:
    lines, kept = vmap(["a", "b c", "d\t", "e"], {"a", "b c"})
    assert lines == ["\ta", "e\te"]
    assert kept == 1


def test_the_limit_of_the_training_travels_with_the_model(tmp_path: Path) -> None:
    folder = tiny_bart(tmp_path / "a")
    (folder / "yoyak.json").write_text('{"max_input_tokens": 30}', encoding="utf-8")
    long = Dialogue("long", tuple(Turn("가", "내일 만나자") for _ in range(6)))
    [prediction] = Summarizer.load(folder, decode=DECODE).summarize([long])
    assert prediction.notes[0].startswith("split into ")


def test_emoticons_that_are_special_tokens_stay_and_controls_go(tmp_path: Path) -> None:
    from yoyak.summarize.tokens import Codec

    folder = tiny_bart(tmp_path / "a")
    made = converted(folder, quantization=None)
    codec = Codec(made / "tokenizer.json", read_form(made), DECODE)
    ids = codec.ids(("<usr>", "좋", "아", "ㅠㅠ", "</s>"))
    assert codec.text(ids) == "좋아ㅠㅠ"
