"""A JSON list of objects with the keys of the CSV columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yoyak.data.formats.base import Columns, Match, Row
from yoyak.data.formats.build import rejected
from yoyak.data.formats.json_items import Item, items
from yoyak.data.formats.rows import USUAL, layout, to_row
from yoyak.data.source import Source

_KEY = re.compile(r'"(' + "|".join(USUAL["dialogue"]) + r')"\s*:')


class Json:
    """`[{"id": …, "dialogue": …, "summary": …}, …]`, also below the key `data`."""

    name = "json"

    def match(self, head: str) -> Match:
        text = head.lstrip("\ufeff \t\r\n")
        listed = text.startswith("[") or re.match(r'\{\s*"[^"]{1,40}"\s*:\s*\[\s*\{', text) is not None
        if not listed:
            return Match(0.0)
        if _KEY.search(head):
            return Match(0.85, None, "a JSON list of dialogues")
        return Match(0.2, 1, f"objects with a key {' or '.join(map(repr, USUAL['dialogue']))}")

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        for item in items(source, below=("data", "dialogues", "rows")):
            if not isinstance(item, Item):
                yield item
                continue
            try:
                where = layout(item.value, columns)
            except ValueError as error:
                yield rejected(
                    source.name, item.number, str(error), "name it with --columns, as in --columns dialogue=NAME", "columns", item.value
                )
                continue
            yield to_row(item.value, where, file=source.name, row=item.number)
