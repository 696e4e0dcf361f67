"""Endings: ~한다, ~합니다, ~함, each from each."""

from __future__ import annotations

import pytest

from yoyak.errors import UsageError
from yoyak.text.endings import STYLES, restyle, style_of

# 한다 | 합니다 | 함
TABLE = """
밥을 먹는다 | 밥을 먹습니다 | 밥을 먹음
학교에 간다 | 학교에 갑니다 | 학교에 감
약속을 정한다 | 약속을 정합니다 | 약속을 정함
길을 묻는다 | 길을 묻습니다 | 길을 물음
친구를 돕는다 | 친구를 돕습니다 | 친구를 도움
부산에 산다 | 부산에 삽니다 | 부산에 삶
사실을 안다 | 사실을 압니다 | 사실을 앎
문을 연다 | 문을 엽니다 | 문을 엶
집을 짓는다 | 집을 짓습니다 | 집을 지음
음악을 듣는다 | 음악을 듣습니다 | 음악을 들음
그를 모른다 | 그를 모릅니다 | 그를 모름
노래를 부른다 | 노래를 부릅니다 | 노래를 부름
편지를 쓴다 | 편지를 씁니다 | 편지를 씀
쓰레기를 줍는다 | 쓰레기를 줍습니다 | 쓰레기를 주움
병이 낫는다 | 병이 낫습니다 | 병이 나음
짐을 싣는다 | 짐을 싣습니다 | 짐을 실음
물을 붓는다 | 물을 붓습니다 | 물을 부음
차를 판다 | 차를 팝니다 | 차를 팖
케이크를 만든다 | 케이크를 만듭니다 | 케이크를 만듦
아이가 운다 | 아이가 웁니다 | 아이가 욺
돈을 번다 | 돈을 법니다 | 돈을 벎
도움을 받는다 | 도움을 받습니다 | 도움을 받음
사과를 깎는다 | 사과를 깎습니다 | 사과를 깎음
자리에 앉는다 | 자리에 앉습니다 | 자리에 앉음
약을 끊는다 | 약을 끊습니다 | 약을 끊음
책을 읽었다 | 책을 읽었습니다 | 책을 읽었음
서울에 갔다 | 서울에 갔습니다 | 서울에 갔음
숙제를 했다 | 숙제를 했습니다 | 숙제를 했음
친구를 도왔다 | 친구를 도왔습니다 | 친구를 도왔음
답을 몰랐다 | 답을 몰랐습니다 | 답을 몰랐음
일이 커졌다 | 일이 커졌습니다 | 일이 커졌음
가격이 비싸다 | 가격이 비쌉니다 | 가격이 비쌈
방이 작다 | 방이 작습니다 | 방이 작음
날씨가 덥다 | 날씨가 덥습니다 | 날씨가 더움
색이 파랗다 | 색이 파랗습니다 | 색이 파람
집이 멀다 | 집이 멉니다 | 집이 멂
준비가 필요하다 | 준비가 필요합니다 | 준비가 필요함
일정이 바쁘다 | 일정이 바쁩니다 | 일정이 바쁨
의견이 다르다 | 의견이 다릅니다 | 의견이 다름
상황이 어렵다 | 상황이 어렵습니다 | 상황이 어려움
시간이 없다 | 시간이 없습니다 | 시간이 없음
약속이 있다 | 약속이 있습니다 | 약속이 있음
지훈은 학생이다 | 지훈은 학생입니다 | 지훈은 학생임
그날은 휴일이었다 | 그날은 휴일이었습니다 | 그날은 휴일이었음
만날 곳은 카페였다 | 만날 곳은 카페였습니다 | 만날 곳은 카페였음
책임은 회사가 아니다 | 책임은 회사가 아닙니다 | 책임은 회사가 아님
말한 사람은 #Person1#이다 | 말한 사람은 #Person1#입니다 | 말한 사람은 #Person1#임
산 것은 USB이다 | 산 것은 USB입니다 | 산 것은 USB임
곧 갈 예정이다 | 곧 갈 예정입니다 | 곧 갈 예정임
음식이 좋지 않다 | 음식이 좋지 않습니다 | 음식이 좋지 않음
술을 마시지 않는다 | 술을 마시지 않습니다 | 술을 마시지 않음
끝내 가지 못한다 | 끝내 가지 못합니다 | 끝내 가지 못함
끝내 가지 못했다 | 끝내 가지 못했습니다 | 끝내 가지 못했음
내일 만나기로 한다 | 내일 만나기로 합니다 | 내일 만나기로 함
내일 만나기로 했다 | 내일 만나기로 했습니다 | 내일 만나기로 했음
늦겠다고 말한다 | 늦겠다고 말합니다 | 늦겠다고 말함
의사라고 말한다 | 의사라고 말합니다 | 의사라고 말함
언제 오냐고 묻는다 | 언제 오냐고 묻습니다 | 언제 오냐고 물음
문을 닫아 달라고 부탁한다 | 문을 닫아 달라고 부탁합니다 | 문을 닫아 달라고 부탁함
짐을 들어 준다 | 짐을 들어 줍니다 | 짐을 들어 줌
여행을 가고 싶어 한다 | 여행을 가고 싶어 합니다 | 여행을 가고 싶어 함
여행을 가고 싶다 | 여행을 가고 싶습니다 | 여행을 가고 싶음
병원에 가야 한다 | 병원에 가야 합니다 | 병원에 가야 함
자리를 옮길 수 있다 | 자리를 옮길 수 있습니다 | 자리를 옮길 수 있음
비가 올 것 같다 | 비가 올 것 같습니다 | 비가 올 것 같음
서류를 기다리고 있다 | 서류를 기다리고 있습니다 | 서류를 기다리고 있음
그 말을 믿는다 | 그 말을 믿습니다 | 그 말을 믿음
불편함을 느낀다 | 불편함을 느낍니다 | 불편함을 느낌
비밀을 밝히겠다 | 비밀을 밝히겠습니다 | 비밀을 밝히겠음
"""
ROWS = [tuple(cell.strip() + "." for cell in line.split("|")) for line in TABLE.strip().splitlines()]


def test_the_table_is_long_enough() -> None:
    assert len(ROWS) >= 60


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_style_from_each(row: tuple[str, ...]) -> None:
    wrong = {
        f"{STYLES[source]} -> {STYLES[target]}": got
        for source in range(3)
        for target in range(3)
        if (got := restyle(row[source], to=STYLES[target])) != row[target]
    }
    assert not wrong


@pytest.mark.parametrize("text", ["", "내일 3시.", "왜 그런가?", "제목: 회의", "ㅋㅋㅋ", "#Person1#", "큰 도움.", "\n\n"])
def test_other_endings_stay(text: str) -> None:
    assert [restyle(text, to=style) for style in STYLES] == [text] * 3


def test_every_sentence_and_line_changes_and_layout_stays() -> None:
    assert restyle("지훈은 묻는다.  민지는 모른다\n둘은 헤어졌다.", to="합니다") == "지훈은 묻습니다.  민지는 모릅니다\n둘은 헤어졌습니다."


def test_style_of() -> None:
    assert [style_of(text) for text in ("안 간다. 갑니다.", "안 갑니다", "안 감", "글쎄")] == ["한다", "합니다", "함", None]


def test_an_unknown_style_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="한다, 합니다, 함"):
        restyle("간다.", to="해요")  # type: ignore[arg-type]
