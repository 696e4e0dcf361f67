"""The plan: groups are disjoint, in order, of real turns; the weights are sane; the writer sees nothing but its group."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarize.guarding import TALK, FakeWriter
from yoyak.records import Dialogue, Turn
from yoyak.summarize.exchanges import sentence
from yoyak.summarize.plan import MOST_TURNS, Plan, Weights, fitted, judged, logistic, plan, planned
from yoyak.summarize.plan_features import analysed
from yoyak.summarize.planned import Planned, first_sentence, request
from yoyak.text.morphemes import analyze

SAID = st.sampled_from(["네.", "내일 세 시에 만나자.", "왜 안 왔어?", "회의가 늦게 끝났어요.", "ㅋㅋ", "표를 두 장 예매할게.", ""])
TALKS = st.lists(st.tuples(st.sampled_from(["민지", "현우", "#Person3#"]), SAID), min_size=1, max_size=14)


@given(TALKS)
def test_groups_are_disjoint_ordered_and_of_real_turns(turns: list[tuple[str, str]]) -> None:
    talk = Dialogue("a", tuple(Turn(*turn) for turn in turns))
    found = plan(talk)
    flat = [turn for group in found.groups for turn in group.turns]
    assert flat == sorted(set(flat))
    assert flat
    assert set(flat) <= set(range(1, len(turns) + 1))
    assert len(flat) <= MOST_TURNS
    assert len(found.weight) == len(turns)
    for group in found.groups:
        assert sorted(label for label, _ in group.subjects) == sorted(talk.labels)
        assert sum(p for _, p in group.subjects) == pytest.approx(1)
        assert group.subjects[0][1] == max(p for _, p in group.subjects)


def test_an_empty_dialogue_has_an_empty_plan() -> None:
    assert plan(Dialogue("a", ())) == Plan((), ())


def test_every_content_word_has_a_probability() -> None:
    item = analysed(TALK, [analyze(turn.text) for turn in TALK.turns])
    found = planned(item, fitted())
    assert set(found.words) == set().union(*item.words)
    assert all(0 < probability < 1 for probability in found.words.values())
    assert 5 < found.length < 60


def test_the_threshold_chooses_the_turns() -> None:
    loose = Weights({"bias": 0.0}, {"bias": -1.0}, {}, 0.5)
    assert [group.turns for group in plan(TALK, weights=loose).groups] == [(1,), (2,), (3,), (4,)]
    joined = Weights({"bias": 0.0}, {"bias": 1.0}, {"closes": 3.0}, 0.5)
    [group] = plan(TALK, weights=joined).groups
    assert group.turns == (1, 2, 3, 4)
    assert group.subjects[0][0] == "#Person2#"
    strict = Weights({"bias": -5.0, "last": 1.0}, {}, {}, 0.5)
    assert [group.turns for group in plan(TALK, weights=strict).groups] == [(4,)]


def test_the_fitted_weights_know_what_matters() -> None:
    weights = fitted()
    assert 0 < weights.threshold < 1
    assert weights.turn["kind-propose"] > 0 > weights.turn["asks"]
    assert logistic(weights.turn, {"unknown": 1e9}) == 0.5


def test_planned_writes_each_group_from_its_turns_alone() -> None:
    writer = FakeWriter()
    [prediction] = Planned(writer).summarize([TALK])
    groups = plan(TALK).groups
    assert prediction.evidence == tuple(group.turns for group in groups)
    assert [one.turns for one in writer.asked] == [tuple(TALK.turns[t - 1] for t in group.turns) for group in groups]
    assert all(one.start.startswith(group.subjects[0][0]) for one, group in zip(writer.asked, groups, strict=True))
    assert prediction.model == "fake+plan"


def test_a_dialogue_that_cannot_be_read_is_reported_in_its_place() -> None:
    found = list(Planned(FakeWriter()).summarize([TALK, Dialogue("b", ()), TALK]))
    assert [p.error is None for p in found] == [True, False, True]
    assert found[1].error == "the dialogue is empty"


def test_a_request_begins_with_its_subject() -> None:
    [group, *_] = plan(TALK).groups
    assert request(TALK, group, subject="#Person2#").start == "#Person2#는"


def test_first_sentence_mends_josa() -> None:
    assert first_sentence("#Person1#는 간다. #Person2#은 온다.") == "#Person1#은 간다."
    assert first_sentence("") == ""


def test_what_stands_alone_is_surer_than_what_points_away() -> None:
    said = ("제가 내일 오전에 새 계약서를 메일로 보내 드릴게요.", "그건 저도 그래요.")
    talk = Dialogue("a", tuple(Turn(f"#Person{n % 2 + 1}#", text) for n, text in enumerate(said)))
    item = analysed(talk, [analyze(turn.text) for turn in talk.turns])
    found = {unit.turns: both for unit, both in zip(item.units, judged(item, plan(talk)), strict=True)}
    assert all(0 < value < 1 for both in found.values() for value in both)
    (promise_true, promise_point), (aside_true, aside_point) = found[0,], found[1,]
    assert promise_true > aside_true
    assert promise_point > aside_point
    assert "계약서" in sentence(item.units[0])
