"""Files cleaned and restored: what no rule changed stays to the byte, and the original comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.data.changes import changes_path, restore
from yoyak.data.clean_file import Change, clean_file
from yoyak.data.read import files_of, read
from yoyak.errors import DataError, UsageError

Make = Callable[..., Path]
CSV = (
    ',fname,dialogue,summary,topic\r\n0,dev_0,"#Person1#: 배경ㅇ로 할까ㅋㅋ?#Person2#: ""ㅇㅇ""",#Person1# 은 묻는다.,배경\r\n'
    '1,dev_1,"#Person1#: 안녕?\r\n#Person2#: 네.","요약, 둘","a ""b"""\r\n'
)
JSONL = (
    '{"id": "a",   "dialogue": "#Person1#: 네ㅎㅎ", "extra": [1.50, "\\ud800"]}'
    "\n\n"
    '{"id":"b","dialogue":[{"speaker":"지우","text":"ㅇㅇ","time":"T09:05:00"}]}'
)
TEXT = "지우: 안녕ㅋㅋ\r\n민수: 네  그래\r\n---\r\n지우: 응\r\n"


def _back(cleaned: Path) -> bytes:
    return restore(cleaned, changes_path(cleaned), cleaned.with_name("back")).read_bytes()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-be"])
@pytest.mark.parametrize(("name", "content"), [("a.csv", CSV), ("a.txt", TEXT), ("a.jsonl", JSONL)])
def test_the_original_comes_back_byte_for_byte(make: Make, tmp_path: Path, name: str, content: str, encoding: str) -> None:
    data = content.encode(encoding)
    if encoding == "utf-16-be":
        data = b"\xfe\xff" + data
    source = make(name, data)
    out = tmp_path / f"clean-{name}"
    report = clean_file(source, out)
    assert report.changed
    assert _back(out) == data
    assert out.suffix != ".jsonl" or json.loads(out.read_text(encoding="utf-8").splitlines()[0])["id"] == "a"
    again = clean_file(out, tmp_path / f"again-{name}")
    assert again.changed == 0
    assert (tmp_path / f"again-{name}").read_bytes() == out.read_bytes()


def test_only_what_a_rule_changed_is_written_anew(make: Make, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    changes: list[Change] = []
    report = clean_file(make("a.csv", CSV), out, on_change=changes.append)
    header, rest = out.read_bytes().decode().split("\r\n", 1)
    assert header == ",fname,dialogue,summary,topic"
    assert rest.endswith('1,dev_1,"#Person1#: 안녕?\r\n#Person2#: 네.","요약, 둘","a ""b"""\r\n')
    assert (report.dialogues, report.changed) == (2, 1)
    assert [change.id for change in changes] == ["dev_0"]
    assert [turn.text for turn in next(read(out)).turns] == ["배경으로 할까?", '"응"']


def test_references_are_cleaned_on_request_alone(make: Make, tmp_path: Path) -> None:
    source = make("a.csv", CSV)
    clean_file(source, tmp_path / "b.csv")
    clean_file(source, tmp_path / "c.csv", references=True)
    assert next(read(tmp_path / "b.csv")).references == ("#Person1# 은 묻는다.",)
    assert next(read(tmp_path / "c.csv")).references == ("#Person1#은 묻는다.",)


def test_several_cores_write_what_one_writes(make: Make, tmp_path: Path) -> None:
    rows = "".join(f'{n},"#Person1#: 진짜ㅋㅋ {n}.#Person2#: ㅇㅇ"\n' for n in range(500))
    source = make("a.csv", "fname,dialogue\n" + rows)
    one = clean_file(source, tmp_path / "one.csv", workers=1)
    two = clean_file(source, tmp_path / "two.csv", workers=2)
    assert one.counts == two.counts
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_chat_becomes_jsonl_and_comes_back(root: Path, tmp_path: Path) -> None:
    source = root / "examples" / "kakaotalk.txt"
    out = tmp_path / "chat.jsonl"
    assert clean_file(source, out).dialogues == 2
    assert [dialogue.id for dialogue in read(out)] == [dialogue.id for dialogue in read(source)]
    assert _back(out) == source.read_bytes()


@pytest.mark.parametrize(("name", "content"), [("a.txt", "지우: 안녕\n민수: 응\n"), ("a.jsonl", '{"id":"a","dialogue":"지우: 안녕"}\n')])
def test_a_cleaned_jsonl_begins_with_json_and_no_bom(make: Make, tmp_path: Path, name: str, content: str) -> None:
    source = make(name, content.encode("utf-8-sig"))
    out = tmp_path / "clean.jsonl"
    report = clean_file(source, out)
    assert report.changed == 0
    assert out.read_bytes().startswith(b"{")
    assert _back(out) == source.read_bytes()


def test_bad_rows_stop_the_work_or_are_set_aside(make: Make, tmp_path: Path) -> None:
    source = make("a.csv", CSV + "2,dev_2,no speaker here,,\r\n")
    out = tmp_path / "out.csv"
    with pytest.raises(DataError, match="dev_2"):
        clean_file(source, out)
    assert not out.exists()
    report = clean_file(source, out, keep_going=True)
    assert len(report.rejected) == 1
    assert len(list(read(out))) == 2
    assert _back(out) == source.read_bytes()
    [kept] = (tmp_path / "out.csv.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(kept)["row"]["fname"] == "dev_2"
    assert files_of(tmp_path) == [source, out]


def test_a_row_that_cleaning_makes_readable_is_kept(make: Make, tmp_path: Path) -> None:
    source = make("a.csv", 'fname,dialogue\na,"Person1#: 네\nPerson2#: 응"\n')
    clean_file(source, tmp_path / "b.csv")
    assert next(read(tmp_path / "b.csv")).labels == ("#Person1#", "#Person2#")


def test_bytes_that_are_no_text_survive(make: Make, tmp_path: Path) -> None:
    source = make("a.csv", b"fname,dialogue,note\na,#Person1#: \xeb\x84\xa4\xe3\x85\x8b\xe3\x85\x8b,\xff\xfe\nb,#Person1#: \xff,x\n")
    out = tmp_path / "b.csv"
    assert len(clean_file(source, out, keep_going=True).rejected) == 1
    assert out.read_bytes() == b"fname,dialogue,note\na,#Person1#: \xeb\x84\xa4,\xff\xfe\n"
    assert _back(out) == source.read_bytes()


def test_a_line_of_dashes_is_not_made_out_of_speech(make: Make, tmp_path: Path) -> None:
    source = make("a.txt", "지우: 음\n―――\n민수: 뭐야\n")
    clean_file(source, tmp_path / "b.txt")
    assert len(list(read(tmp_path / "b.txt"))) == 1


def test_restore_refuses_what_was_changed(make: Make, tmp_path: Path) -> None:
    out = tmp_path / "b.txt"
    clean_file(make("a.txt", TEXT), out)
    log = changes_path(out)
    out.write_text(out.read_text(encoding="utf-8") + "지우: 더\n", encoding="utf-8")
    with pytest.raises(DataError, match="changed since"):
        restore(out, log, tmp_path / "c.txt")
    with pytest.raises(DataError, match="change log"):
        restore(out, make("x.jsonl", '{"a": 1}\n'), tmp_path / "c.txt")
    assert not (tmp_path / "c.txt").exists()


def test_the_input_is_never_the_output(make: Make) -> None:
    source = make("a.txt", TEXT)
    with pytest.raises(UsageError, match="another name"):
        clean_file(source, source)
    with pytest.raises(UsageError, match="ends in"):
        clean_file(source, source.with_name("b.xlsx"))


def test_hostile_cells(make: Make, tmp_path: Path) -> None:
    million = "가ㅋ" * 500_000
    source = make("a.csv", f'fname,dialogue\na,"#Person1#: {million}"\nb,"#Person1#: {"하" * 20_000}\x00"\n')
    out = tmp_path / "b.csv"
    assert clean_file(source, out).dialogues == 2
    assert _back(out) == source.read_bytes()
