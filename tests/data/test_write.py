from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.data.formats.base import Rejected
from yoyak.data.rejects import rejects_path, write_rejects
from yoyak.data.write import dumps, format_of, read_predictions, write_predictions
from yoyak.errors import DataError, UsageError
from yoyak.records import Doubt, Prediction, Problem

Make = Callable[..., Path]
ROWS = [
    Prediction("a", '쉼표, "따옴표"가 있다.', "m", ((1, 2), (3,)), ("split into 2 parts",)),
    Prediction("b", "#Person1#은 간다."),
    Prediction("c", "", error="the dialogue is empty"),
    Prediction("d", "둘은 만난다. 현우는 안 간다.", evidence=((1,), (2,)), review=(Doubt(2, "negation", 0.25, (2, 3)),)),
]


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl"])
def test_written_then_read(tmp_path: Path, name: str) -> None:
    assert write_predictions(tmp_path / name, ROWS) == 4
    back = read_predictions(tmp_path / name)
    assert [(p.id, p.summary) for p in back] == [(p.id, p.summary) for p in ROWS]
    if name.endswith("jsonl"):
        assert back == ROWS


def test_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert write_predictions(tmp_path / "p.parquet", ROWS) == 4
    rows = parquet.read_table(tmp_path / "p.parquet").to_pylist()
    assert rows[0]["evidence"] == [[1, 2], [3]]
    assert rows[3]["needs_review"] == [{"sentence": 2, "kind": "negation", "true": 0.25, "turns": [2, 3]}]


def test_the_ending_says_the_format() -> None:
    assert format_of("x.TXT", "text") == "text"
    with pytest.raises(UsageError, match="--format says csv"):
        format_of("x.jsonl", "csv")
    with pytest.raises(UsageError, match=r"\.csv, \.jsonl"):
        format_of("x.docx")


def test_like_takes_columns_index_and_order_of_the_sample(make: Make, tmp_path: Path) -> None:
    sample = make("sample.csv", ",fname,summary\r\n0,b,x\r\n1,a,y\r\n")
    write_predictions(tmp_path / "out.csv", ROWS[:2], like=sample)
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["", "fname", "summary"], ["0", "b", ROWS[1].summary], ["1", "a", ROWS[0].summary]]


def test_like_names_missing_extra_and_doubled_ids(make: Make, tmp_path: Path) -> None:
    sample = make("sample.csv", ",fname,summary\n0,b,\n1,z,\n")
    with pytest.raises(DataError) as error:
        write_predictions(tmp_path / "out.csv", [*ROWS[:2], ROWS[1]], like=sample)
    assert sorted((p.id, p.message) for p in error.value.problems) == [
        ("a", "the id is not in the sample"),
        ("b", "the id is in the input twice"),
        ("z", "no dialogue has this id"),
    ]
    assert not (tmp_path / "out.csv").exists()


def test_a_failing_engine_leaves_the_older_output(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("old", encoding="utf-8")

    def failing() -> object:
        yield ROWS[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_predictions(tmp_path / "p.csv", failing())  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["p.csv"]
    assert (tmp_path / "p.csv").read_text(encoding="utf-8") == "old"


def test_predictions_that_cannot_be_read_are_all_named(make: Make) -> None:
    with pytest.raises(DataError) as error:
        read_predictions(make("p.csv", "fname,summary\na,가\na,나\nb,다\n"))
    assert [(p.row, p.rule) for p in error.value.problems] == [(2, "duplicate-id")]
    with pytest.raises(DataError, match="needs an id"):
        read_predictions(make("q.csv", "name,text\na,가\n"))
    with pytest.raises(DataError, match="not a JSON object"):
        read_predictions(make("r.jsonl", "[]\n{\n"))
    with pytest.raises(DataError, match="no prediction"):
        read_predictions(make("s.csv", ""))
    with pytest.raises(UsageError):
        read_predictions("nowhere.csv")


def test_lone_surrogates_survive_in_json_and_harm_no_csv(tmp_path: Path) -> None:
    odd = [Prediction("a", "가\ud800나")]
    write_predictions(tmp_path / "p.jsonl", odd)
    assert read_predictions(tmp_path / "p.jsonl") == odd
    write_predictions(tmp_path / "p.csv", odd)
    assert read_predictions(tmp_path / "p.csv")[0].summary == "가?나"
    assert json.loads(dumps({"a": "\udc80"})) == {"a": "\udc80"}


def test_every_kind_of_line_break_survives_in_csv(tmp_path: Path) -> None:
    odd = [Prediction(str(n), f"가{end}나") for n, end in enumerate(("\r", "\n", "\r\n", ",", '"'))]
    write_predictions(tmp_path / "p.csv", odd)
    assert [p.summary for p in read_predictions(tmp_path / "p.csv")] == [p.summary for p in odd]


def test_rejects_hold_the_whole_row(tmp_path: Path) -> None:
    row = Rejected((Problem("a.csv", 3, "broken", "mend it", "cells", "x"),), {"fname": "x", "": ["more"]})
    path = rejects_path(tmp_path / "out.csv")
    assert write_rejects(path, [row]) == 1
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["row"] == {"fname": "x", "": ["more"]}
    assert record["problems"][0]["rule"] == "cells"
