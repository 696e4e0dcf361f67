"""The guard: the search finds the best set, false sentences go, doubts are flagged, nothing is ever empty, order and failures are kept."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarize.guarding import TALK, FakeVerifier, FakeWriter
from yoyak.records import Dialogue, Turn
from yoyak.summarize.assemble import Goal, Statement, assembled, ordered, worth
from yoyak.summarize.candidates import Sampling
from yoyak.summarize.expectation import Expectation
from yoyak.summarize.guard import Guard, GuardConfig
from yoyak.summarize.summarizer import Summarizer
from yoyak.summarize.verify import RuleVerifier

WORDS = st.lists(st.sampled_from("가나다라마바"), min_size=1, max_size=5).map(tuple)
STATEMENTS = st.lists(st.tuples(WORDS, st.integers(1, 4), st.floats(0.05, 1)), min_size=1, max_size=5)


def expected(words: dict[str, float]) -> Expectation:
    return Expectation(words, frozenset(), length=4.0)


def statement(place: int, words: tuple[str, ...], turn: int, true: float) -> Statement:
    return Statement(f"{place}", words, (turn,), true, origin=(place, 0))


@given(STATEMENTS, st.floats(0, 1))
def test_no_single_step_improves_what_was_assembled(given: list[tuple[tuple[str, ...], int, float]], trust: float) -> None:
    pool = [statement(i, *one) for i, one in enumerate(given)]
    goal = Goal([("가", "나", "다"), ("가", "라")], [1.0, 0.5], expected({"가": 0.5, "다": 0.3, "마": 0.2}))
    found = assembled(pool, goal, trust=trust)
    assert found
    assert found == ordered(found)
    reached = worth(found, goal, trust)
    assert all(worth([one], goal, trust) <= reached + 1e-6 for one in pool)
    for size in range(1, len(found)):
        assert all(worth(ordered(part), goal, trust) <= reached + 1e-6 for part in combinations(found, size) if size == len(found) - 1)


def test_trust_moves_from_agreement_to_truth() -> None:
    near = statement(0, ("가", "나", "다"), 1, 0.3)
    sure = statement(1, ("마",), 2, 0.99)
    goal = Goal([("가", "나", "다")], [1.0], expected({"가": 1.0}))
    assert near in assembled([near, sure], goal, trust=0)
    assert assembled([near, sure], goal, trust=1) == [sure]


def test_two_that_say_the_same_do_not_stand_together() -> None:
    one, other = statement(0, ("가", "나", "다", "라"), 1, 0.9), statement(1, ("가", "나", "다", "마"), 2, 0.9)
    goal = Goal([("가", "나", "다", "라", "가", "나", "다", "마")], [1.0], expected({"가": 1.0}))
    assert len(assembled([one, other], goal, trust=0.1)) == 1


def guarded(writer: FakeWriter, verifier: FakeVerifier, **config: object) -> list[str]:
    [prediction] = Guard(writer, verifier, config=GuardConfig(**config)).summarize([TALK])  # type: ignore[arg-type]
    return [prediction.summary, *map(str, prediction.review)]


def test_a_false_sentence_does_not_stand() -> None:
    verifier = FakeVerifier({"#Person1#은 김밥을": 0.05})
    summary, *doubts = guarded(FakeWriter(), verifier)
    assert "#Person1#은 김밥을 싼다" not in summary
    assert summary
    assert not doubts


def test_a_sentence_of_the_wrong_person_is_written_anew_about_the_other() -> None:
    writer = FakeWriter()
    guarded(writer, FakeVerifier({"#Person1#은 김밥을": 0.05}))
    assert writer.asked[-1].turns == TALK.turns[-1:]
    assert writer.asked[-1].start == "#Person2#는"


def test_what_is_doubtful_and_cannot_be_helped_is_flagged() -> None:
    summary, *doubts = guarded(FakeWriter(), FakeVerifier({}, otherwise=0.01))
    assert summary
    assert doubts
    assert all("may be said of the wrong person" in doubt for doubt in doubts)


def test_trust_0_takes_what_the_model_wrote_and_still_flags() -> None:
    writer = FakeWriter()
    summary, *doubts = guarded(writer, FakeVerifier({"#Person1#은 김밥을": 0.05}, otherwise=0.99), trust=0)
    assert summary == writer.whole
    assert len(doubts) == 1


def test_sampling_adds_candidates() -> None:
    writer = FakeWriter()
    plain = len(guarded(writer, FakeVerifier({}))) and len(writer.asked)
    writer.asked.clear()
    guarded(writer, FakeVerifier({}), sampling=Sampling(3))
    assert len(writer.asked) == plain + 1


def test_order_failures_and_names_are_kept() -> None:
    talks = [Dialogue(str(i), TALK.turns if i % 5 else ()) for i in range(23)]
    found = list(Guard(FakeWriter(), RuleVerifier()).summarize(talks))
    assert [p.id for p in found] == [talk.id for talk in talks]
    assert [p.error is None for p in found] == [bool(talk.turns) for talk in talks]
    assert {p.model for p in found} == {"fake+guard"}
    assert all(bool(p.summary) == (p.error is None) for p in found)
    assert len({p.summary for p in found if p.summary}) == 1


def test_a_model_that_writes_nothing_is_told_by_its_turns() -> None:
    class Silent(FakeWriter):
        def _text(self, request: object) -> str:
            return ""

    [prediction] = Guard(Silent(), FakeVerifier({})).summarize([TALK])
    assert prediction.summary
    muttered = Dialogue("m", (Turn("민지", "음..."), Turn("현우", "어...")))
    [prediction] = Guard(Silent(), FakeVerifier({})).summarize([muttered])
    assert prediction.summary == "민지와 현우는 이야기를 나눈다."
    assert prediction.review[0].kind == "incomplete"


def test_a_long_dialogue_is_written_in_pieces() -> None:
    writer = FakeWriter()
    talk = Dialogue("long", TALK.turns * 6)
    [prediction] = Guard(writer, FakeVerifier({})).summarize([talk])
    assert prediction.error is None
    assert [len(one.turns) for one in writer.asked[:2]] == [12, 12]


def test_a_summarizer_goes_on_with_what_is_done() -> None:
    talks = [Dialogue(str(i), TALK.turns) for i in range(9)]
    summarizer = Summarizer(Guard(FakeWriter(), FakeVerifier({})))
    whole = list(summarizer.summarize(talks))
    assert list(summarizer.summarize(talks, done=whole[:4])) == whole


def test_trust_lies_between_0_and_1() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        GuardConfig(trust=1.5)


def test_the_summary_is_written_again_about_each_speaker_when_asked() -> None:
    writer = FakeWriter()
    guarded(writer, FakeVerifier({}), about=2)
    assert {one.start for one in writer.asked if one.turns == TALK.turns} >= {"", "#Person1#은", "#Person2#는"}
