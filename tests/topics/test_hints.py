"""A line about the topic: only when asked, the same in training and in use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from yoyak.errors import DataError, ModelError
from yoyak.models.inputs import fit, prompt
from yoyak.records import Dialogue, Prediction, Turn
from yoyak.summarize.summarizer import Summarizer
from yoyak.topics.hints import Hints, saved
from yoyak.topics.model import TopicModel

TALK = Dialogue(
    "a",
    (Turn("#Person1#", "통장을 만들고 대출 이자를 알아보러 은행에 왔어요."), Turn("#Person2#", "네, 고객님. 계좌 이체 수수료도 볼까요?")),
    topic="bank",
)


@pytest.fixture(scope="module")
def topics() -> TopicModel:
    return TopicModel.load()


class Echo:
    """An engine that writes what it is given."""

    name = "echo"

    def summarize(self, dialogues):  # type: ignore[no-untyped-def]
        return (Prediction(talk.id, prompt(talk.turns)) for talk in dialogues)


def test_without_hints_the_prompt_is_what_it_was(topics: TopicModel) -> None:
    [plain] = Summarizer(Echo()).summarize([TALK])
    assert plain.summary == prompt(TALK.turns)
    [biased] = Summarizer(Echo(), hints=Hints("bias", topics)).summarize([TALK])
    assert biased.summary == prompt(TALK.turns)


def test_lines_stand_before_the_turns(topics: TopicModel) -> None:
    [told] = Summarizer(Echo(), hints=Hints("topic", topics)).summarize([TALK])
    assert told.summary.startswith("대화:\n주제: 은행\n#Person1#: 통장을")
    [words] = Summarizer(Echo(), hints=Hints("keywords", topics, most=3)).summarize([TALK])
    line = words.summary.splitlines()[1]
    assert line.startswith("핵심어: ")
    assert len(line.split(", ")) == 3
    assert all(word in TALK.text for word in line.removeprefix("핵심어: ").split(", ") if not word.endswith("다"))


def test_a_dialogue_without_a_word_of_its_group_gets_no_line(topics: TopicModel) -> None:
    talk = replace(TALK, turns=(Turn("가", "음..."),))
    assert list(Hints("keywords", topics, "given").dialogues([talk])) == [talk]


def test_given_topics_are_obeyed_and_unknown_ones_refused(topics: TopicModel) -> None:
    [talk] = Hints("topic", topics, "given").dialogues([replace(TALK, topic="여행")])
    assert str(talk.turns[0]) == "주제: 여행"
    for topic in (None, "양자 얽힘"):
        with pytest.raises(DataError, match="a\\)"):
            list(Hints("topic", topics, "given").dialogues([replace(TALK, topic=topic)]))


def test_the_line_stays_when_turns_are_left_out(topics: TopicModel) -> None:
    long = replace(TALK, turns=TALK.turns * 40)
    [told] = Hints("topic", topics).dialogues([long])
    turns, lost = fit(told, count=len, budget=400)
    assert lost
    assert turns[0].speaker == "주제"


def test_what_a_checkpoint_says_comes_back(topics: TopicModel) -> None:
    hints = saved({"topics": Hints("keywords", topics, "given", most=5).to_json()})
    assert hints is not None
    assert (hints.kind, hints.source, hints.most) == ("keywords", "predicted", 5)
    with pytest.raises(ModelError, match="known are"):
        saved({"topics": {"hints": "shout"}})


def test_a_folder_that_is_no_topic_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither corpus nor a folder"):
        TopicModel.load(tmp_path / "nothing")
    (tmp_path / "vocabulary.csv").write_text("group,word,count,log_odds,low,high\n", encoding="utf-8")
    (tmp_path / "taxonomy.csv").write_text("topic,group\n가,나\n", encoding="utf-8")
    (tmp_path / "classifier.json").write_text(json.dumps([]), encoding="utf-8")
    with pytest.raises(ModelError, match="topics fit"):
        TopicModel.load(tmp_path)
