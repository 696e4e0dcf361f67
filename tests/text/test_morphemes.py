import time

from hypothesis import given, settings
from hypothesis import strategies as st

from yoyak.text.morphemes import analyze, analyze_many, forms


def test_tags_stay_whole_and_the_josa_behind_them_is_a_josa() -> None:
    found = [(m.form, m.tag) for m in analyze("#Person1#: #Person2#는 #@이름#이야?")]
    assert ("#Person1#", "NNP") in found
    assert ("#Person2#", "NNP") in found
    assert ("#@이름#", "NNP") in found
    assert ("는", "JX") in found


def test_offsets_point_into_the_text() -> None:
    text = "#Person1#은 책 두 권을 샀다 😀."
    for m in analyze(text):
        if m.tag.startswith("N"):
            assert text[m.start : m.end] == m.form


def test_many_equal_one_by_one_and_order_is_kept() -> None:
    texts = [f"{n}번 손님이 #Person{n}#을 불렀다." for n in range(1, 9)]
    assert list(analyze_many(texts)) == [analyze(text) for text in texts]
    assert forms([texts[2], texts[0], texts[2]])[0] == forms([texts[2]])[0]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_string_is_analysed(text: str) -> None:
    analyze(text)


def test_long_unbroken_runs_take_linear_time() -> None:
    analyze("가")
    started = time.process_time()
    analyze("가" * 20_000)
    analyze("ㅋ" * 20_000)
    assert time.process_time() - started < 3.0  # 3.6 s and more for each of them without the guard, far less with it


def test_a_tag_inside_a_long_run_stays_whole() -> None:
    assert "#Person1#" in forms(["가" * 195 + "#Person1#" + "나" * 300])[0]


def test_lone_surrogates_do_no_harm() -> None:
    assert forms(["\ud800안녕"])[0]
