"""A file to read: its name for messages, its encoding, its lines.

Files come in UTF-8 with or without a BOM, in UTF-16 with one (Windows "Unicode"), or in cp949 (Excel on Korean Windows). Bytes that
fit none of these are kept as lone surrogates, so that the row that holds them can be rejected by name and written out unharmed.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

_BLOCK = 1 << 20
_HEAD = 1 << 16
_UNDECODABLE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Source:
    """A readable file. `name` is what messages call it, `path` where its bytes are, `encoding` how they are read."""

    name: str
    path: Path
    encoding: str
    errors: str = "strict"

    @property
    def stem(self) -> str:
        """What dialogues without an id of their own are called after."""
        return "stdin" if self.name == "-" else Path(self.name).stem

    @contextmanager
    def open(self) -> Iterator[TextIO]:
        """The text from the start, line ends as they stand."""
        with open(self.path, encoding=self.encoding, errors=self.errors, newline="") as file:
            yield file

    def head(self, characters: int = _HEAD) -> str:
        """The first characters, to recognise the format by."""
        with self.open() as file:
            return file.read(characters)


def open_source(path: str | Path) -> Source:
    """The source at `path`, its encoding found from all of its bytes.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: As `open` raises them.
    """
    path = Path(path)
    encoding, errors = _encoding(path)
    return Source(str(path), path, encoding, errors)


@contextmanager
def standard_input() -> Iterator[Source]:
    """Standard input as a source: copied to a temporary file first, since a format is found by content and read from the start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdin"
        with open(path, "wb") as file:
            while block := sys.stdin.buffer.read(_BLOCK):
                file.write(block)
        encoding, errors = _encoding(path)
        yield Source("-", path, encoding, errors)


def undecodable(text: str) -> bool:
    """Whether the text holds bytes that were in none of the encodings tried."""
    return _UNDECODABLE.search(text) is not None


def _encoding(path: Path) -> tuple[str, str]:
    with open(path, "rb") as file:
        start = file.read(4)
        if start.startswith(codecs.BOM_UTF8):
            candidates = ["utf-8-sig"]
        elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            candidates = ["utf-16"]
        else:
            candidates = ["utf-8", "cp949"]
        for encoding in candidates:
            file.seek(0)
            if _decodes(file, encoding):
                return encoding, "strict"
    return ("utf-8-sig" if candidates == ["utf-8-sig"] else "utf-8"), "surrogateescape"


def _decodes(file: io.BufferedReader, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
