"""Parquet with the columns of the CSV; `dialogue` is text or a list of turns. Needs the extra `[parquet]`."""

from __future__ import annotations

from collections.abc import Iterator

from yoyak._extras import require
from yoyak.data.formats.base import Columns, Match, Rejected, Row
from yoyak.data.formats.rows import layout, to_row
from yoyak.data.source import Source
from yoyak.records import Problem

MAGIC = b"PAR1"


class Parquet:
    """Read in batches of 1,000 rows; the only binary format, so it is recognised by its bytes (`is_parquet`)."""

    name = "parquet"

    def match(self, head: str) -> Match:
        return Match(1.0) if head.startswith("PAR1") else Match(0.0)

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        parquet = require("pyarrow.parquet", extra="parquet")
        arrow = require("pyarrow", extra="parquet")
        try:
            file = parquet.ParquetFile(source.path)
        except (arrow.ArrowException, OSError) as error:
            problem = Problem(source.name, None, f"not a readable Parquet file ({type(error).__name__})", "write the file anew", "parquet")
            yield Rejected((problem,), "")
            return
        with file:
            try:
                where = layout(file.schema_arrow.names, columns)
            except ValueError as error:
                problem = Problem(source.name, None, str(error), "name it with --columns, as in --columns dialogue=NAME", "columns")
                yield Rejected((problem,), "")
                return
            number = 0
            for batch in file.iter_batches(batch_size=1000):
                for cells in batch.to_pylist():
                    number += 1
                    yield to_row(cells, where, file=source.name, row=number)
