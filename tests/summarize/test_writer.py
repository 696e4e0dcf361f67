"""What a model writes on request: from the turns given, with the beginning given, as many as asked for, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")

from summarize.guarding import TALK
from tiny_models import tiny_bart, tiny_gemma
from yoyak.errors import UsageError
from yoyak.records import Dialogue, Turn
from yoyak.summarize.candidates import Request, Sampling
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines.ct2 import CTranslate2Engine
from yoyak.summarize.guard import GuardConfig
from yoyak.summarize.summarizer import Summarizer

DECODE = DecodeConfig(max_new_tokens=12, max_input_tokens=200)


@pytest.fixture(params=["bart", "gemma"])
def model(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    return (tiny_bart if request.param == "bart" else tiny_gemma)(tmp_path / "tiny")


@pytest.fixture
def engine(model: Path) -> CTranslate2Engine:
    from yoyak.checkpoints import load

    made = load.ready(model, quantization=None)
    return CTranslate2Engine(made.folder, name=made.name, decode=DECODE, compute_type="float32")


def test_without_a_beginning_it_writes_what_it_summarizes(engine: CTranslate2Engine) -> None:
    talks = [TALK, Dialogue("b", TALK.turns[:2]), Dialogue("c", (Turn("민지", "도서관에서 만나자."),))]
    found = engine.write([Request(talk.turns) for talk in talks])
    assert [one[0].text for one in found] == [p.summary for p in engine.summarize(talks)]
    assert all(one[0].score is not None for one in found)


def test_what_comes_back_begins_as_asked(engine: CTranslate2Engine) -> None:
    starts = ["도서관", "", "내일 세 시"]
    found = engine.write([Request(TALK.turns[i:], start) for i, start in enumerate(starts)])
    assert all(one[0].text.startswith(start) for one, start in zip(found, starts, strict=True))
    assert [one[0].text for one in found] == [engine.write([Request(TALK.turns[i:], s)])[0][0].text for i, s in enumerate(starts)]


def test_as_many_samples_as_asked_for(engine: CTranslate2Engine) -> None:
    [found] = engine.write([Request(TALK.turns)], sampling=Sampling(4, temperature=2.0))
    assert len(found) == 4
    assert engine.write([]) == []


def test_pieces_are_those_that_are_summarized(engine: CTranslate2Engine) -> None:
    assert engine.pieces(TALK) == [TALK.turns]
    long = Dialogue("long", TALK.turns * 8)
    pieces = engine.pieces(long)
    assert len(pieces) > 1
    assert tuple(turn for piece in pieces for turn in piece) == long.turns
    with pytest.raises(ValueError, match="empty"):
        engine.pieces(Dialogue("e", ()))


def test_the_guard_loads_by_name(model: Path) -> None:
    summarizer = Summarizer.load(model, decode=DECODE, compute_type="float32", guard=GuardConfig())
    [prediction] = summarizer.summarize([TALK])
    assert prediction.model == "tiny+guard"
    assert prediction.summary


def test_the_guard_is_refused_where_it_cannot_be() -> None:
    with pytest.raises(UsageError, match="guard"):
        Summarizer.load("gemma-3-270m", engine="hf", guard=GuardConfig())
