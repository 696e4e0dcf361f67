"""The linear classifier: right on what is plain, calibrated, saved without pickle, and quick."""

from __future__ import annotations

import random
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from yoyak.data.formats.base import Columns
from yoyak.data.read import read
from yoyak.errors import DataError, ModelError
from yoyak.metrics.calibration import calibration_error, reliability
from yoyak.records import Dialogue, Turn
from yoyak.topics.linear import Linear, fit_linear
from yoyak.topics.model import TopicModel


def _rows(n: int, seed: int = 0, noise: float = 0.0) -> tuple[list[list[str]], list[str]]:
    rng = random.Random(seed)
    words = {
        "은행": ["대출/NNG", "이자/NNG", "통장/NNG"],
        "병원": ["주사/NNG", "열/NNG", "의사/NNG"],
        "여행": ["비행기/NNG", "짐/NNG", "숙소/NNG"],
    }
    texts, groups = [], []
    for i in range(n):
        group = sorted(words)[i % 3]
        said = words[rng.choice(sorted(words))] if rng.random() < noise else words[group]
        texts.append([*rng.choices(said, k=3), "네/IC"])
        groups.append(group)
    return texts, groups


def test_it_learns_what_is_plain_and_comes_back_from_its_files(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    texts, groups = _rows(60)
    made = fit_linear(texts, groups)
    found = made.of_signs(texts)
    assert [made.groups[i] for i in found.argmax(axis=1)] == groups
    assert np.allclose(found.sum(axis=1), 1)
    made.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["classifier.json", "classifier.npz"]
    again = Linear.load(tmp_path)
    assert again.groups == made.groups
    assert np.allclose(again.of_signs(texts), found, atol=0.01)


def test_the_same_data_give_the_same_weights() -> None:
    pytest.importorskip("sklearn")
    texts, groups = _rows(60, noise=0.2)
    one, other = fit_linear(texts, groups), fit_linear(texts, groups)
    assert np.array_equal(one.weights, other.weights)
    assert one.temperature == other.temperature


def test_its_probabilities_mean_what_they_say() -> None:
    pytest.importorskip("sklearn")
    made = fit_linear(*_rows(600, noise=0.3))
    texts, groups = _rows(600, seed=1, noise=0.3)
    found = made.of_signs(texts)
    right = [made.groups[i] == group for i, group in zip(found.argmax(axis=1), groups, strict=True)]
    assert 0.7 < np.mean(right) < 0.9
    assert calibration_error(reliability(found.max(axis=1).tolist(), right)) < 0.08


def test_two_groups_are_enough_and_one_is_not() -> None:
    pytest.importorskip("sklearn")
    texts, groups = _rows(60)
    two = [(text, group) for text, group in zip(texts, groups, strict=True) if group != "여행"]
    made = fit_linear([text for text, _ in two], [group for _, group in two])
    assert made.of_signs([["대출/NNG", "이자/NNG"]])[0, made.groups.index("은행")] > 0.5
    with pytest.raises(DataError, match="at least 2"):
        fit_linear([["가"]] * 8, ["은행"] * 8)


def test_nothing_known_gives_probabilities_all_the_same() -> None:
    model = TopicModel.load().classifier
    found = model.probabilities([Dialogue("a", (Turn("#Person1#", "!!!"),))])
    assert found.shape == (1, 24)
    assert found.sum() == pytest.approx(1)


def test_a_broken_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="topics fit"):
        Linear.load(tmp_path)
    (tmp_path / "classifier.json").write_text('{"groups": ["가"], "terms": ["나"], "temperature": 1, "made": {}}', encoding="utf-8")
    np.savez(tmp_path / "classifier.npz", weights=np.ones((2, 1)), rarity=np.ones(1), bias=np.ones(1))
    with pytest.raises(ModelError, match="do not fit"):
        Linear.load(tmp_path)


def test_what_is_shipped_tells_the_corpus_apart_and_is_small_and_quick(root: Path) -> None:
    model = TopicModel.load()
    talks = list(read(root / "corpus" / "test.jsonl", columns=Columns(topic="domain")))
    right = [model.given(talk) == group for talk, group in zip(talks, model.groups_of(talks), strict=True)]
    assert np.mean(right) > 0.4  # chance: 1 of 24
    folder = root / "src" / "yoyak" / "assets" / "topics"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000_000
    assert isinstance(model.classifier, Linear)
    signs = [[f"{letter}/NNG" for letter in "가나다라마바사" * 20] for _ in range(200)]
    start = perf_counter()
    model.classifier.of_signs(signs)
    assert perf_counter() - start < 1
