"""Random dialogues full of personal data, of tags, and of what could be mistaken for either."""

from __future__ import annotations

import random
from collections.abc import Iterator

from yoyak.records import Dialogue, Turn

_NAMES = ("김민수", "이지우", "민수", "Kevin", "박 팀장", "010-2222-3333", "엄마", "A")
_WORDS = (
    *(
        "네,",
        "ㅋㅋ",
        "…",
        "번호는",
        "제 계좌는 국민은행",
        "카드번호",
        "생년월일은",
        "주소는",
        "차는",
        "여권번호",
        "로 보내 주세요.",
        "이에요.",
        "은",
        "를",
        "#",
    ),
    *("#Person1#", "#Person2#는", "민수야", "지우가"),
    *("#PhoneNumber#", "#PhoneNumber1#", "#Email", "#PhoneNumber", "#PhoneNumber1", "1#", "##", "#@이름#", "#@이름"),
    *("저는 김하늘이라고 합니다.", "\u200b", "주문번호 20260101-1234567", "1588-1234", "😀", "3시 30분", "１２만 원", "\\n"),
)


def _value(draw: random.Random) -> str:
    def digits(count: int) -> str:
        return "".join(draw.choice("0123456789") for _ in range(count))

    return draw.choice(
        (
            f"010-{digits(4)}-{digits(4)}",
            f"010{digits(8)}",
            "공일공 일이삼사 오육칠팔",
            f"０１０-{digits(4)}-{digits(4)}",
            f"02-{digits(3)}-{digits(4)}",
            f"user{digits(2)}@example.com",
            "minsu 골뱅이 네이버 닷컴",
            f"90010{digits(1)}-1{digits(6)}".replace("0-", "1-", 1),
            f"{digits(3)}-{digits(4)}-{digits(6)}",
            f"12가 {digits(4)}",
            f"M{digits(8)}",
            f"서울시 강남구 테헤란로 {digits(2)}",
            f"19{digits(2)}년 3월 5일",
            " ".join("010" + digits(8)),
        )
    )


def private_dialogues(count: int, seed: int) -> Iterator[Dialogue]:
    """`count` dialogues of the seed."""
    draw = random.Random(seed)

    def text() -> str:
        parts = [_value(draw) if draw.random() < 0.4 else draw.choice(_WORDS) for _ in range(draw.randint(1, 7))]
        return draw.choice((" ", " ", "")).join(parts)

    for number in range(count):
        speakers = draw.choice((("#Person1#", "#Person2#"), tuple(draw.sample(_NAMES, 3))))
        turns = [Turn(draw.choice(speakers), text()) for _ in range(draw.randint(1, 6))]
        if draw.random() < 0.5:  # a value that comes again elsewhere
            turns.append(Turn(draw.choice(speakers), turns[0].text))
        references = (text(),) if draw.random() < 0.5 else ()
        names = {"#Person1#": "김민수"} if draw.random() < 0.2 else {}
        yield Dialogue(f"d{number}", tuple(turns), references, topic=draw.choice((None, text())), speakers=names)
