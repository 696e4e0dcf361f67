"""The linear verifier: what it tells apart, and what it must not depend on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files

import pytest

from yoyak.models.judgement import KINDS
from yoyak.records import Dialogue, Turn
from yoyak.summarize.claims import claims, heard
from yoyak.summarize.summarizer import load_verifier
from yoyak.summarize.verification import verification
from yoyak.summarize.verify import Verdict
from yoyak.summarize.verify_features import Features, Index, features
from yoyak.summarize.verify_linear import BothVerifier, LinearVerifier, Weights, fitted, joint, log_odds

TALK = Dialogue(
    "a",
    (
        Turn("지훈", "내일 세 시에 도서관 앞에서 보자. 표는 내가 살게."),
        Turn("수아", "좋아. 나는 만이천 원짜리 책을 가져갈게."),
        Turn("지훈", "비가 오면 안 갈 거야."),
    ),
)


def of(sentence: str, talk: Dialogue = TALK) -> Features:
    return features(claims(sentence, talk.labels), Index(heard(talk)))


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("지훈은 표를 사겠다고 한다.", "수아는 표를 사겠다고 한다."),
        ("수아는 만이천 원짜리 책을 가져가기로 한다.", "수아는 만오천 원짜리 책을 가져가기로 한다."),
        ("지훈은 도서관 앞에서 보자고 한다.", "지훈은 영화관 뒤에서 보자고 한다."),
        ("지훈은 비가 오면 가지 않겠다고 한다.", "지훈은 비가 오면 가겠다고 한다."),
    ],
)
def test_the_true_one_is_the_more_probable(true: str, false: str) -> None:
    good, bad = LinearVerifier().verify(TALK, [true, false])
    assert good.true > bad.true


def test_the_kind_of_a_swap_is_speaker() -> None:
    [verdict] = LinearVerifier().verify(TALK, ["수아는 지훈에게 내일 세 시에 도서관 앞에서 보자고 한다."])
    assert verdict.kind == "speaker"
    assert verdict.evidence == (1,)


def test_verdicts_do_not_depend_on_company_or_names() -> None:
    sentences = ["지훈은 표를 사겠다고 한다.", "수아는 책을 가져가기로 한다."]
    verifier = LinearVerifier()
    assert verifier.verify(TALK, sentences) == [verdict for one in sentences for verdict in verifier.verify(TALK, [one])]
    names = {"지훈": "#Person1#", "수아": "#Person2#"}
    tagged = Dialogue("a", tuple(Turn(names[turn.speaker], turn.text) for turn in TALK.turns))
    [verdict] = verifier.verify(tagged, ["#Person1#은 표를 사겠다고 한다."])
    assert verdict.true == pytest.approx(verifier.verify(TALK, sentences[:1])[0].true)


def test_speakers_exchanged_turn_the_gap_around() -> None:
    one, other = of("지훈은 표를 사겠다고 한다."), of("수아는 표를 사겠다고 한다.")
    assert one["gap"] > 0 > other["gap"]
    assert one["gap"] == pytest.approx(-other["gap"])


def test_a_quantity_of_another_value_is_unsaid() -> None:
    assert "quantity-unsaid" in of("수아는 만오천 원짜리 책을 가져간다.")
    assert "quantity-unsaid" not in of("수아는 12,000원짜리 책을 가져간다.")


def test_a_denial_of_what_was_told_is_seen() -> None:
    assert "told-opposite" in of("지훈은 비가 오면 간다.")
    assert "denied-same" in of("지훈은 비가 오면 가지 않는다.")


@pytest.mark.parametrize("sentence", ["", ".", "ㅋㅋㅋ", "#Person9#은 간다.", "\ud800", "가" * 400])
def test_any_sentence_gets_a_verdict(sentence: str) -> None:
    for talk in (TALK, Dialogue("b", ()), Dialogue("c", (Turn("", ""),))):
        [verdict] = LinearVerifier().verify(talk, [sentence])
        assert 0 <= verdict.true <= 1
    assert LinearVerifier().verify(TALK, []) == []


def test_other_weights_can_be_given() -> None:
    weights = Weights({"bias": (3.0, 0.0, 0.0, 0.0, 0.0)}, scale=2.0, shift=-1.0)
    [verdict] = LinearVerifier(weights).verify(TALK, ["지훈은 간다."])
    assert verdict.true == pytest.approx(1 / (1 + 2.718281828 ** -(2 * log_odds([3.0, 0, 0, 0, 0]) - 1)))


def test_the_weights_that_come_with_the_package() -> None:
    values = json.loads(files("yoyak").joinpath("assets", "verify.json").read_text(encoding="utf-8"))
    assert values["classes"] == ["true", *KINDS]
    assert all(len(row) == 5 for row in fitted().features.values())
    assert fitted().scale > 0


def test_its_own_limit_makes_a_sentence_doubtful() -> None:
    summaries = {"a": "지훈은 표를 사겠다고 한다. 수아는 자기가 비가 오면 표를 팔겠다고 한다."}
    found = verification(LinearVerifier(), {"a": TALK}, summaries)
    assert found.limit == LinearVerifier.doubtful < 0.5
    assert all(verdict.true < found.limit for verdict in found.doubtful)
    assert found.as_json()["doubtful_below"] == found.limit


def test_both_weigh_their_odds_together() -> None:
    class Sure:
        def verify(self, dialogue: Dialogue, sentences: Sequence[str]) -> list[Verdict]:
            return [Verdict(sentence, 0.9, "detail", (), "read 1 of 3 turns") for sentence in sentences]

    sentence = "지훈은 표를 사겠다고 한다."
    [linear], [both] = (one.verify(TALK, [sentence]) for one in (LinearVerifier(), BothVerifier(Sure())))
    assert both.true == pytest.approx(joint(linear.true, 0.9, fitted().both))
    assert (both.kind, both.evidence, both.note) == (linear.kind, linear.evidence, "read 1 of 3 turns")


def test_it_is_loaded_by_name() -> None:
    assert isinstance(load_verifier("linear"), LinearVerifier)
