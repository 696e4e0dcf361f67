"""Preferring topic words: beams ranked anew, scores raised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from yoyak.errors import UsageError
from yoyak.records import Dialogue, Turn
from yoyak.summarize.candidates import Candidate, Candidates
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.guard import GuardConfig
from yoyak.summarize.summarizer import Summarizer
from yoyak.summarize.topic_hints import TopicReranking, reranked, spelled
from yoyak.topics.hints import Hints
from yoyak.topics.model import TopicModel

TALK = Dialogue("a", (Turn("#Person1#", "통장을 만들고 대출 이자를 알아보러 은행에 왔어요."), Turn("#Person2#", "네, 고객님.")))


class Beams:
    """An engine with the same beams for every dialogue."""

    name = "beams"

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def candidates(self, dialogues: Iterable[Dialogue]) -> Iterator[Candidates]:
        for talk in dialogues:
            yield Candidates(talk.id, tuple(Candidate(text, -0.1 * n) for n, text in enumerate(self.texts)))


def test_the_beam_with_the_topics_words_wins_unless_it_is_far_behind() -> None:
    hints = Hints("bias", TopicModel.load())
    texts = ["#Person1#은 왔다.", "#Person1#은 은행에서 통장과 대출 이자를 묻는다."]
    [taken] = TopicReranking(Beams(*texts), hints).summarize([TALK])
    assert (taken.id, taken.summary) == ("a", texts[1])
    [kept] = TopicReranking(Beams(*texts), hints, weight=0.0).summarize([TALK])
    assert kept.summary == texts[0]
    far = [Candidate(texts[0], -0.1), Candidate(texts[1], -5.0)]
    assert reranked(far, ["통장", "대출"]).text == texts[0]


def test_a_failed_dialogue_stays_failed() -> None:
    class Failing(Beams):
        def candidates(self, dialogues: Iterable[Dialogue]) -> Iterator[Candidates]:
            return (Candidates(talk.id, (), error="too long") for talk in dialogues)

    [found] = TopicReranking(Failing(), Hints("bias", TopicModel.load())).summarize([TALK])
    assert (found.summary, found.error) == ("", "too long")


def test_scores_of_words_are_raised_until_they_are_written() -> None:
    torch = pytest.importorskip("torch")
    from yoyak.summarize.topic_hints import TopicBias

    bias = TopicBias([[(7, 8)], []], bonus=2.0, prompt_length=1, beams=2)
    written = torch.tensor([[0, 5, 5], [0, 5, 7], [0, 7, 8], [0, 7, 7]])
    found = bias(written, torch.zeros(4, 10))
    assert [row.nonzero().flatten().tolist() for row in found] == [[7], [7, 8], [], []]
    assert found.max() == 2.0


def test_words_are_spelled_as_they_stand_in_a_text() -> None:
    letters = [[ord(letter) for letter in text] for text in (" 빌리", "빌리", " 바다", "바다")]
    assert [list(ids) for ids in spelled(["빌리다", "바다"], lambda text: [ord(letter) for letter in text])] == letters


def test_what_cannot_use_topics_says_so() -> None:
    hints = Hints("topic", TopicModel.load())
    with pytest.raises(UsageError, match="extractive"):
        Summarizer.load("extractive", topics=hints)
    with pytest.raises(UsageError, match="guard"):
        Summarizer.load("gemma-3-270m", topics=hints, guard=GuardConfig())


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in ("ctranslate2", "tokenizers", "safetensors"):
        pytest.importorskip(module)
    from tiny_models import tiny_gemma

    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    return tiny_gemma(tmp_path / "tiny")


DECODE = DecodeConfig(max_new_tokens=12, max_input_tokens=200)


def test_every_use_runs_on_ct2(tiny: Path) -> None:
    topics = TopicModel.load()

    def errors(hints: Hints | None, beams: int = 1) -> list[str | None]:
        decode = replace(DECODE, num_beams=beams)
        made = Summarizer.load(tiny, decode=decode, compute_type="float32", topics=hints).summarize([TALK, TALK])
        return [prediction.error for prediction in made]

    assert errors(Hints("topic", topics)) == errors(Hints("keywords", topics)) == errors(Hints("bias", topics), beams=4) == [None, None]
    with pytest.raises(UsageError, match="4 beams"):
        errors(Hints("bias", topics))


def test_hf_writes_preferred_words(tiny: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    hints = Hints("bias", TopicModel.load(), most=1)
    [words] = hints.words([TALK])
    [plain] = Summarizer.load(tiny, engine="hf", decode=DECODE).summarize([TALK])
    from yoyak.summarize.engines.hf import TransformersEngine

    [told] = TransformersEngine(tiny, name="tiny", decode=DECODE, preferred=hints).summarize([TALK])
    assert told.error is None
    assert sum(told.summary.count(letter) for letter in words[0]) >= sum(plain.summary.count(letter) for letter in words[0])
