"""What is finished, kept line by line while a long run writes: an interrupted one is gone on with, without a row lost or repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Self

from yoyak.data.write import as_dict, doubts_of, dumps
from yoyak.errors import UsageError
from yoyak.records import Prediction


def journal_path(output: str | Path) -> Path:
    """Where the journal of an output stands.

    Example:
        >>> journal_path("out/dev.csv").name
        'dev.csv.journal.jsonl'
    """
    output = Path(output)
    return output.with_name(output.name + ".journal.jsonl")


class Journal:
    """Predictions in input order, appended as they come; the first line says of which run they are.

    A line counts once it ends in a line break: a torn last one (the machine stopped, the disk was full) is dropped when the run goes on.

    Args:
        output: The file that the run writes in the end.
        run: What the predictions depend on: input files with their hashes, model, settings. Another run's journal is refused.
        resume: Go on with the journal that is there, if there is one.

    Raises:
        UsageError: There is a journal and `resume` is False, or it is of another run; the message says what differs.

    Example:
        >>> output = getfixture("tmp_path") / "s.csv"
        >>> with Journal(output, run={"model": "m"}) as journal:
        ...     journal.add(Prediction("a", "만난다."))
        >>> with Journal(output, run={"model": "m"}, resume=True) as journal:
        ...     journal.count, [prediction.id for prediction in journal.predictions()]
        (1, ['a'])
    """

    def __init__(self, output: str | Path, *, run: Mapping[str, Any], resume: bool = False) -> None:
        self.path = journal_path(output)
        self.count = 0
        head = {"run": json.loads(json.dumps(run, ensure_ascii=False))}
        if self.path.is_file() and (size := _whole(self.path)):
            if not resume:
                raise UsageError(f"{self.path} holds an interrupted run; add --resume to go on with it, or delete that file to start anew")
            self._check(head)
            self.count = sum(1 for _ in self._lines()) if size else 0
            self._file = open(self.path, "r+b")  # noqa: SIM115 - closed by __exit__
            self._file.truncate(size)
            self._file.seek(size)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "w+b")  # noqa: SIM115 - closed by __exit__
        self._append(head)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the journal stays."""
        self._file.close()

    def add(self, prediction: Prediction) -> None:
        """Append one prediction; when this returns, not even SIGKILL takes it away.

        Raises:
            OSError: The disk is full, ...; what was there before stays readable.
        """
        self._append(as_dict(prediction))
        self.count += 1

    def predictions(self) -> Iterator[Prediction]:
        """All that are finished, in order; read from the file as they are asked for."""
        for line in islice(self._lines(), self.count):
            values = json.loads(line)
            yield Prediction(
                values["id"],
                values["summary"],
                values.get("model", ""),
                tuple(tuple(turns) for turns in values.get("evidence", ())),
                tuple(values.get("notes", ())),
                values.get("error"),
                doubts_of(values),
            )

    def remove(self) -> None:
        """Delete the journal: its output is whole."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _append(self, value: Mapping[str, Any]) -> None:
        self._file.write((dumps(value) + "\n").encode())
        self._file.flush()

    def _lines(self) -> Iterator[bytes]:
        with open(self.path, "rb") as file:
            file.readline()
            for line in file:
                if line.endswith(b"\n"):
                    yield line

    def _check(self, head: Mapping[str, Any]) -> None:
        with open(self.path, "rb") as file:
            try:
                found = json.loads(file.readline())["run"]
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(f"{self.path} is no journal of yoyak: delete it to start anew") from error
        differing = sorted(key for key in {*found, *head["run"]} if found.get(key) != head["run"].get(key))
        if differing:
            raise UsageError(
                f"{self.path} is of a run with another {', '.join(differing)}; repeat the command as it was, or delete that file"
            )


def _whole(path: Path) -> int:
    """Bytes up to the last line break."""
    with open(path, "rb") as file:
        end = file.seek(0, 2)
        while end > 0:
            start = max(0, end - 65536)
            file.seek(start)
            place = file.read(end - start).rfind(b"\n")
            if place >= 0:
                return start + place + 1
            end = start
    return 0
