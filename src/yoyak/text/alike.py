"""Words of which one excludes the others: days, seasons, relatives, vehicles. What takes another's place changes what is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Groups of words that stand for each other in a sentence.
GROUPS: Sequence[Sequence[str]] = [
    group.split()
    for group in (
        "오늘 내일 모레 어제",
        "오전 오후",
        "아침 점심 저녁 밤 새벽",
        "월요일 화요일 수요일 목요일 금요일 토요일 일요일",
        "이번 다음 지난",
        "봄 여름 가을 겨울",
        "아버지 어머니 형 누나 언니 오빠 동생 할머니 할아버지 이모 삼촌 고모 조카",
        "엄마 아빠",
        "아들 딸",
        "남편 아내",
        "왼쪽 오른쪽",
        "서울 부산 대구 대전 광주 인천 제주 강릉 전주 여수",
        "버스 지하철 택시 기차 비행기 자전거",
        "현금 카드",
        "친구 동료 선배 후배 이웃",
        "팀장 과장 부장 대리 사장",
        "문자 전화 메일",
        "커피 녹차 우유 주스",
        "평일 주말",
        "월세 전세",
        "출근 퇴근",
        "입금 출금",
        "학교 회사 병원 은행 도서관 식당 카페",
    )
]
#: Word -> its group.
ALIKE_TO: Mapping[str, Sequence[str]] = {word: group for group in GROUPS for word in group}
