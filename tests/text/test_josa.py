import pytest

from yoyak.text.josa import choose, final, mend_after_tags, with_josa

# Hand-made: word, then the form it takes from 은/는, 이/가, 을/를, 과/와, 으로/로.
TABLE = [
    ("#Person1#", "은 이 을 과 로"),
    ("#Person2#", "는 가 를 와 로"),
    ("#Person3#", "은 이 을 과 으로"),
    ("#Person4#", "는 가 를 와 로"),
    ("#Person5#", "는 가 를 와 로"),
    ("#Person6#", "은 이 을 과 으로"),
    ("#Person7#", "은 이 을 과 로"),
    ("#Person8#", "은 이 을 과 로"),
    ("#Person10#", "은 이 을 과 으로"),
    ("#PhoneNumber#", "는 가 를 와 로"),
    ("#Email#", "은 이 을 과 로"),
    ("#Address#", "는 가 를 와 로"),
    ("#DateOfBirth#", "은 이 을 과 로"),
    ("#@이름#", "은 이 을 과 으로"),
    ("#@전번#", "은 이 을 과 으로"),
    ("지훈", "은 이 을 과 으로"),
    ("수아", "는 가 를 와 로"),
    ("서울", "은 이 을 과 로"),
    ("3시", "는 가 를 와 로"),
    ("15,000원", "은 이 을 과 으로"),
    ("100", "은 이 을 과 으로"),
    ("24", "는 가 를 와 로"),
    ("Kevin", "은 이 을 과 으로"),
    ("Jimmy", "는 가 를 와 로"),
    ("Michael", "은 이 을 과 로"),
    ("USB", "는 가 를 와 로"),
    ("KTX", "는 가 를 와 로"),
    ("URL", "은 이 을 과 로"),
    ("ATM", "은 이 을 과 으로"),
    ("iPhone", "은 이 을 과 으로"),
    ("10%", "는 가 를 와 로"),
    ("'괜찮아'", "는 가 를 와 로"),
    ("토마토(빨강)", "는 가 를 와 로"),
    ("도윤(총무)", "은 이 을 과 으로"),
]


@pytest.mark.parametrize(("word", "forms"), TABLE)
def test_josa_follows_the_last_sound(word: str, forms: str) -> None:
    pairs = ("은/는", "이/가", "을/를", "과/와", "으로/로")
    assert [choose(word, pair) for pair in pairs] == forms.split()


def test_copula_and_quotation() -> None:
    assert with_josa("#Person2#", "이라고/라고") == "#Person2#라고"
    assert with_josa("의사", "이다/다") == "의사다"


def test_an_empty_word_ends_in_a_vowel() -> None:
    assert final("") == final("...") == ""


@pytest.mark.parametrize("pair", ["은", "/는", "은/"])
def test_a_pair_that_is_none_is_refused(pair: str) -> None:
    with pytest.raises(ValueError, match="closed/open"):
        choose("책", pair)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("#Person2#은 왔다", "#Person2#는 왔다"),
        ("#Person1# 은 왔다", "#Person1#은 왔다"),
        ("#Person1#은(는) #Person2#이(가)", "#Person1#은 #Person2#가"),
        ("#Person1#으로 바꾼다", "#Person1#로 바꾼다"),
        ("#Person3#로 바꾼다", "#Person3#으로 바꾼다"),
        ("#Person1# 이야기", "#Person1# 이야기"),
        ("#Person1#과의", "#Person1#과의"),
        ("#Person2#에게 #Person1#이라는", "#Person2#에게 #Person1#이라는"),
    ],
)
def test_josa_after_tags_is_mended_and_nothing_else(wrong: str, right: str) -> None:
    assert mend_after_tags(wrong) == right
    assert mend_after_tags(right) == right
