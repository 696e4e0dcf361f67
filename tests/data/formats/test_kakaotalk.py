"""KakaoTalk exports of every platform and locale read as the same chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from yoyak.data.formats.base import Columns, Rejected
from yoyak.data.formats.kakaotalk_body import is_notice, speech
from yoyak.data.formats.registry import recognise
from yoyak.data.read import read, read_rows
from yoyak.data.source import open_source
from yoyak.errors import DataError
from yoyak.records import Dialogue

# The same three messages, a notice and a photo, as each platform writes them.
WINDOWS_KO = """독서 모임 님과 카카오톡 대화
저장한 날짜 : 2026-01-03 10:44:52

--------------- 2026년 1월 2일 금요일 ---------------
[김: 대리, [총무]] [오전 9:05] 안녕
둘째 줄

넷째 줄
지우님이 들어왔습니다.
[지우 🐰] [오후 12:05] 점심 : 뭐 먹지?
[지우 🐰] [오후 12:06] 사진
[] [오후 12:06] 공지가 등록되었습니다
--------------- 2026년 1월 3일 토요일 ---------------
[김: 대리, [총무]] [오전 12:05] 자정이네
"""
WINDOWS_24 = (
    WINDOWS_KO.replace("오전 9:05", "09:05").replace("오후 12:0", "12:0").replace("오전 12:05", "00:05").replace("오후 12:06", "12:06")
)
WINDOWS_EN = (
    WINDOWS_KO.replace("오전 9:05", "9:05 AM")
    .replace("오후 12:05", "12:05 PM")
    .replace("오후 12:06", "12:06 PM")
    .replace("오전 12:05", "12:05 AM")
    .replace("2026년 1월 2일 금요일", "Friday, January 2, 2026")
    .replace("2026년 1월 3일 토요일", "Saturday, January 3, 2026")
    .replace("지우님이 들어왔습니다.", "지우 joined this chatroom.")
    .replace("사진", "Photo")
)
ANDROID_KO = """독서 모임 카카오톡 대화
저장한 날짜 : 2026년 1월 3일 오후 1:08

2026년 1월 2일 오전 9:05
2026년 1월 2일 오전 9:05, 김: 대리, [총무] : 안녕
둘째 줄

넷째 줄
2026년 1월 2일 오전 9:06, 지우님이 들어왔습니다.
2026년 1월 2일 오후 12:05, 지우 🐰 : 점심 : 뭐 먹지?
2026년 1월 2일 오후 12:06, 지우 🐰 : 사진
2026년 1월 2일 오후 12:06,  : 공지가 등록되었습니다

2026년 1월 3일 오전 12:05
2026년 1월 3일 오전 12:05, 김: 대리, [총무] : 자정이네
"""
ANDROID_EN = """KakaoTalk Chats with 독서 모임
Date Saved : January 3, 2026, 1:08 PM

January 2, 2026, 9:05 AM
January 2, 2026, 9:05 AM, 김: 대리, [총무] : 안녕
둘째 줄

넷째 줄
January 2, 2026, 9:06 AM, 지우 joined this chatroom.
January 2, 2026, 12:05 PM, 지우 🐰 : 점심 : 뭐 먹지?
January 2, 2026, 12:06 PM, 지우 🐰 : Photo
January 2, 2026, 12:06 PM,  : notice
January 3, 2026, 12:05 AM, 김: 대리, [총무] : 자정이네
"""
IOS_KO = """독서 모임 님과 카카오톡 대화
저장한 날짜 : 2026년 1월 3일 오후 1:08

2026년 1월 2일 금요일
오전 9:05, 김: 대리, [총무] : 안녕
둘째 줄

넷째 줄
오전 9:06, 지우님이 들어왔습니다.
오후 12:05, 지우 🐰 : 점심 : 뭐 먹지?
오후 12:06, 지우 🐰 : 사진
2026년 1월 3일 토요일
오전 12:05, 김: 대리, [총무] : 자정이네
"""
IOS_KO_NEW = "\n".join(
    ("2026. 1. 3. " if "자정" in line else "2026. 1. 2. ") + line if line.startswith(("오전", "오후")) else line
    for line in IOS_KO.splitlines()
)
IOS_EN = """Talk_2026.1.3 10:20-1.txt
Date Saved : Jan 3, 2026 at 10:38

Friday, January 2, 2026
Jan 2, 2026 at 09:05, 김: 대리, [총무] : 안녕
둘째 줄

넷째 줄
Jan 2, 2026 at 09:06: 지우 invited other .
Jan 2, 2026 at 12:05, 지우 🐰 : 점심 : 뭐 먹지?
Jan 2, 2026 at 12:06, 지우 🐰 : Photo
Saturday, January 3, 2026
Jan 3, 2026 at 00:05, 김: 대리, [총무] : 자정이네
"""
CSV = """Date,User,Message
2026-01-02 09:05:00,"김: 대리, [총무]","안녕
둘째 줄

넷째 줄"
2026-01-02 09:06:00,"지우 🐰","지우 🐰님이 들어왔습니다."
2026-01-02 09:06:10,"지우 🐰","지우 🐰 invited other."
2026-01-02 12:05:00,"지우 🐰","점심 : 뭐 먹지?"
2026-01-02 12:06:00,"지우 🐰","사진"
2026-01-02 12:07:00,"지우 🐰","지우 🐰 left this chatroom."
2026-01-03 00:05:00,"김: 대리, [총무]","자정이네"
"""
ALL = {
    "windows-ko": WINDOWS_KO,
    "windows-24": WINDOWS_24,
    "windows-en": WINDOWS_EN,
    "android-ko": ANDROID_KO,
    "android-en": ANDROID_EN,
    "ios-ko": IOS_KO,
    "ios-ko-new": IOS_KO_NEW,
    "ios-en": IOS_EN,
    "csv": CSV,
}
EXPECTED = [
    ("김: 대리, [총무]", "안녕\n둘째 줄\n\n넷째 줄", "2026-01-02T09:05:00"),
    ("지우 🐰", "점심 : 뭐 먹지?", "2026-01-02T12:05:00"),
    ("김: 대리, [총무]", "자정이네", "2026-01-03T00:05:00"),
]


def _written(folder: Path, text: str, *, bom: bool = False, crlf: bool = False) -> Path:
    path = folder / "room.txt"
    if crlf:
        text = text.replace("\n", "\r\n")
    path.write_text(text, encoding="utf-8-sig" if bom else "utf-8", newline="")
    return path


def _turns(dialogue: Dialogue) -> list[tuple[str, str, str | None]]:
    return [(turn.speaker, turn.text, turn.time) for turn in dialogue.turns]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("crlf", [False, True])
def test_every_platform_gives_the_same_turns(tmp_path: Path, kind: str, bom: bool, crlf: bool) -> None:
    path = _written(tmp_path, ALL[kind], bom=bom, crlf=crlf)
    assert recognise(open_source(path), Columns()).name == "kakaotalk"
    [whole] = read(path, session="whole")
    assert whole.id == "room"
    assert _turns(whole) == EXPECTED


@pytest.mark.parametrize("kind", ALL)
def test_days_and_gaps_part_sessions(tmp_path: Path, kind: str) -> None:
    path = _written(tmp_path, ALL[kind])
    assert [dialogue.id for dialogue in read(path, session="day")] == ["room-2026-01-02", "room-2026-01-03"]
    assert [dialogue.id for dialogue in read(path)] == ["room-2026-01-02-0905", "room-2026-01-03-0005"]
    assert [len(dialogue.turns) for dialogue in read(path, session="gap:1h")] == [1, 1, 1]
    assert [dialogue.labels for dialogue in read(path, session="gap:1d")] == [("김: 대리, [총무]", "지우 🐰")]


def test_a_copied_chat_without_head_or_dates(tmp_path: Path) -> None:
    path = _written(tmp_path, "[지우] [오후 11:58] 자?\n[민수] [오전 12:03] 아니\n")
    [dialogue] = read(path)
    assert dialogue.id == "room-2358"
    assert [turn.time for turn in dialogue.turns] == ["T23:58:00", "T00:03:00"]


def test_lines_of_another_platform_stay_text(tmp_path: Path) -> None:
    pasted = "2026년 1월 2일 오전 9:05, 지우 : 이거 봐"
    path = _written(tmp_path, f"[지우] [오전 9:05] 저번에 이랬잖아\n{pasted}\n[민수] [오전 9:06] 응\n")
    [dialogue] = read(path)
    assert dialogue.turns[0].text == f"저번에 이랬잖아\n{pasted}"


def test_a_day_that_does_not_exist_is_rejected_by_line(tmp_path: Path) -> None:
    path = _written(tmp_path, ANDROID_KO.replace("1월 3일 오전 12:05, 김", "2월 30일 오전 12:05, 김"))
    rows = list(read_rows(open_source(path)))
    [rejected] = [row for row in rows if isinstance(row, Rejected)]
    assert (rejected.problems[0].row, rejected.problems[0].rule) == (15, "date")
    assert "자정이네" in str(rejected.raw)


def test_a_head_without_messages_says_where_it_stops(tmp_path: Path) -> None:
    path = _written(tmp_path, "모임 님과 카카오톡 대화\n저장한 날짜 : 2026-01-03 10:44:52\n\n<지우> 오전 9:05 안녕\n")
    with pytest.raises(DataError, match="nearly kakaotalk, but at line 4"):
        list(read(path))


def test_a_chat_of_photos_is_no_dialogue(tmp_path: Path) -> None:
    path = _written(tmp_path, "[지우] [오전 9:05] 사진\n[민수] [오전 9:06] 이모티콘\n")
    with pytest.raises(DataError, match="no message that is speech"):
        list(read(path))


@pytest.mark.parametrize(
    "text",
    [
        "사진",
        "사진 3장",
        "동영상",
        "이모티콘",
        "파일: 보고서 v2.pdf",
        "음성메시지",
        "삭제된 메시지입니다.",
        "Photo",
        "보이스톡 해요",
        "This message was deleted.",
        "샵검색: #날씨",
        "지도: 서울 중구",
        "페이스톡 3:12",
    ],
)
def test_shared_things_are_no_speech(text: str) -> None:
    assert speech(text) == ""


@pytest.mark.parametrize(
    "text", ["사진 찍자", "파일: 내일까지 주세요", "동영상 보내줘", "지도 좀", "Photo 찍었어", "이모티콘 샀다", "사진\n신분증"]
)
def test_speech_about_them_is(text: str) -> None:
    assert speech(text) == text


@pytest.mark.parametrize(
    "line",
    [
        "지우님이 들어왔습니다.",
        "지우님이 나갔습니다.",
        "지우님이 민수님과 하나님을 초대하였습니다.",
        "지우 left this chatroom.",
        "지우 joined this chatroom.",
    ],
)
def test_notices(line: str) -> None:
    assert is_notice(line)


def test_an_invitation_by_someone_unknown_is_a_notice() -> None:
    assert is_notice("Alice invited 민수, Bob.")
    assert not is_notice("The boss invited everyone to lunch.")


@pytest.mark.parametrize("line", ["", "She invited me to dinner.", "그 사람이 나갔습니다.", "x" * 3000])
def test_no_notices(line: str) -> None:
    assert not is_notice(line)


def test_csv_rows_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    path = _written(tmp_path, "Date,User,Message\n2026-01-02 09:05:00,지우,안녕\nnever,지우,안녕\n2026-01-02 09:06:00,지우\n")
    rows = list(read_rows(open_source(path)))
    assert [row.problems[0].row for row in rows if isinstance(row, Rejected)] == [2, 3]


DATED = {
    "android": (
        "모임 카카오톡 대화\n저장한 날짜 : 2026년 1월 3일 오후 1:08\n\n2026년 1월 2일 오전 9:05\n"
        "2026년 1월 2일 오전 9:05, 민수 : 안내\n{}\n2026년 1월 2일 오전 9:08, 지우 : 네\n\n"
        "2026년 1월 3일 오전 9:08\n2026년 1월 3일 오전 9:08, 지우 : 끝\n"
    ),
    "ios": (
        "모임 님과 카카오톡 대화\n저장한 날짜 : 2026년 1월 3일 오후 1:08\n\n2026년 1월 2일 금요일\n"
        "오전 9:05, 민수 : 안내\n{}\n오전 9:08, 지우 : 네\n2026년 1월 3일 토요일\n오전 9:08, 지우 : 끝\n"
    ),
    "windows": (
        "모임 님과 카카오톡 대화\n저장한 날짜 : 2026-01-03 10:44:52\n\n--------------- 2026년 1월 2일 금요일 ---------------\n"
        "[민수] [오전 9:05] 안내\n{}\n[지우] [오전 9:08] 네\n"
        "--------------- 2026년 1월 3일 토요일 ---------------\n[지우] [오전 9:08] 끝\n"
    ),
}


@pytest.mark.parametrize("kind", DATED)
@pytest.mark.parametrize(
    "pasted",
    [
        "2026년 1월 5일",
        "2026년 1월 5일\n오후 7시 강남역 3번 출구\n회비 2만원",
        "2026년 1월 9일 오후 7:00",
        "2026년 1월 9일 오후 7:00\n장소: 서울역",
        "2026년 1월 9일 오후 7:00\n\n2026년 1월 10일 오후 7:00, 홍대",
        "2026년 1월 9일 오후 7:00, 강남역\n회비",
        "2026년 1월 9일 금요일\n회비",
        "2026년 1월 2일 금요일",
        "오후 7:00, 강남역\n회비",
        "----- 2026년 1월 9일 -----\n모임 있어요",
        "--------------- 2026년 1월 9일 금요일 ---------------\n모임 있어요",
    ],
)
def test_a_date_in_a_message_is_part_of_it(tmp_path: Path, kind: str, pasted: str) -> None:
    [whole] = read(_written(tmp_path, DATED[kind].format(pasted)), session="whole")
    assert _turns(whole) == [
        ("민수", f"안내\n{pasted}", "2026-01-02T09:05:00"),
        ("지우", "네", "2026-01-02T09:08:00"),
        ("지우", "끝", "2026-01-03T09:08:00"),
    ]


@pytest.mark.parametrize(
    ("kind", "notice"),
    [
        ("android", "2026년 1월 2일 오전 9:06, 지우님이 나갔습니다."),
        ("android", "2026년 1월 2일 오전 9:06, 투표가 끝났어요"),
        ("ios", "오전 9:06, 지우님이 나갔습니다."),
        ("ios", "오전 9:06, 투표가 끝났어요"),
        ("windows", "지우님이 나갔습니다."),
    ],
)
def test_a_system_line_is_no_speech_and_swallows_none(tmp_path: Path, kind: str, notice: str) -> None:
    [whole] = read(_written(tmp_path, DATED[kind].format(f"{notice}\n아직 내 말")), session="whole")
    assert [turn.text for turn in whole.turns] == ["안내\n아직 내 말", "네", "끝"]
    assert whole.turns[0].time == "2026-01-02T09:05:00"


@pytest.mark.parametrize("kind", DATED)
def test_a_date_at_the_end_of_the_file_is_kept(tmp_path: Path, kind: str) -> None:
    last = {
        "android": "2026년 1월 9일 오후 7:00",
        "ios": "2026년 1월 9일 금요일",
        "windows": "-" * 15 + " 2026년 1월 9일 금요일 " + "-" * 15,
    }
    [whole] = read(_written(tmp_path, DATED[kind].format("") + last[kind] + "\n"), session="whole")
    assert whole.turns[-1].text == f"끝\n{last[kind]}"


def test_a_pasted_day_that_passes_for_a_date_line_does_not_outlast_the_next_one(tmp_path: Path) -> None:
    [whole] = read(_written(tmp_path, DATED["ios"].format("2026년 1월 9일 금요일")), session="whole")
    assert whole.turns[-1].time == "2026-01-03T09:08:00"


def test_a_date_line_before_a_system_line_counts(tmp_path: Path) -> None:
    for kind, notice in {"ios": "오전 9:07, 지우님이 나갔습니다.", "windows": "지우님이 나갔습니다."}.items():
        text = (
            DATED[kind]
            .format("")
            .replace("토요일\n", f"토요일\n{notice}\n")
            .replace("토요일 " + "-" * 15, "토요일 " + "-" * 15 + f"\n{notice}")
        )
        [whole] = read(_written(tmp_path, text), session="whole")
        assert [turn.time for turn in whole.turns][-1] == "2026-01-03T09:08:00"


def test_what_follows_a_day_that_does_not_exist_is_rejected_with_it(tmp_path: Path) -> None:
    path = _written(tmp_path, DATED["android"].format("2026년 2월 30일 오전 9:06, 민수 : 하나\n둘"))
    [rejected] = [row for row in read_rows(open_source(path)) if isinstance(row, Rejected)]
    assert rejected.raw == "2026년 2월 30일 오전 9:06, 민수 : 하나\n둘"
