"""The model engines on tiny checkpoints: the fast one writes what the reference writes; together = one by one; a bad row harms no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")

from tiny_models import tiny_bart, tiny_gemma
from yoyak.errors import ModelError
from yoyak.records import Dialogue, Turn
from yoyak.summarize.calibrate import Plan, remembered
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines.ct2 import CTranslate2Engine
from yoyak.summarize.summarizer import Summarizer

DECODE = DecodeConfig(max_new_tokens=12, max_input_tokens=200)
TALKS = [
    Dialogue(f"d{i}", tuple(Turn(f"#Person{1 + n % 2}#", "내일 세 시에 도서관 만나자"[: 4 + (i * n) % 11]) for n in range(2 + i % 5)))
    for i in range(24)
]


@pytest.fixture(params=["bart", "gemma"])
def model(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    return (tiny_bart if request.param == "bart" else tiny_gemma)(tmp_path / "tiny")


def engine(model: Path, decode: DecodeConfig = DECODE) -> Summarizer:
    return Summarizer.load(model, decode=decode, compute_type="float32")


def test_order_ids_and_the_model_s_name(model: Path) -> None:
    predictions = list(engine(model).summarize(TALKS))
    assert [p.id for p in predictions] == [d.id for d in TALKS]
    assert {p.model for p in predictions} == {"tiny"}
    assert all(p.error is None for p in predictions)
    assert len({p.summary for p in predictions}) > 3  # the model reads what it is given


def test_together_equals_one_by_one(model: Path) -> None:
    summarizer = engine(model)
    together = list(summarizer.summarize(TALKS))
    assert together == [p for d in TALKS for p in summarizer.summarize([d])]


def test_a_bad_row_fails_alone(model: Path) -> None:
    bad = [Dialogue("empty", ()), Dialogue("blank", (Turn("가", "  "),)), Dialogue("huge", (Turn("가", "가" * 1_000_000),))]
    rows = [TALKS[0], *bad, TALKS[1]]
    found = list(engine(model).summarize(rows))
    assert [p.id for p in found] == [d.id for d in rows]
    assert [p.error is not None for p in found] == [False, True, True, True, False]
    assert found[::4] == list(engine(model).summarize(TALKS[:2]))


def test_long_dialogues_are_split_with_a_note_or_refused(model: Path) -> None:
    long = Dialogue("long", tuple(Turn("#Person1#", "내일 세 시에 도서관에서 만나자") for _ in range(30)))
    [split] = engine(model).summarize([long])
    assert split.error is None
    assert split.notes[0].startswith("split into ")
    [refused] = engine(model, replace(DECODE, long="refuse")).summarize([long])
    assert refused.error is not None
    assert "tokens" in refused.error


def test_a_second_load_takes_what_the_first_one_made(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = list(engine(model).summarize(TALKS[:3]))
    monkeypatch.setattr("yoyak.checkpoints.convert._convert", lambda *_: pytest.fail("converted twice"))
    assert list(engine(model).summarize(TALKS[:3])) == first


def test_the_converted_folder_loads_by_itself(model: Path, tmp_path: Path) -> None:
    first = list(engine(model).summarize(TALKS[:3]))
    [converted] = (tmp_path / "cache" / "ct2").iterdir()
    again = list(Summarizer.load(converted, decode=DECODE, compute_type="float32").summarize(TALKS[:3]))
    assert [p.summary for p in again] == [p.summary for p in first]


def test_int8_stays_near_and_beams_run(model: Path) -> None:
    found = list(Summarizer.load(model, decode=replace(DECODE, num_beams=4)).summarize(TALKS))
    assert len(found) == len(TALKS)
    assert all(p.error is None for p in found)


def test_ids_equal_transformers(model: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from yoyak.summarize.parity import parity

    for row in parity(model, TALKS[:12], compute_types=["float32"], decode=DECODE):
        assert row.equal == row.total == 12, str(row)


def test_ids_equal_transformers_where_beams_end_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from yoyak.summarize.parity import parity

    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    model = tiny_bart(tmp_path / "tiny", eagerness=1.65)
    decode = replace(DECODE, max_new_tokens=24)
    beams = Summarizer.load(model, decode=replace(decode, num_beams=4), compute_type="float32")
    assert len({len(p.summary) for p in beams.summarize(TALKS)}) > 2  # some end before the limit
    for row in parity(model, TALKS, compute_types=["float32"], decode=decode):
        assert row.equal == row.total == len(TALKS), str(row)


def test_the_reference_engine_agrees_and_spares_tags_from_repetition_rules(model: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    reference = Summarizer.load(model, engine="hf", decode=DECODE)
    assert [p.summary for p in reference.summarize(TALKS[:6])] == [p.summary for p in engine(model).summarize(TALKS[:6])]
    ruled = Summarizer.load(model, engine="hf", decode=replace(DECODE, no_repeat_ngram_size=2, repetition_penalty=1.3))
    assert all(p.error is None for p in ruled.summarize(TALKS[:4]))


def test_ct2_says_that_it_cannot_exempt(model: Path) -> None:
    [found] = engine(model, replace(DECODE, no_repeat_ngram_size=2)).summarize(TALKS[:1])
    assert any("repetition rules" in note for note in found.notes)


def test_calibration_is_measured_once_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("yoyak.summarize.calibrate.cores", lambda: 2)
    summarizer = engine(tiny_bart(tmp_path / "tiny"))
    [folder] = (tmp_path / "cache" / "ct2").iterdir()
    before = list(summarizer.summarize(TALKS))
    assert remembered(folder, "float32", 1) is None
    summarizer.prepare(10)
    assert remembered(folder, "float32", 1) is None  # too few to pay
    summarizer.prepare(10_000)
    plan = remembered(folder, "float32", 1)
    assert isinstance(plan, Plan)
    assert plan.workers * plan.threads == 2
    assert list(summarizer.summarize(TALKS)) == before
    monkeypatch.setattr("yoyak.summarize.calibrate.measured", lambda *_, **__: pytest.fail("measured twice"))
    engine(tmp_path / "tiny").prepare(10_000)


def test_a_stream_is_drawn_a_few_chunks_ahead(model: Path) -> None:
    drawn = 0

    def endless() -> Iterator[Dialogue]:
        nonlocal drawn
        while True:
            drawn += 1
            yield TALKS[drawn % len(TALKS)]

    stream = engine(model).summarize(endless())
    assert next(stream).id
    assert drawn <= 64 + 256


@pytest.mark.parametrize("broken", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_broken_folder_says_what_is_missing(tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    folder = tiny_bart(tmp_path / "tiny")
    (folder / broken).unlink()
    with pytest.raises(ModelError, match=broken.split(".")[0]):
        Summarizer.load(folder)
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_a_foreign_ctranslate2_folder_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match=r"input\.json"):
        CTranslate2Engine(tmp_path, name="x")


@pytest.mark.parametrize(("other", "taken"), [(1.1, False), (1.5, True)])
def test_the_usual_plan_stays_unless_another_is_clearly_faster(monkeypatch: pytest.MonkeyPatch, other: float, taken: bool) -> None:
    from yoyak.summarize import calibrate

    monkeypatch.setattr(calibrate, "cores", lambda: 2)
    monkeypatch.setattr(calibrate, "_rate", lambda runtime, codec, workers: 1.0 if workers == 2 else other)
    found = calibrate.measured(lambda plan: plan, None)  # type: ignore[arg-type]
    assert (found == calibrate.usual()) is not taken
