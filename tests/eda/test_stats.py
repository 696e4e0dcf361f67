"""The figures of small files, counted by hand, and the same with one process and with two."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eda_files import PHONE, rows
from tiny_models import tiny_bart
from yoyak.eda.advice import MOST, advice
from yoyak.eda.numbers import distance, edges, histogram, relation, summary
from yoyak.eda.stats import analyse, names
from yoyak.eda.tokenizer import load
from yoyak.eda.verdict import verdicts
from yoyak.eda.words import Vocabulary, topics
from yoyak.errors import DataError, ModelError, UsageError
from yoyak.topics.taxonomy import Taxonomy


@pytest.fixture
def splits(make: Callable[..., Path]) -> list[Path]:
    return [make("train.csv", rows("가", 30)), make("dev.csv", rows("나", 10, ending="만납니다."))]


@pytest.fixture
def tokenizer(tmp_path: Path) -> str:
    pytest.importorskip("tokenizers")
    pytest.importorskip("safetensors")
    load.cache_clear()
    return str(tiny_bart(tmp_path / "tiny"))


def test_counts_by_hand(splits: list[Path]) -> None:
    found = analyse(splits)
    train, dev = found.splits
    assert (train.dialogues, train.summaries, dev.dialogues) == (30, 30, 10)
    assert set(train.turns) == set(train.speakers) == {2}
    assert train.tags["#Person1#"] == train.summary_tags["#Person2#"] == 30
    assert (train.josa["은"], train.josa["를"]) == (30, 30)
    assert (train.endings["다"], dev.endings["니다"]) == (30, 10)
    assert found.census.count("N2") == 40
    assert (found.topics.distinct, found.topics.once) == (3, 0)
    [(_, before, after), *_] = found.examples["N2"]
    assert before.endswith("보자ㅋㅋ")
    assert after.endswith("보자")


def test_tokens_facts_and_what_a_tokenizer_takes_for_special(splits: list[Path], tokenizer: str) -> None:
    found = analyse(splits, tokenizers=[tokenizer])
    columns = found.splits[0].tokens[0]
    # A character a token; <s> and </s> around a dialogue, the end token behind a summary.
    assert list(columns.dialogues) == [n + 2 for n in found.splits[0].characters]
    assert list(columns.summaries) == [n + 1 for n in found.splits[0].summary_characters]
    assert min(columns.needs["tag"]) == len("#Person1#") + 2  # the first speaker is known at once
    assert all(need > 40 for need in columns.needs["number"])
    assert load(tokenizer).special == ["ㅠㅠ"]


def test_two_processes_find_what_one_finds(splits: list[Path], tokenizer: str) -> None:
    one, two = (analyse(splits, tokenizers=[tokenizer], workers=n) for n in (1, 2))
    assert one.splits == two.splits
    assert (one.census, one.topics, one.split_words, one.examples) == (two.census, two.topics, two.split_words, two.examples)


def test_a_leak_is_the_first_thing_to_do(make: Callable[..., Path]) -> None:
    found = analyse([make("train.csv", rows("가", 30)), make("dev.csv", rows("가", 5))])
    first = advice(found, [], lang="ko")[0]
    assert first.kind == "duplicates"
    assert "5개" in first.text


def test_there_are_always_five_sentences_each_with_a_number(splits: list[Path], tokenizer: str) -> None:
    plain, measured = analyse(splits), analyse(splits, tokenizers=[tokenizer])
    for found in (plain, measured):
        for lang in ("ko", "en"):
            sentences = advice(found, verdicts(found, lang=lang), lang=lang)  # type: ignore[arg-type]
            assert len(sentences) == MOST
            assert all(any(c.isdigit() for c in each.text) for each in sentences)


def test_personal_data_are_counted_and_never_kept(make: Callable[..., Path]) -> None:
    talk = f'"#Person1#: 제 번호는 {PHONE}이에요ㅋㅋ\n#Person2#: 네, {PHONE} 맞죠?"'
    path = make("a.csv", f"fname,dialogue,summary,topic\na_0,{talk},#Person1#은 번호를 준다.,번호 {PHONE}\n")
    found = analyse([path])
    assert found.splits[0].personal["PhoneNumber"] == 2
    assert PHONE not in json.dumps([found.examples, found.topics.head], ensure_ascii=False)


def test_bad_rows_are_counted_and_a_file_without_dialogues_is_an_error(make: Callable[..., Path]) -> None:
    mixed = make("a.csv", "fname,dialogue,summary\na,#Person1#: 네.,요약\nb,,요약\n")
    assert analyse([mixed]).splits[0].rejected == 1
    with pytest.raises(DataError):
        analyse([make("b.csv", "fname,dialogue,summary\nb,,요약\n")])


def test_wrong_arguments_say_so(make: Callable[..., Path], tmp_path: Path) -> None:
    path = make("a.csv", rows("가", 3))
    with pytest.raises(UsageError, match="twice"):
        analyse([path, path])
    pytest.importorskip("tokenizers")
    with pytest.raises(UsageError, match="tokenizer"):
        analyse([path], tokenizers=[str(tmp_path / "nothing")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        analyse([path], tokenizers=[str(tmp_path / "empty")])


def test_without_quotes_numbers_stay(splits: list[Path]) -> None:
    found = analyse(splits, quotes=False)
    assert found.topics.distinct == 3
    assert not found.examples
    assert not found.split_words


def test_names_are_told_apart() -> None:
    assert names([Path("x/a.csv"), Path("y/a.csv")]) == ["x/a", "y/a"]


def test_summary_of_known_numbers() -> None:
    row = summary([1, 2, 3, 4, 100])
    assert (row.mean, row.median, row.max, row.q25) == (22.0, 3.0, 100.0, 2.0)
    assert summary([]).count == 0


def test_histograms_share_bins_and_lose_nothing() -> None:
    bins = edges([[1, 50, 99], [1000]])
    assert sum(histogram([1, 50, 99, 5000], bins)) == 4
    assert histogram([5000], bins)[-1] == 1


def test_correlation_and_distance() -> None:
    found = relation([1, 2, 3, 4], [1, 4, 9, 16])
    assert found is not None
    assert found.spearman == pytest.approx(1.0)
    assert 0.9 < found.pearson < 1.0
    assert relation([1], [1]) is None
    assert distance([1, 2, 3, 4], [3, 4, 5, 6]) == 0.5


def test_words_mark_the_group_that_holds_them() -> None:
    vocabulary = Vocabulary()
    for n in range(40):
        vocabulary.add(["병원에서", "의사가"] if n < 20 else ["학교에서", "의사는"])
    hospital, school = vocabulary.marks([range(20), range(20, 40)])
    assert [mark.word for mark in hospital] == ["병원에서"]  # 병원 never stands with another josa, so it is not cut
    assert [mark.word for mark in school] == ["학교에서"]


def test_a_josa_goes_where_the_word_stands_with_another_too() -> None:
    vocabulary = Vocabulary()
    for n in range(40):
        vocabulary.add([["병원에서"], ["병원을"], ["학교에서"], ["학교는"]][n // 10])
    hospital, school = vocabulary.marks([range(20), range(20, 40)])
    assert (hospital[0].word, hospital[0].share, school[0].word) == ("병원", 1.0, "학교")


def test_topics_that_are_empty_do_not_count() -> None:
    assert topics(["", "가", "가", "나"]).head == [("가", 2), ("나", 1)]


def test_groups_stand_in_the_place_of_topics_when_a_taxonomy_is_given(splits: list[Path]) -> None:
    phrases = sorted({topic for split in analyse(splits).splits for topic in split.topics})
    found = analyse(splits, taxonomy=Taxonomy({phrase: "만남" if number else "그 밖" for number, phrase in enumerate(phrases)}))
    assert dict(found.topics.head).keys() == {"만남", "그 밖"}
    assert found.topics.dialogues == 40
