"""What is derived from a kept search equals what the model writes, and what is kept survives a kill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fake_engine import FakeEngine, dialogues
from yoyak.records import Dialogue, Turn
from yoyak.summarize.decoding import DecodeConfig
from yoyak.tune.beams import Beams, Found

GREEDY = DecodeConfig(max_new_tokens=20)


def texts(found: list[Found]) -> list[list[str]]:
    return [[candidate.text for candidate in one.item.candidates] for one in found]


def fake(folder: Path) -> Beams:
    return Beams(folder, model="fake", open_engine=FakeEngine)


def test_the_same_search_runs_once(tmp_path: Path) -> None:
    talks = dialogues(5)
    beams = fake(tmp_path)
    first = beams.of(talks, GREEDY)
    assert beams.decoded == 5
    assert beams.of(talks, GREEDY) == first
    assert beams.of(talks[::-1], GREEDY) == first[::-1]
    assert beams.decoded == 5
    assert fake(tmp_path).of(talks, GREEDY) == first  # from the file


@pytest.mark.parametrize(
    ("change", "decoded"),
    [
        ({"length_penalty": 2.0}, 0),  # ranked anew
        ({"max_new_tokens": 40}, 0),  # every beam ended before both limits
        ({"max_new_tokens": 9}, 0),
        ({"max_new_tokens": 7}, 3),  # the longest have six words and an end token
        ({"max_new_tokens": 3}, 5),
        ({"num_beams": 2}, 5),
        ({"repetition_penalty": 1.1}, 5),
        ({"no_repeat_ngram_size": 3}, 5),
    ],
)
def test_only_what_does_not_follow_is_decoded(tmp_path: Path, change: dict[str, float], decoded: int) -> None:
    talks = dialogues(5)
    beams = fake(tmp_path)
    base = replace(GREEDY, num_beams=1)
    longer = Beams(tmp_path, model="fake", open_engine=FakeEngine)
    if "max_new_tokens" in change and change["max_new_tokens"] == 7:
        base = replace(base, num_beams=4)  # five to seven words
        decoded = 5  # the wrong beams are longer still
    longer.of(talks, base)
    setting = replace(base, **change)  # type: ignore[arg-type]
    derived = beams.of(talks, setting)
    assert beams.decoded == decoded
    [fresh] = [Beams(tmp_path / "fresh", model="fake", open_engine=FakeEngine).of(talks, setting, exact=True)]
    assert texts(derived) == texts(fresh)


def test_another_model_shares_nothing(tmp_path: Path) -> None:
    fake(tmp_path).of(dialogues(3), GREEDY)
    other = Beams(tmp_path, model="other", open_engine=FakeEngine)
    other.of(dialogues(3), GREEDY)
    assert other.decoded == 3


def test_a_torn_line_is_decoded_again(tmp_path: Path) -> None:
    talks = dialogues(70)  # two blocks
    whole = fake(tmp_path).of(talks, GREEDY)
    [file] = tmp_path.glob("*.jsonl")
    content = file.read_bytes()
    file.write_bytes(content[:-40])
    again = fake(tmp_path)
    assert texts(again.of(talks, GREEDY)) == texts(whole)
    assert again.decoded == 6
    last = fake(tmp_path)
    assert texts(last.of(talks, GREEDY)) == texts(whole)
    assert last.decoded == 0


def test_a_failure_is_kept_as_one(tmp_path: Path) -> None:
    class Failing(FakeEngine):
        def candidates(self, dialogues):  # type: ignore[no-untyped-def]
            for item in super().candidates(dialogues):
                yield replace(item, candidates=(), error="too long") if item.id == "d1" else item

    for _ in range(2):
        found = Beams(tmp_path, model="fake", open_engine=Failing).of(dialogues(3), GREEDY)
        assert [one.item.error for one in found] == [None, "too long", None]


@pytest.mark.parametrize("make", ["tiny_bart", "tiny_gemma"])
def test_derived_equals_decoded_on_a_real_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: str) -> None:
    pytest.importorskip("ctranslate2")
    import tiny_models
    from yoyak.checkpoints import load
    from yoyak.summarize.engines.ct2 import CTranslate2Engine

    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    build: Callable[[Path], Path] = getattr(tiny_models, make)
    folder = load.ready(build(tmp_path / "tiny"), quantization=None).folder

    def open_engine(decode: DecodeConfig) -> CTranslate2Engine:
        return CTranslate2Engine(folder, name="tiny", decode=decode, compute_type="float32")

    talks = [Dialogue(f"d{i}", (Turn("#Person1#", "내일 만나자 좋아"[: 2 + i]), Turn("#Person2#", "좋아"))) for i in range(6)]
    base = DecodeConfig(num_beams=4, max_new_tokens=12, max_input_tokens=200)
    kept = Beams(tmp_path / "kept", model="tiny", open_engine=open_engine)
    kept.of(talks, base)
    before = kept.decoded
    for penalty in (0.5, 2.0):
        setting = replace(base, length_penalty=penalty)
        derived = kept.of(talks, setting)
        assert kept.decoded == before
        decoded = Beams(tmp_path / "real", model="tiny", open_engine=open_engine).of(talks, setting, exact=True)
        for one, other in zip(derived, decoded, strict=True):
            assert one.item.candidates[0].text == other.item.candidates[0].text
            assert one.item.candidates[0].score == pytest.approx(other.item.candidates[0].score, rel=1e-4)
            assert one.item.candidates[0].length == other.item.candidates[0].length
