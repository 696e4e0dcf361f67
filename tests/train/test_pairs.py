"""Pairs: what the limits do, and that padding stays out of the labels."""

from __future__ import annotations

import pytest

pytest.importorskip("tokenizers")

from tiny_models import tiny_bart
from yoyak.checkpoints.convert import form_of, read_config
from yoyak.records import Dialogue, Turn
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.tokens import Codec
from yoyak.train.batches import IGNORED
from yoyak.train.pairs import Limits, Pair, collate, pairs

END = 1


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Codec:
    folder = tiny_bart(tmp_path_factory.mktemp("bart"))
    return Codec(folder / "tokenizer.json", form_of(folder, read_config(folder)), DecodeConfig())


def talk(id: str, turns: int, *references: str) -> Dialogue:
    speeches = tuple(Turn(f"#Person{1 + n % 2}#", f"{n} 내일 만나자") for n in range(turns))
    return Dialogue(id, speeches, references or ("내일 만나자",))


def test_the_encoder_reads_what_inference_reads(codec: Codec) -> None:
    dialogue = talk("a", 3)
    [pair], cut = pairs([dialogue], codec, end=END, limits=Limits(200, 50))
    [tokens] = codec.entry(dialogue).pieces
    assert list(pair.source) == codec.ids(tokens)
    assert pair.target[-1] == END
    assert codec.text(pair.target) == "내일 만나자"
    assert cut.turns == cut.left_out == ()


def test_a_row_for_each_reference(codec: Codec) -> None:
    found, _ = pairs([talk("a", 2, "가", "나")], codec, end=END, limits=Limits(200, 50))
    assert [pair.id for pair in found] == ["a", "a"]
    assert len({pair.target for pair in found}) == 2


@pytest.mark.parametrize("limit", [20, 45, 60, 100, 300])
def test_whole_turns_go_and_the_limit_holds(codec: Codec, limit: int) -> None:
    dialogue = talk("a", 12)
    found, cut = pairs([dialogue], codec, end=END, limits=Limits(limit, 50))
    whole = len(codec.tokens(dialogue.turns)) <= limit
    assert all(len(pair.source) <= limit for pair in found)
    assert bool(cut.turns) is not whole
    for pair in found:
        lines = codec.text(pair.source).splitlines()
        assert set(lines) <= set(dialogue.text.splitlines()), "a turn was cut within"
        assert lines[0] == dialogue.text.splitlines()[0], "the opening stays"


def test_a_long_summary_is_left_out_and_never_cut(codec: Codec) -> None:
    found, cut = pairs([talk("a", 2, "내일 " * 30), talk("b", 2)], codec, end=END, limits=Limits(200, 20))
    assert [pair.id for pair in found] == ["b"]
    assert cut.left_out == ("a",)


def test_a_single_turn_beyond_the_limit_is_left_out(codec: Codec) -> None:
    dialogue = Dialogue("a", (Turn("#Person1#", "내일 " * 100),), ("가",))
    found, cut = pairs([dialogue], codec, end=END, limits=Limits(50, 20))
    assert found == []
    assert cut.left_out == ("a",)


def test_padding_is_no_label_and_the_decoder_starts_from_its_start() -> None:
    batch = collate([Pair("a", (0, 9, 1), (7, 8, 1)), Pair("b", (0, 9, 9, 9, 1), (7, 1))], pad=3, start=2, round_to=8)
    assert [len(row) for row in batch.source] == [8, 8]
    assert [sum(row) for row in batch.mask] == [3, 5]
    for given, labels in zip(batch.given, batch.labels, strict=True):
        real = [label for label in labels if label != IGNORED]
        assert real[-1] == END
        assert given[: len(real)] == [2, *real[:-1]]
        assert set(given[len(real) :]) <= {3}
