"""Near-duplicates by MinHash, splits that no dialogue straddles, styles that tell translations apart."""

from __future__ import annotations

import csv
import io
import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yoyak.data.duplicates import Duplicates, letters, sketch
from yoyak.data.read import read
from yoyak.data.split import assign, base_id, group, split_file
from yoyak.data.style import mismatches, mixtures, style_of
from yoyak.errors import DataError, UsageError
from yoyak.records import Dialogue, Turn

Make = Callable[..., Path]
SYLLABLES = [chr(code) for code in range(0xAC00, 0xAC00 + 2000)]


def _random_text(seed: int, length: int = 300) -> str:
    return "".join(random.Random(seed).choices(SYLLABLES, k=length))


def _jaccard(one: str, other: str) -> float:
    a, b = ({text[i : i + 5] for i in range(len(text) - 4)} for text in (letters(one), letters(other)))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize("cut", [3, 10, 30, 60, 120])
def test_the_estimate_is_near_the_jaccard_similarity(cut: int) -> None:
    one = _random_text(1, 1000)
    other = one[cut:] + _random_text(2, cut)
    estimate = float((sketch(one) == sketch(other)).mean())
    assert abs(estimate - _jaccard(one, other)) < 0.12  # three standard errors of 128 hashes


def test_pairs_name_the_earliest(make: Make) -> None:
    texts = [_random_text(1), _random_text(2), _random_text(1)[:-6], _random_text(3), f"#Person1#: {_random_text(2)}!"]
    found = Duplicates()
    for text in texts:
        found.add(text)
    assert [(pair.first, pair.second) for pair in found.pairs()] == [(0, 2), (1, 4)]
    assert found.groups() == [0, 1, 0, 3, 1]


SHORT = """#Person1#: 다음 주 제주도 여행 숙소를 예약했는데 체크인이 네 시래.
#Person2#: 그럼 공항에서 렌터카 먼저 찾고 점심 먹고 가면 되겠다.
#Person1#: 렌터카는 몇 시에 찾기로 했어?
#Person2#: 오후 한 시로 예약했어."""


@pytest.mark.parametrize(
    "changes",
    [{"한 시": "두 시"}, {"한 시": "두 시", "점심": "밥"}, {"한 시": "두 시", "점심": "아침", "여행": "출장"}],
)
def test_a_short_dialogue_with_words_changed_is_found(changes: dict[str, str]) -> None:
    found = Duplicates()
    found.add(SHORT)
    close = SHORT
    for old, new in changes.items():
        close = close.replace(old, new)
    found.add(close)
    assert [(pair.first, pair.second) for pair in found.pairs()] == [(0, 1)]
    assert list(found.pairs(threshold=1.0)) == []


def test_the_corpus_holds_no_near_duplicates(root: Path) -> None:
    found = Duplicates()
    for name in ("train", "dev", "test", "long"):
        for line in (root / "corpus" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            found.add("\n".join(turn["text"] for turn in json.loads(line)["dialogue"]))
    assert list(found.pairs()) == []


@pytest.mark.parametrize("text", ["", "네", "\ud800", "가" * 100_000])
def test_any_text_has_a_sketch(text: str) -> None:
    assert sketch(text).shape == (128,)


@pytest.mark.parametrize(
    ("id_", "base"),
    [
        ("train_1_aug", "train_1"),
        ("train_1_bt2", "train_1"),
        ("dev_3-v2", "dev_3"),
        ("aug_0020", "aug_0020"),
        ("aug_train_1", "train_1"),
        ("syn_train_1", "train_1"),
        ("train_1_en", "train_1"),
        ("synth" * 100 + "_1_aug", "synth" * 100 + "_1_aug"),
        ("room-2026-01-02", "room-2026-01-02"),
    ],
)
def test_versions_have_one_base(id_: str, base: str) -> None:
    assert base_id(id_) == base


@pytest.mark.parametrize("version", "{}_1 {}-1 {}.1 aug_{} syn_{} {}a {}_en {}(2) {}_eda_1 aug_{}_2 new-{}".split())
def test_versions_are_one_group(version: str) -> None:
    ids = [f"train_{n}" for n in range(1, 13)] + [version.format(f"train_{n}") for n in range(1, 13)]
    texts = Duplicates()
    for n in range(len(ids)):
        texts.add(_random_text(n))
    groups = group(ids, texts)
    assert groups == [*range(12), *range(12)]


def test_sessions_of_one_room_are_one_group() -> None:
    ids = ["a-2026-01-02-0905", "b-2026-01-02-0905", "a-2026-01-03-1000-2", "a-2026-01-04", "train_1"]
    texts = Duplicates()
    for n in range(len(ids)):
        texts.add(_random_text(n))
    assert group(ids, texts) == [0, 1, 0, 0, 4]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=30, max_size=200), st.integers(0, 5))
def test_groups_stay_together_and_no_part_is_empty(leaders: list[int], seed: int) -> None:
    shares = {"train": 8.0, "dev": 1.0, "test": 1.0}
    if len(set(leaders)) < 3:
        return
    parts = assign(leaders, shares, seed=seed)
    assert parts == assign(leaders, shares, seed=seed)
    assert set(parts) == set(shares)
    for leader in set(leaders):
        assert len({part for part, own in zip(parts, leaders, strict=True) if own == leader}) == 1


def _corpus(make: Make) -> Path:
    lines = ["fname,dialogue,summary,topic,note\r\n"]
    for n in range(40):
        text = _random_text(n, 80)
        lines.append(f'train_{n},"#Person1#: {text}\r\n#Person2#: 네","요약, {n}",주제, x\r\n')
        if n % 4 == 0:
            lines.append(f'train_{n}_aug,"#Person1#: {_random_text(n + 100, 80)}",요약,주제,\r\n')
        if n % 8 == 0:
            lines.append(f'copy_{n},"#Person1#: {text}\r\n#Person2#: 네!",요약,주제,\r\n')
    return make("all.csv", "".join(lines)[:-2])


def test_a_split_keeps_every_record_once_and_its_bytes(make: Make, tmp_path: Path) -> None:
    source = _corpus(make)
    sizes = split_file(source, tmp_path / "s")
    assert sum(sizes.values()) == 55
    assert abs(sizes["train"] - 44) <= 2
    parts = [(tmp_path / "s" / f"{name}.csv").read_bytes().decode() for name in sizes]
    assert all(part.startswith("fname,dialogue,summary,topic,note\r\n") for part in parts)
    rows = [row for part in parts for row in list(csv.reader(io.StringIO(part, newline="")))[1:]]
    assert sorted(rows) == sorted(list(csv.reader(io.StringIO(source.read_bytes().decode(), newline="")))[1:])


def test_versions_and_copies_never_straddle(make: Make, tmp_path: Path) -> None:
    sizes = split_file(_corpus(make), tmp_path / "s", seed=3)
    part_of = {dialogue.id: name for name in sizes for dialogue in read(tmp_path / "s" / f"{name}.csv")}
    for n in range(0, 40, 4):
        assert part_of[f"train_{n}"] == part_of[f"train_{n}_aug"]
        assert n % 8 or part_of[f"train_{n}"] == part_of[f"copy_{n}"]


def test_folds_hold_each_dialogue_out_once(make: Make, tmp_path: Path) -> None:
    sizes = split_file(_corpus(make), tmp_path / "s", folds=5)
    held_out = [dialogue.id for n in range(1, 6) for dialogue in read(tmp_path / "s" / f"fold{n}-dev.csv")]
    assert len(held_out) == len(set(held_out)) == 55
    assert all(sizes[f"fold{n}-train"] + sizes[f"fold{n}-dev"] == 55 for n in range(1, 6))


def test_the_sessions_of_a_chat_stay_together(root: Path, tmp_path: Path) -> None:
    chat = root / "examples" / "kakaotalk.txt"
    with pytest.raises(UsageError, match="one chat room"):
        split_file(chat, tmp_path / "s", ratios={"train": 1, "dev": 1})
    assert split_file(chat, tmp_path, ratios={"train": 1}) == {"train": 2}
    assert next(read(tmp_path / "train.jsonl")).turns


def test_a_text_file_splits_at_its_partings(root: Path, tmp_path: Path) -> None:
    sizes = split_file(root / "examples" / "talks.txt", tmp_path, ratios={"train": 2, "dev": 1})
    assert sizes == {"train": 2, "dev": 1}
    assert len(list(read(tmp_path / "train.txt"))) == 2


def test_what_cannot_be_split_says_why(make: Make, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot fill"):
        split_file(make("a.txt", "#Person1#: 네\n"), tmp_path / "s")
    with pytest.raises(UsageError, match="at least 2"):
        split_file(make("a.txt", "#Person1#: 네\n"), tmp_path / "s", folds=1)
    with pytest.raises(DataError):
        split_file(make("b.csv", "fname,dialogue\na,x\n"), tmp_path / "s")
    assert not (tmp_path / "s").exists()


def _talks(names: list[str], ending: str, topic: str, count: int = 40) -> list[Dialogue]:
    return [
        Dialogue(str(n), (Turn("#Person1#", f"{names[n % len(names)]}, 내일 가자."),), (f"둘은 내일 {ending}.",), topic)
        for n in range(count)
    ]


def test_translations_are_told_apart_and_their_mixture_is_flagged() -> None:
    k1 = _talks(["지미", "앨리스", "친구야"], "간다", "운동하기")
    k2 = _talks(["Jimmy", "Alice", "친구야"], "갑니다", "운동 계획")
    one, two, both = (style_of(talks, file=name) for talks, name in ((k1, "k1"), (k2, "k2"), (k1 + k2, "both")))
    assert (one.script, one.ending, two.script, two.ending) == ("Hangul", "한다", "Latin", "합니다")
    assert mixtures(one) == mixtures(two) == []
    assert [problem.rule for problem in mixtures(both)] == ["N22", "N27"]
    assert [problem.rule for problem in mismatches([one, two])] == ["style-names", "style-endings", "style-topics"]
    assert mismatches([one, one]) == []


def test_little_data_says_nothing() -> None:
    few = style_of(_talks(["지미", "Jimmy"], "간다", "운동하기", 4))
    assert mixtures(few) == []
    assert few.ending == "unknown"


def test_the_two_korean_dialogsums(tmp_path: Path) -> None:
    folder = os.environ.get("YOYAK_DATA")
    if not folder:
        pytest.skip("YOYAK_DATA names no folder of research data")
    k1, k2 = ([*read(Path(folder) / "dialogsum-ko" / f"dev_k{n}.csv")] for n in (1, 2))
    assert (style_of(k1).script, style_of(k2).script, style_of(k1 + k2).script) == ("Hangul", "Latin", "mixed")
    assert "N22" in [problem.rule for problem in mixtures(style_of(k1 + k2))]
