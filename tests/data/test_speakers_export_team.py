"""Names and numbers of speakers, dialogues written out, a team's own rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.data.clean import clean_text
from yoyak.data.export import dialogue_writer
from yoyak.data.read import read
from yoyak.data.rules.base import Context
from yoyak.data.rules.team import load_rules
from yoyak.data.sessions import parse_session
from yoyak.data.speakers import number_speakers, restore_speakers
from yoyak.errors import ConfigError, DataError, UsageError
from yoyak.records import Dialogue, Turn

Make = Callable[..., Path]


def test_names_become_numbers_in_order_of_appearance() -> None:
    talk = Dialogue("a", (Turn("수아", "지훈아, 하나 줘. 지훈이가 수아한테"), Turn("지훈", "응"), Turn("하나", "지훈나무 아래서 봐")))
    numbered = number_speakers(talk)
    assert numbered.labels == ("#Person1#", "#Person2#", "#Person3#")
    assert numbered.turns[0].text == "#Person2#야, 하나 줘. #Person2#가 #Person1#한테"
    assert numbered.turns[2].text == "지훈나무 아래서 봐"  # part of another word
    assert dict(numbered.speakers) == {"#Person1#": "수아", "#Person2#": "지훈", "#Person3#": "하나"}
    assert number_speakers(numbered) is numbered


def test_tags_that_are_there_keep_their_numbers() -> None:
    talk = Dialogue("a", (Turn("#Person1#", "네"), Turn("지훈", "응")))
    assert number_speakers(talk).labels == ("#Person1#", "#Person2#")


def test_names_come_back_with_the_right_josa() -> None:
    names = {"#Person1#": "수아", "#Person2#": "지훈", "#Person3#": "Kevin"}
    assert restore_speakers("#Person1#은 #Person2#와 #Person3#를 만난다.", names) == "수아는 지훈과 Kevin을 만난다."
    assert restore_speakers("#Person4#는 #PhoneNumber#로", names) == "#Person4#는 #PhoneNumber#로"


@pytest.mark.parametrize("ending", ["csv", "jsonl", "txt"])
def test_dialogues_written_are_read_back(tmp_path: Path, ending: str) -> None:
    talks = [
        Dialogue("a", (Turn("지우", "안녕?\n뭐 해"), Turn("민수", "응")), ("요약",), "주제"),
        Dialogue("b", (Turn("#Person1#", '"네"'),)),
    ]
    path = tmp_path / f"x.{ending}"
    with dialogue_writer(path) as writer:
        for talk in talks:
            writer.write(talk)
    back = list(read(path))
    assert [talk.turns for talk in back] == [talk.turns for talk in talks]
    if ending != "txt":
        assert back == talks


def test_what_would_not_be_read_back_is_refused(tmp_path: Path) -> None:
    talk = Dialogue("a", (Turn("김: 대리", "네"),))
    with pytest.raises(DataError, match="jsonl"), dialogue_writer(tmp_path / "x.csv") as writer:
        writer.write(talk)
    assert not (tmp_path / "x.csv").exists()
    with dialogue_writer(tmp_path / "x.jsonl") as writer:
        writer.write(talk)
    assert list(read(tmp_path / "x.jsonl")) == [talk]


@pytest.mark.parametrize("text", ["gap:0h", "gap:6", "hour", "", "gap:6h "])
def test_session_rules_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="--session"):
        parse_session(text)


RULE = """rules:
  - id: T1
    title: 상담 번호를 지운다
    pattern: '\\[상담번호 \\d+\\] ?'
    examples:
      - ['[상담번호 12] 안녕하세요', '안녕하세요']
"""


def test_a_teams_rule_runs_beside_the_others(make: Make) -> None:
    [rule] = load_rules(make("team.yaml", RULE))
    assert clean_text("#Person1#: [상담번호 7] 네", rules=[rule]).text == "#Person1#: 네"
    assert clean_text("[상담번호 7]", rules=[rule], context=Context(labelled=False)).text == "[상담번호 7]"  # never empties a turn


def test_a_teams_rule_cannot_touch_tags(make: Make) -> None:
    path = make("team.yaml", "rules:\n  - id: T1\n    pattern: 'Person'\n    replace: '사람'\n    examples: [['Person 1', '사람 1']]\n")
    [rule] = load_rules(path)
    assert clean_text("#Person1#: Person #Person2#", rules=[rule]).text == "#Person1#: Person #Person2#"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("'\\[상담번호 \\d+\\] ?'", "'(a+)+$'"), "repeats a repeat"),
        (("'\\[상담번호 \\d+\\] ?'", "'(a|aa)+$'"), "faster than its text|did not finish|comes out"),
        (("'\\[상담번호 \\d+\\] ?'", "'\\s+$'"), "faster than its text|did not finish|comes out"),
        (("'\\[상담번호 \\d+\\] ?'", "'(a)\\1'"), "refers back"),
        (("'\\[상담번호 \\d+\\] ?'", "'x*'"), "matches nothing"),
        (("'\\[상담번호 \\d+\\] ?'", "'('"), "not a regular expression"),
        (("'안녕하세요']", "'안녕']"), "comes out as"),
        (("id: T1", "id: N2"), "is taken"),
        (("title:", "titel:"), "no key 'titel'"),
        (("    examples:\n      - ['[상담번호 12] 안녕하세요', '안녕하세요']\n", ""), "'examples' is missing"),
    ],
)
def test_a_bad_rule_is_refused_when_it_is_loaded(make: Make, change: tuple[str, str], message: str) -> None:
    assert change[0] in RULE
    with pytest.raises(ConfigError, match=message):
        load_rules(make("team.yaml", RULE.replace(*change)))
