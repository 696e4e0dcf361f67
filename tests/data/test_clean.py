"""Cleaning: what each rule mends, what none may touch, and the bugs of other people's cleaners."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yoyak.data.clean import clean_counted, clean_dialogue, clean_reference, clean_text
from yoyak.data.rules.base import Context, Rule, context_of, protected
from yoyak.data.rules.catalogue import ALL, by_id, choose
from yoyak.data.turns import parse_turns
from yoyak.errors import UsageError
from yoyak.records import Dialogue, Turn

SPEECH = Context(labelled=False)
CATALOGUE = "N1 N2 N2b N3 N4 N5 N6 N7 N8 N9 N10 N11 N12 N13 N14 N15 N16 N17 N18 N19 N20 N21 N23 N24 N25 N28".split()


def said(text: str) -> str:
    """The speech of one turn, cleaned by the default rules."""
    return clean_text(text, context=SPEECH).text


def _alone(rule: Rule, text: str) -> str:
    if rule.scope == "summary":
        return clean_reference(text, rules=[rule]).text
    labelled = context_of(text).tagged or text.startswith("지우: ")
    return clean_text(text, rules=[rule], context=None if labelled else SPEECH).text


def test_the_catalogue_is_covered() -> None:
    assert set(CATALOGUE) <= {rule.id for rule in ALL}  # N22, N26 and N27 are found by check and style


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_each_rule_does_what_its_examples_say_and_nothing_the_second_time(rule: Rule) -> None:
    assert rule.title[0]
    assert rule.title[1]
    assert rule.why
    for before, after in rule.examples:
        assert _alone(rule, before) == after
        assert _alone(rule, after) == after


# --- N1 to N3: jamo by context


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("배경ㅇ로 쓰자", "배경으로 쓰자"),
        ("제ㅏ 할게", "제가 할게"),
        ("아직ㅍ알맞는", "아직알맞는"),
        ("아닌 척했ㄷ거든", "아닌 척했거든"),
        ("그러ㅎ게 해", "그렇게 해"),
        ("안ㄴㅕㅇ", "안녕"),
        ("감사하ㅂ니다", "감사합니다"),
        ("하ㄴ나", "하나"),
        ("네ㅔ", "네"),
        ("집ㅔ 가자", "집에 가자"),
        ("ㄱ자 책상", "ㄱ자 책상"),
        ("ㄱ. 첫째 ㄴ. 둘째", "ㄱ. 첫째 ㄴ. 둘째"),
    ],
)
def test_typos_are_decided_by_their_neighbours(before: str, after: str) -> None:
    assert said(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("진짜ㅋㅋㅋㅋ", "진짜"),
        ("진짜ㅋㅋㅋ대박", "진짜 대박"),
        ("좋아 ㅎㅎ 그래", "좋아 그래"),
        ("아ㅠㅠ!", "아!"),
        ("헐 ㄷㄷ", "헐"),
        ("ㅋㅋㅋㅋㅋㅋ", "ㅋㅋ"),
        ("ㅎㅎ", "ㅎㅎ"),
        ("ㅠㅠ", "ㅠㅠ"),
        ("ㅋㅋ #Person1#이 그랬어", "#Person1#이 그랬어"),
    ],
)
def test_emotions_go_and_never_leave_a_turn_empty(before: str, after: str) -> None:
    assert said(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ㅇㅇ", "응"),
        ("ㄴㄴ", "아니"),
        ("ㄱㄱ", "가자"),
        ("ㅇㅋ", "오케이"),
        ("ㄱㅅ", "감사"),
        ("ㅈㅅ", "죄송"),
        ("ㅊㅋ", "축하"),
        ("ㅇㅇ 알겠어", "응 알겠어"),
        ("ㄱㅅ해요", "감사해요"),
        ("ㅇㅋㅋㅋ", "오케이"),
        ("좋아ㅇㅇ", "좋아 응"),
        ("김ㅇㅇ 씨", "김ㅇㅇ 씨"),
        ("ㅇㅇ동 사무소", "ㅇㅇ동 사무소"),
        ("ㅇㅇ 은행", "ㅇㅇ 은행"),
        ("ㅇㅇ 초등학교 다녀", "ㅇㅇ 초등학교 다녀"),
        ("이름은 ㅇㅇ 입니다", "이름은 ㅇㅇ 입니다"),
        ("이름은 ㅇㅇ", "이름은 ㅇㅇ"),
        ("저는 ㅇㅇ, 반가워요", "저는 ㅇㅇ, 반가워요"),
        ("ㅇㅇ 입니다", "ㅇㅇ 입니다"),
        ("제 친구 ㅇㅇㅇ 회사원이에요", "제 친구 ㅇㅇㅇ 회사원이에요"),
        ("010-ㅇㅇㅇㅇ", "010-ㅇㅇㅇㅇ"),
        ("010 ㅇㅇㅇㅇ ㅇㅇㅇㅇ", "010 ㅇㅇㅇㅇ ㅇㅇㅇㅇ"),
        ("ㅇㅇㅇ-ㅇㅇㅇㅇ 맞아요?", "ㅇㅇㅇ-ㅇㅇㅇㅇ 맞아요?"),
        ("ㅇㅇㅇㅇ-1234", "ㅇㅇㅇㅇ-1234"),
        ("ㄱㄱ 회사 어때", "ㄱㄱ 회사 어때"),
        ("좋아 ㅇㅇ", "좋아 응"),
        ("네 ㅇㅇ!", "네 응!"),
        ("ㅇㅇ 나도 갈래", "응 나도 갈래"),
        ("ㅇㅇ 도착했어", "응 도착했어"),
        ("알았어. ㄱㄱ", "알았어. 가자"),
        ("ㅋㅋ ㅇㅇ", "응"),
        ("ㅇㅇ ㅇㅇ", "응 응"),
        ("ㅇㅋ 에세이로 가죠", "오케이 에세이로 가죠"),
    ],
)
def test_abbreviations_become_words(before: str, after: str) -> None:
    assert said(before) == after


# --- bugs of other people's cleaners


def test_a_bar_and_words_survive_the_jamo_rules() -> None:
    assert said("A|B 배경ㅇ로") == "A|B 배경으로"


def test_laughs_are_not_replaced_by_a_sentence() -> None:
    text = "#Person1#: 안녕하세요.\n#Person2#: ㅎㅎ\n#Person1#: ㅎㅎ"
    assert clean_text(text).text == text


def test_prices_and_shares_survive() -> None:
    text = "가격은 $1,200이고 20% 할인 & 무료 배송, ₩3,000 깎아 드려요."
    assert said(text) == text


def test_titles_in_angle_brackets_survive() -> None:
    text = "<시민 케인>이랑 <All I Want for Christmas Is You> 중에 뭐 볼래?"
    assert said(text) == text


def test_turn_boundaries_survive_the_blanks_rule() -> None:
    text = "#Person1#:  네  그래요. \n\n#Person2#:  좋아요. "
    assert clean_text(text).text == "#Person1#: 네 그래요.\n#Person2#: 좋아요."


def test_a_tag_that_is_only_mentioned_gets_no_colon() -> None:
    text = "#Person1#: #Person2#가 #Person3#에게 말했어.\n#Person2#: #Person1#, 그건 아니야."
    assert clean_text(text).text == text


def test_no_length_filter_drops_a_turn() -> None:
    text = "#Person1#: 네\n#Person2#: 응\n#Person1#: " + "아주 긴 말 " * 400 + "끝"
    assert len(parse_turns(clean_text(text).text)) == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#Person1#: 왔어요.#Person2#: 네", "#Person1#: 왔어요.\n#Person2#: 네"),
        ("#Person1: 네\nPerson2#: 응", "#Person1#: 네\n#Person2#: 응"),
        ("#사람1#: 네\n사람2#: 응", "#Person1#: 네\n#Person2#: 응"),
        ("#Person1#: 네\n#고객님: 응\n#Person1#: 그래", "#Person1#: 네\n#Person2#: 응\n#Person1#: 그래"),
        ("##Person1#:앤드류.", "#Person1#: 앤드류."),
        ("#Person1#: #다음 주에 #B형 혈액이", "#Person1#: 다음 주에 B형 혈액이"),
        ("#Person1#: #Mike Sanderson#이 #Capital Airport#에", "#Person1#: Mike Sanderson이 Capital Airport에"),
        ("#Person1#: 회사 #에서 $#,000", "#Person1#: 회사에서 $#,000"),
        ("#Person1#: 안녕\\n하세요.\\n#Person2#: 네", "#Person1#: 안녕 하세요.\n#Person2#: 네"),
        ("#Person1#: A&amp;B<br>#Person2#: 응&nbsp;그래", "#Person1#: A&B\n#Person2#: 응 그래"),
    ],
)
def test_damaged_labels_are_mended_together(before: str, after: str) -> None:
    assert clean_text(before).text == after


def test_hashtags_stay_where_speakers_have_names() -> None:
    text = "지우: #맛집 #카페# 갈래?\n민수: 응"
    assert clean_text(text).text == text


# --- dialogues


def test_a_dialogue_grows_where_turns_ran_together_and_keeps_times() -> None:
    talk = Dialogue("a", (Turn("#Person1#", "왔어요.#Person2#: 네ㅋㅋ", "00:00:01.000"),))
    cleaned, counts = clean_counted(talk, rules=choose())
    assert cleaned.turns == (Turn("#Person1#", "왔어요.", "00:00:01.000"), Turn("#Person2#", "네", "00:00:01.000"))
    assert counts == Counter({"N6": 1, "N2": 1})


def test_a_label_that_names_nobody_becomes_a_turn_of_a_dialogue() -> None:
    text = "#Person1#: 네\n#고객님: 응\n#Person1#: 그래"
    talk = Dialogue("a", parse_turns(text))
    assert len(talk.turns) == 2
    assert clean_dialogue(talk).labels == ("#Person1#", "#Person2#")
    assert [turn.text for turn in clean_dialogue(talk).turns] == ["네", "응", "그래"]


@pytest.mark.parametrize("select", [[], ["all"], ["N10", "N15"], ["N13", "N15"]])
@pytest.mark.parametrize(
    "text",
    [
        "#Person1#: 네\n#고객님: 환불이요\n#Person1#: 그래\n#Person2#: 좋아",
        "#Person1#: 네\n#고객님#: 환불이요\n#Person1#: 그래\n#Person2#: 좋아",
        "#Person1#: 네\n#고객님: 환불이요\n#점원: 그래\n#Person1#: 좋아",
        "#Person1#: 네\n고객님: 환불이요\n#Person2#: 좋아",
        "#사람1#: 안녕\n#사람2#: 하이\n#고객님: 네",
        "#Person1#: 준비물입니다\n#준비물: 물\n#Person1#: 끝",
    ],
)
def test_no_rule_gives_a_turn_to_another_speaker(text: str, select: list[str]) -> None:
    rules = choose(select, ["N28"])
    assert clean_text(text, rules=rules).text == text
    talk = Dialogue("a", parse_turns(text))
    assert clean_dialogue(talk, rules=rules) is talk


def test_a_clean_dialogue_is_the_same_object_and_references_stay() -> None:
    clean = Dialogue("a", (Turn("지우", "안녕?"),), ("#Person1# 은 간다.",))
    assert clean_dialogue(clean) is clean
    assert clean_dialogue(clean, references=True).references == ("#Person1#은 간다.",)


def test_names_with_colons_are_no_obstacle() -> None:
    talk = Dialogue("a", (Turn("김: 대리", "배경ㅇ로\n\n시간: 3시"), Turn("#Person2#", "네")))
    assert clean_dialogue(talk).turns[0] == Turn("김: 대리", "배경으로\n\n시간: 3시")


def test_rules_are_chosen_by_id() -> None:
    assert [rule.id for rule in choose(["n2b", "N17"])] == ["N2b", "N17"]
    assert by_id("N15") not in choose()
    assert by_id("N15") in choose(["all"])
    assert by_id("N2") not in choose([], ["N2"])
    with pytest.raises(UsageError, match="N99"):
        choose(["N99"])


# --- properties

_KEPT = ("#Person1#", "#PhoneNumber#", "12,000원", "$5.99", "<시민 케인>", "https://a.kr/x?y=1 ", "네", "했어")
_NOISE = ("ㅋㅋ", "ㅎ", "ㅇㅇ", "ㄱㅅ", "ㄴ", "ㅏ", "ㅡ", "ㅠㅠ", "배경ㅇ로", " ", "  ", ".", "...", "….", "!!", "?", "\u200b", "은", "가")
_MARKUP = ("#Person1#:", "\n#Person2#: ", "&lt;", "<br>", "\\n", "\r\n", "(", "😀\u200d😀", "\u3000", "##", "#Alex#", "Person1#:", "#작은")
_TEXTS = st.lists(st.sampled_from((*_KEPT, *_NOISE, *_MARKUP)), max_size=14).map("".join)
_SPEECHES = st.lists(st.sampled_from((*(f" {kept}" for kept in _KEPT), *_NOISE)), max_size=14).map("".join)


@settings(max_examples=300, deadline=None)
@given(_TEXTS, st.booleans())
def test_twice_is_once(text: str, everything: bool) -> None:
    rules = choose(["all"] if everything else [])
    for context in (None, Context(tagged=True), SPEECH):
        once = clean_text(text, rules=rules, context=context).text
        assert clean_text(once, rules=rules, context=context).text == once


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_turns_are_never_fewer_and_never_emptied(text: str) -> None:
    text = "#Person1#: " + text
    before, after = parse_turns(text), parse_turns(clean_text(text).text)
    assert len(after) >= len(before)
    if len(after) == len(before):
        assert all(new.text or not old.text for old, new in zip(before, after, strict=True))


@settings(max_examples=300, deadline=None)
@given(_SPEECHES)
def test_what_is_protected_comes_out_as_it_went_in(text: str) -> None:
    assert protected(said(text)) == protected(text.replace("\u200b", ""))


# --- time

ADVERSARIAL = {
    "blanks": lambda n: " " * n + "x",
    "hashes": lambda n: "#" * n,
    "tags": lambda n: "#Person1#" * (n // 9),
    "angles": lambda n: "<" * n,
    "entities": lambda n: "&amp;" * (n // 5) + "x",
    "jamo": lambda n: "ㅋㄱ" * (n // 2),
    "abbreviations": lambda n: "ㅇㅇ " * (n // 3) + "학교",
    "roles": lambda n: "#Person1#: 가\n#고객님: 나\n" * (n // 25) + "#Person1#: 가",
    "syllables": lambda n: "가" * n,
    "dots": lambda n: "." * n,
    "escapes": lambda n: "\\n" * (n // 2),
    "brackets": lambda n: "(소리" * (n // 3),
    "digits": lambda n: "1," * (n // 2),
    "addresses": lambda n: "a" * n + "@",
    "labels": lambda n: "#Person1#: 가\n#고객님: 나\n" * (n // 25) + "#Person2#: 가",
    "spaced": lambda n: ("#Person1#" + " " * 20) * (n // 29),
}


@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_time_grows_with_length_alone(kind: str) -> None:
    rules = choose(["all"])

    def spent(size: int) -> float:
        text = ADVERSARIAL[kind](size)
        start = time.perf_counter()
        clean_text(text, rules=rules, context=Context(tagged=True))
        return time.perf_counter() - start

    assert min(spent(20_000) for _ in range(3)) < 2.0  # a quadratic rule took 5 s; benchmarks/data.py measures the ratio
