"""NIKL, AI-Hub, subtitles, call transcripts, JSON lists: found by content, read as dialogues, bad records named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yoyak.data.formats.base import Columns, Rejected
from yoyak.data.formats.registry import recognise
from yoyak.data.read import read, read_rows
from yoyak.data.source import open_source
from yoyak.errors import DataError
from yoyak.records import Dialogue

NIKL = [
    {
        "id": "nikluge-1",
        "input": {
            "conversation": [
                {"speaker": "SD2000001", "utterance": "어~ 주말에 뭐 했어요?"},
                {"speaker": "SD2000002", "utterance": "등산 갔어요."},
            ],
            "subject_keyword": ["주말", "등산"],
        },
        "output": "SD2000001은 주말에 한 일을 물었고 SD2000002는 등산을 갔다고 말했다.",
    },
    {"id": "nikluge-2", "input": {"conversation": [{"speaker": "SD2000001", "utterance": "네."}], "subject_keyword": []}},
]
NIKL_CORPUS = {
    "id": "MDRW1",
    "metadata": {"title": "메신저"},
    "document": [
        {
            "id": "MDRW1.1",
            "metadata": {"topic": "음식"},
            "utterance": [
                {"speaker_id": "1", "form": "점심 먹었어?", "original_form": "점심먹었어?", "time": "20260102 12:05"},
                {"speaker_id": "2", "form": "", "original_form": "", "time": "20260102 12:06"},
                {"speaker_id": "2", "form": "아직", "original_form": "아직", "time": "20260102 12:07"},
            ],
        }
    ],
}
AIHUB = {
    "numberOfItems": 1,
    "data": [
        {
            "header": {
                "dialogueInfo": {"numberOfParticipants": 2, "topic": "식음료", "type": "일상 대화", "dialogueID": "d-1"},
                "participantsInfo": [{"participantID": "P01"}, {"participantID": "P02"}],
            },
            "body": {
                "dialogue": [
                    {"utterance": "#@이름#아 밥 먹자", "utteranceID": "U1", "participantID": "P01", "turnID": "T1"}
                    | {"date": "2026-01-02", "time": "12:05:00"},
                    {"utterance": "그래", "utteranceID": "U2", "participantID": "P02", "turnID": "T2", "date": "", "time": ""},
                ],
                "summary": "둘이 밥을 먹기로 한다.",
            },
        }
    ],
}
SRT = """1
00:00:01,000 --> 00:00:02,500
- 어디 가?
- 학교에

2
00:00:03,000 --> 00:00:04,000
가려고.

3
00:00:05,000 --> 00:00:06,000
<i>지우: 같이 가자.</i>
"""
VTT = """WEBVTT

NOTE 만든 사람

intro
00:01.000 --> 00:02.000
<v 김민수>오늘 회의는

00:02.000 --> 00:03.000
<v 김민수>세 시입니다.

00:04.000 --> 00:05.000
<v.loud 이지우>네 &amp; 알겠습니다.</v>
"""


def _file(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _kind(path: Path) -> str:
    return recognise(open_source(path), Columns()).name


def _said(dialogue: Dialogue) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in dialogue.turns]


def test_nikl_summaries(tmp_path: Path) -> None:
    path = _file(tmp_path, "dev.json", NIKL)
    assert _kind(path) == "nikl"
    first, second = read(path)
    assert (first.id, first.topic, len(first.references)) == ("nikluge-1", "주말, 등산", 1)
    assert _said(first)[1] == ("SD2000002", "등산 갔어요.")
    assert (second.references, second.topic) == ((), None)


def test_nikl_as_json_lines(tmp_path: Path) -> None:
    path = _file(tmp_path, "dev.jsonl", "\n".join(json.dumps(item, ensure_ascii=False) for item in NIKL))
    assert _kind(path) == "nikl"
    assert [dialogue.id for dialogue in read(path)] == ["nikluge-1", "nikluge-2"]


def test_nikl_corpus(tmp_path: Path) -> None:
    path = _file(tmp_path, "corpus.json", NIKL_CORPUS)
    assert _kind(path) == "nikl"
    [dialogue] = read(path)
    assert _said(dialogue) == [("1", "점심 먹었어?"), ("2", "아직")]
    assert dialogue.turns[0].time == "2026-01-02T12:05:00"


def test_nikl_without_utterances_says_where(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.json", '[{"id": "a", "input":\n {"conversation": [{"speaker": "A", "form": "네"}]}}]')
    with pytest.raises(DataError, match="nearly nikl, but at line 2"):
        list(read(path))


def test_aihub(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.json", AIHUB)
    assert _kind(path) == "aihub"
    [dialogue] = read(path)
    assert (dialogue.id, dialogue.topic, dialogue.references) == ("d-1", "식음료", ("둘이 밥을 먹기로 한다.",))
    assert _said(dialogue)[0] == ("P01", "#@이름#아 밥 먹자")
    assert [turn.time for turn in dialogue.turns] == ["2026-01-02T12:05:00", None]


@pytest.mark.parametrize("text", ["#@시스템#사진#", "#@이모티콘#", "#@시스템#", "#@시스템#사진", " #@이모티콘##@이모티콘# "])
def test_aihub_photos_and_emoticons_are_no_turn(tmp_path: Path, text: str) -> None:
    said = [{"utterance": words, "participantID": "P01"} for words in (text, "집 #@이모티콘#", "#@이모티콘#사진")]
    path = _file(tmp_path, "a.json", {"data": [{"header": {"dialogueInfo": {"dialogueID": "d-1"}}, "body": {"dialogue": said}}]})
    [dialogue] = read(path)
    assert [turn.text for turn in dialogue.turns] == ["집 #@이모티콘#", "#@이모티콘#사진"]


@pytest.mark.parametrize("names", [("P1", "P2"), ("A", "B"), ("M1", "F1"), ("Am", "Pam")])
def test_short_names_are_no_clock_times(tmp_path: Path, names: tuple[str, str]) -> None:
    path = _file(tmp_path, "a.txt", f"{names[0]}: 3:30에 봐\n10 PM: 늦어\n{names[1]}: 응\nPM 3:30\n")
    [dialogue] = read(path)
    assert _said(dialogue) == [(names[0], "3:30에 봐\n10 PM: 늦어"), (names[1], "응\nPM 3:30")]


def test_json_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    whole = json.dumps(NIKL, ensure_ascii=False)
    path = _file(tmp_path, "a.json", whole[: whole.index("nikluge-2") + 40])
    rows = list(read_rows(open_source(path)))
    assert [row.id for row in rows if isinstance(row, Dialogue)] == ["nikluge-1"]
    [rejected] = [row for row in rows if isinstance(row, Rejected)]
    assert "nikluge-2" in str(rejected.raw)


def test_srt(tmp_path: Path) -> None:
    path = _file(tmp_path, "film.srt", SRT)
    assert _kind(path) == "subtitles"
    [dialogue] = read(path)
    assert dialogue.id == "film"
    assert _said(dialogue) == [("화자1", "어디 가?"), ("화자2", "학교에 가려고."), ("지우", "같이 가자.")]
    assert dialogue.turns[0].time == "00:00:01.000"


def test_webvtt(tmp_path: Path) -> None:
    path = _file(tmp_path, "meeting.vtt", VTT)
    [dialogue] = read(path)
    assert _said(dialogue) == [("김민수", "오늘 회의는 세 시입니다."), ("이지우", "네 & 알겠습니다.")]


def test_a_cue_without_times_is_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "film.srt", SRT.replace("00:00:03,000 --> 00:00:04,000", "00:00:03 --> 04"))
    rejected = [row for row in read_rows(open_source(path)) if isinstance(row, Rejected)]
    assert [row.problems[0].row for row in rejected] == [7]


@pytest.mark.parametrize("arrow", ["->", "—>", "→", "-", " "])
def test_a_cue_with_another_arrow_is_rejected_and_no_speech(tmp_path: Path, arrow: str) -> None:
    path = _file(tmp_path, "film.srt", SRT.replace("00:00:03,000 --> 00:00:04,000", f"00:00:03,000 {arrow} 00:00:04,000"))
    rejected, dialogue = read_rows(open_source(path))
    assert isinstance(rejected, Rejected)
    assert isinstance(dialogue, Dialogue)
    assert (rejected.problems[0].row, rejected.raw) == (7, f"2\n00:00:03,000 {arrow} 00:00:04,000\n가려고.")
    assert _said(dialogue) == [("화자1", "어디 가?"), ("화자2", "학교에"), ("지우", "같이 가자.")]


def test_a_bad_cue_ends_where_the_next_begins(tmp_path: Path) -> None:
    path = _file(tmp_path, "film.srt", SRT.replace("00:00:03,000 -->", "00:00:03,000 ->").replace("\n\n3", "\n3"))
    rejected, dialogue = read_rows(open_source(path))
    assert isinstance(dialogue, Dialogue)
    assert isinstance(rejected, Rejected)
    assert str(rejected.raw).endswith("가려고.")
    assert _said(dialogue)[-1] == ("지우", "같이 가자.")


CALL_CSV = "call_id,speaker,text,start,end\nc1,상담사,네 고객님,0.5,1.2\nc1,고객,환불이요,1.5,2.0\nc2,상담사,여보세요,0,1\n"


def test_call_csv(tmp_path: Path) -> None:
    path = _file(tmp_path, "calls.csv", CALL_CSV)
    assert _kind(path) == "calls"
    first, second = read(path)
    assert (first.id, second.id) == ("c1", "c2")
    assert _said(first) == [("상담사", "네 고객님"), ("고객", "환불이요")]
    assert first.turns[1].time == "00:00:01.500"


@pytest.mark.parametrize("ids", [("1", "2", "3"), ("x", "x", "y")])
def test_an_id_column_parts_calls_only_when_it_repeats(tmp_path: Path, ids: tuple[str, str, str]) -> None:
    rows = [f"{id_},고객,말{n}" for n, id_ in enumerate(ids)]
    path = _file(tmp_path, "one.csv", "\n".join(["id,role,utterance", *rows]))
    assert [dialogue.id for dialogue in read(path)] == (["one"] if ids[0] == "1" else ["x", "y"])


def test_call_json(tmp_path: Path) -> None:
    turns = [{"role": "상담사", "utterance": "네", "start": 0}, {"role": "고객", "utterance": "환불이요", "start": 61.5}]
    for name, content in {
        "list.json": turns,
        "object.json": {"id": "list", "utterances": turns},
        "lines.jsonl": "\n".join(json.dumps(turn, ensure_ascii=False) for turn in turns),
        "calls.json": [{"call_id": "list", "segments": turns}],
    }.items():
        path = _file(tmp_path, name, content)
        assert _kind(path) == "calls", name
        [dialogue] = read(path)
        assert _said(dialogue) == [("상담사", "네"), ("고객", "환불이요")], name
        assert dialogue.turns[1].time == "00:01:01.500"


def test_a_call_without_an_id_is_called_after_its_file(tmp_path: Path) -> None:
    path = _file(tmp_path, "calls.csv", CALL_CSV + ",고객,누구세요,1,2\n")
    assert [dialogue.id for dialogue in read(path)] == ["c1", "c2", "calls"]


def test_a_turn_without_a_role_is_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "calls.csv", CALL_CSV + "c2,,누구세요,1,2\n")
    rejected = [row for row in read_rows(open_source(path)) if isinstance(row, Rejected)]
    assert [(row.problems[0].row, row.problems[0].rule) for row in rejected] == [(4, "no-speaker")]


def test_json_list(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.json", [{"id": "a", "dialogue": "#Person1#: 안녕?\n#Person2#: 응."}])
    assert _kind(path) == "json"
    [dialogue] = read(path)
    assert dialogue.labels == ("#Person1#", "#Person2#")


def test_quotes_that_would_join_rows_are_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.csv", 'fname,dialogue\na,"#Person1#: 네\nb,"#Person1#: 네\nc,#Person1#: 네\n')
    rows = list(read_rows(open_source(path)))
    assert [row.id for row in rows if isinstance(row, Dialogue)] == ["c"]
    [rejected] = [row for row in rows if isinstance(row, Rejected)]
    assert str(rejected.raw) == 'a,"#Person1#: 네\nb,"#Person1#: 네\n'


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_json_that_is_nested_too_deeply_is_named(tmp_path: Path, name: str) -> None:
    start = '{"dialogue": ' if name == "a.jsonl" else '[{"dialogue": '
    path = _file(tmp_path, name, start + "[" * 200_000 + '\n{"id": "b", "dialogue": "#Person1#: \\ud800 네"}\n')
    rows = list(read_rows(open_source(path)))
    assert any("nested too deeply" in str(row.problems[0]) for row in rows if isinstance(row, Rejected))


def test_a_million_characters_on_a_line(tmp_path: Path) -> None:
    long = "가:" * 250_000
    for text in (f"[지우] [오전 9:05] {long}\n[민수] [오전 9:06] {'[' * 500_000}\n", f"지우: {long}\n민수: 네\n"):
        [dialogue] = read(_file(tmp_path, "a.txt", text))
        assert len(dialogue.turns[0].text) == 500_000


def test_a_quote_that_is_never_closed_is_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.csv", 'fname,dialogue\na,#Person1#: 네\nb,"#Person1#: 네\nc,#Person1#: 네\n')
    rows = list(read_rows(open_source(path)))
    assert [row.id for row in rows if isinstance(row, Dialogue)] == ["a"]
    [rejected] = [row for row in rows if isinstance(row, Rejected)]
    assert (rejected.problems[0].row, rejected.problems[0].rule) == (2, "csv")
    assert str(rejected.raw).startswith("b,")
