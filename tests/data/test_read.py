"""Reading: every format ends in the same Dialogue, every bad row in a Problem with file, row and remedy."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.data.formats.base import Columns, Rejected
from yoyak.data.formats.csv_file import any_cell_size
from yoyak.data.read import files_of, read
from yoyak.data.turns import parse_turns
from yoyak.errors import DataError, UsageError
from yoyak.records import Dialogue, Turn

Make = Callable[..., Path]
TURNS = (Turn("#Person1#", "밥 먹었어?"), Turn("#Person2#", "아직, 곧 먹으려고."))
CSV = 'fname,dialogue,summary,topic\ndev_0,"#Person1#: 밥 먹었어?\n#Person2#: 아직, 곧 먹으려고.",요약이다.,식사\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_csv_in_every_encoding_koreans_use(make: Make, encoding: str) -> None:
    [dialogue] = read(make("a.csv", CSV, encoding=encoding))
    assert dialogue == Dialogue("dev_0", TURNS, ("요약이다.",), "식사")
    assert dialogue.origin.endswith("a.csv:1")


def test_line_ends_of_windows(make: Make) -> None:
    [dialogue] = read(make("a.csv", CSV.replace("\n", "\r\n")))
    assert dialogue.turns == TURNS


def test_jsonl_with_text_or_turns_and_several_references(make: Make) -> None:
    rows = [
        {"id": 7, "dialogue": "지훈: 안녕\n수아: 응", "summary1": "가.", "summary2": "나.", "summary10": "다."},
        {"fname": "b", "turns": [{"speaker": "지훈", "text": "안녕", "time": "2026-01-02T09:05:00"}], "topic": ""},
    ]
    first, second = read(make("a.jsonl", "\n".join(json.dumps(row) for row in rows)))
    assert (first.id, first.references) == ("7", ("가.", "나.", "다."))
    assert second == Dialogue("b", (Turn("지훈", "안녕", "2026-01-02T09:05:00"),))


def test_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    text = "#Person1#: 밥 먹었어?\n#Person2#: 아직, 곧 먹으려고."
    parquet.write_table(arrow.table({"fname": ["a"], "dialogue": [text], "summary": ["요약이다."]}), tmp_path / "a.parquet")
    assert list(read(tmp_path / "a.parquet")) == [Dialogue("a", TURNS, ("요약이다.",))]


def test_text_with_tags_with_names_and_several_dialogues(make: Make) -> None:
    path = make("talk.txt", "#Person1#: 안녕?\n#Person2#: 응.\n둘째 줄\n---\n엄마: 3:30에 와라\n아들: 네: 그럴게요\n")
    one, two = read(path)
    assert one.turns == (Turn("#Person1#", "안녕?"), Turn("#Person2#", "응.\n둘째 줄"))
    assert (two.id, two.turns) == ("talk-2", (Turn("엄마", "3:30에 와라"), Turn("아들", "네: 그럴게요")))


def test_columns_by_option(make: Make) -> None:
    path = make("a.csv", "번호,본문,정답1,정답2\n1,지훈: 안녕,가,나\n")
    [dialogue] = read(path, columns=Columns(dialogue="본문", summary="정답2,정답1"))
    assert (dialogue.id, dialogue.references) == ("1", ("나", "가"))
    with pytest.raises(DataError, match="there is no column '대사'"):
        list(read(path, columns=Columns(dialogue="대사")))


def test_every_problem_is_named_with_file_row_and_remedy(make: Make) -> None:
    path = make("bad.csv", "fname,dialogue\na,지훈: 안녕\nb,\nc,그냥 글\nd,수아: 응,셋\ne,민아: 네\n")
    with pytest.raises(DataError) as error:
        list(read(path))
    problems = error.value.problems
    assert [(p.row, p.rule) for p in problems] == [(2, "empty-dialogue"), (3, "no-speaker"), (4, "cells")]
    assert all(p.file.endswith("bad.csv") and p.remedy for p in problems)
    assert "그냥" not in str(error.value)  # never the cell


def test_good_rows_go_on_and_bad_ones_are_whole(make: Make) -> None:
    rejected: list[Rejected] = []
    path = make("bad.jsonl", '{"id": "a", "dialogue": "지훈: 안녕"}\n{"id": \n[1]\n{"id": "b", "dialogue": "수아: 응"}\n')
    assert [d.id for d in read(path, on_rejected=rejected.append)] == ["a", "b"]
    assert [row.raw for row in rejected] == ['{"id": ', "[1]"]


def test_bytes_of_no_encoding_reject_their_row_alone(make: Make) -> None:
    good, bad = "a,지훈: 안녕\n".encode(), b"b,\xec\xa7\x80: \xff\xfe\n"
    rejected: list[Rejected] = []
    path = make("mixed.csv", b"fname,dialogue\n" + good + bad + "c,수아: 응\n".encode())
    assert [d.id for d in read(path, on_rejected=rejected.append)] == ["a", "c"]
    assert [row.problems[0].rule for row in rejected] == ["encoding"]


def test_fields_of_any_size_and_the_limit_is_put_back(make: Make) -> None:
    before = csv.field_size_limit()
    big = "지훈: " + "가" * 2_000_000
    [dialogue] = read(make("big.csv", f"fname,dialogue\na,{big}\n"))
    assert len(dialogue.turns[0].text) == 2_000_000
    assert csv.field_size_limit() == before
    with any_cell_size():
        assert csv.field_size_limit() > before


def test_a_reader_left_half_way_keeps_the_limit(make: Make) -> None:
    before = csv.field_size_limit()
    rows = read(make("a.csv", CSV + CSV.partition("\n")[2]))
    next(rows)
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(("name", "content"), [("a.csv", ""), ("b.txt", " \n"), ("c.txt", "아무 말도 없는 글\n"), ("d.jsonl", "{}")])
def test_files_without_dialogues_are_errors(make: Make, name: str, content: str) -> None:
    with pytest.raises(DataError) as error:
        list(read(make(name, content)))
    assert error.value.problems[0].remedy


def test_folders_are_read_in_order_and_links_do_not_lead_out(make: Make, tmp_path: Path) -> None:
    make("in/b.txt", "가: 나")
    make("in/deep/a.txt", "다: 라")
    make("in/.hidden/c.txt", "다: 라")
    make("in/notes.md", "다: 라")
    make("in/b.csv.rejects.jsonl", "{}")
    outside = make("out/x.txt", "마: 바")
    (tmp_path / "in" / "link.txt").symlink_to(outside)
    assert [file.name for file in files_of(tmp_path / "in")] == ["b.txt", "a.txt"]
    with pytest.raises(UsageError):
        files_of(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no file"):
        files_of(tmp_path / "empty")


def test_tags_mentioned_in_speech_start_no_turn() -> None:
    assert [t.speaker for t in parse_turns("#Person1#: #Person2# 씨, 여기요\n#Person2#: 네")] == ["#Person1#", "#Person2#"]


def test_turns_that_ran_together_are_parted() -> None:
    assert [t.text for t in parse_turns("#Person1#: 왔어요.#Person2#: 네 #Person1#: 가죠")] == ["왔어요.", "네", "가죠"]


def test_times_and_addresses_are_no_speakers() -> None:
    [turn] = parse_turns("엄마: 언제 와?\n3:30 어때\nhttp://a.b/c\n오후 2:10쯤")
    assert turn.text.count("\n") == 3


@given(
    st.lists(st.tuples(st.sampled_from(["지훈", "수아", "상담사 1"]), st.text(alphabet="가나다 .?", max_size=8)), min_size=1, max_size=6)
)
def test_written_then_read_is_the_same(turns: list[tuple[str, str]]) -> None:
    dialogue = Dialogue("a", tuple(Turn(speaker, text.strip()) for speaker, text in turns))
    assert parse_turns(dialogue.text) == dialogue.turns


@given(st.text(max_size=200))
def test_any_text_gives_turns_or_a_clear_error(text: str) -> None:
    try:
        turns = parse_turns(text)
    except ValueError as error:
        turns = ()
        told = str(error)
    assert turns or "speaker" in told


def test_a_row_number_counts_records_not_lines(make: Make) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([("fname", "dialogue"), ("a", "가: 나\n다: 라\n마: 바"), ("b", "")])
    with pytest.raises(DataError) as error:
        list(read(make("a.csv", buffer.getvalue())))
    assert error.value.problems[0].row == 2
