"""The change log beside a cleaned file, and the way back to the original, byte for byte.

`OUT.changes.jsonl` holds one JSON object a line. The first says where the file came from and how it was read. Then, for a file that was
cleaned record by record: `{"at", "length", "row", "rules", "original"}`, where `at` and `length` are bytes of the cleaned file and
`original` is the record's text before. For a file that was written in another format: `{"chunk"}`, pieces of the original, compressed.
The last line holds the hash and the size of the cleaned file. The log holds the data themselves: keep it as safe as them.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from yoyak._files import atomic, sha256
from yoyak.data.source import Source
from yoyak.data.write import dumps
from yoyak.errors import DataError
from yoyak.records import Problem

_BLOCK = 1 << 20
_VERSION = 1
_BOMS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE, "utf-8-sig": codecs.BOM_UTF8}


def changes_path(output: str | Path) -> Path:
    """Where the change log of an output stands.

    Example:
        >>> changes_path("out/dev.csv").name
        'dev.csv.changes.jsonl'
    """
    output = Path(output)
    return output.with_name(output.name + ".changes.jsonl")


class ChangeLog:
    """Writes a cleaned file and its log together; both are there only when the block ended well."""

    def __init__(self, source: Source, out: Path, *, rules: Sequence[str]) -> None:
        self._source = source
        self._out = out
        self._rules = list(rules)
        self._encoding = _byte_encoding(source)
        self._stack = ExitStack()
        self._at = 0
        self._whole = False
        self._written = hashlib.sha256()
        self._original = hashlib.sha256()

    def __enter__(self) -> ChangeLog:
        self._file: IO[bytes] = self._stack.enter_context(atomic(self._out, "wb"))
        self._log: IO[str] = self._stack.enter_context(atomic(changes_path(self._out)))
        bom = _BOMS.get(self._encoding, b"")
        self._original.update(bom)
        self._source_hash = sha256(self._source.path)
        self._line(
            {
                "version": _VERSION,
                "source": Path(self._source.name).name,
                "source_sha256": self._source_hash,
                "encoding": self._encoding,
                "rules": self._rules,
            }
        )
        if self._encoding == "utf-8-sig":  # Excel reads UTF-8 only with it
            self._put(codecs.BOM_UTF8)
        self.text = _TextOut(self._put)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> bool | None:
        if kind is None:
            if not self._whole and self._original.hexdigest() != self._source_hash:
                self.whole()  # an encoding that does not come back as it was: keep the bytes themselves
            self._line({"cleaned_sha256": self._written.hexdigest(), "size": self._at, "whole": self._whole})
        return self._stack.__exit__(kind, error, traceback)

    def write(self, original: str, changed: str | None, *, number: int, rules: Sequence[str]) -> None:
        """One record: its text in the source, and its text now (None: the same)."""
        self._original.update(_bytes(original, self._encoding))
        data = original.encode("utf-8", "surrogateescape") if changed is None else changed.encode("utf-8", "surrogateescape")
        if changed is not None:
            entry = {"at": self._at, "length": len(data), "row": number, "rules": list(rules), "original": original}
            self._log.write(dumps(entry) + "\n")
        self._put(data)

    def whole(self) -> None:
        """Keep the source itself in the log."""
        self._whole = True
        with open(self._source.path, "rb") as file:
            while block := file.read(_BLOCK):
                self._line({"chunk": base64.b64encode(zlib.compress(block)).decode("ascii")})

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._written.update(data)
        self._at += len(data)

    def _line(self, value: dict[str, Any]) -> None:
        self._log.write(dumps(value) + "\n")


class _TextOut(io.TextIOBase):
    """A text file over :meth:`ChangeLog._put`."""

    def __init__(self, put: Any) -> None:
        self._put = put

    def write(self, text: str) -> int:
        self._put(text.encode("utf-8", "replace"))
        return len(text)


def _byte_encoding(source: Source) -> str:
    """The encoding with its byte order: `utf-16` alone would be written in this machine's."""
    if source.encoding != "utf-16":
        return source.encoding
    with open(source.path, "rb") as file:
        return "utf-16-le" if file.read(2) == codecs.BOM_UTF16_LE else "utf-16-be"


def _bytes(text: str, encoding: str) -> bytes:
    """The text's bytes without a BOM."""
    return text.encode("utf-8" if encoding == "utf-8-sig" else encoding, "surrogateescape")


def restore(cleaned: str | Path, log: str | Path, out: str | Path) -> Path:
    """Write the original of a cleaned file to `out`, byte for byte; returns its path.

    Raises:
        DataError: The log is not one, or belongs to another file; the cleaned file was changed since; or the result does not have the
            hash of the original. Nothing is written then.

    Example:
        >>> from yoyak.data.clean_file import clean_file
        >>> folder = getfixture("tmp_path")
        >>> _ = (folder / "a.txt").write_text("지우: 안녕ㅋㅋ\\r\\n민수: 응 ", encoding="cp949", newline="")
        >>> _ = clean_file(folder / "a.txt", folder / "b.txt")
        >>> restored = restore(folder / "b.txt", changes_path(folder / "b.txt"), folder / "c.txt")
        >>> restored.read_bytes() == (folder / "a.txt").read_bytes()
        True
    """
    cleaned, log, out = Path(cleaned), Path(log), Path(out)
    head, tail = _ends(log)
    if sha256(cleaned) != tail["cleaned_sha256"]:
        message = "the file is not the one that was written with this log, or was changed since"
        raise _problem(cleaned, message, "restore from the unchanged file")
    digest = hashlib.sha256()
    with atomic(out, "wb") as file:
        pieces = _chunks(log) if tail["whole"] else _originals(cleaned, log, str(head["encoding"]), int(tail["size"]))
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
        if digest.hexdigest() != head["source_sha256"]:
            raise _problem(log, "what comes back is not the original", "use the log that was written with the file, unchanged")
    return out


def _ends(log: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The log's first and last line."""
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for number, entry in enumerate(_entries(log)):
        first = entry if number == 0 else first
        last = entry
    if not {"source_sha256", "encoding"} <= first.keys() or not {"cleaned_sha256", "size", "whole"} <= last.keys():
        raise _problem(log, "this is not a whole change log", "give the OUT.changes.jsonl that `yoyak data clean` wrote")
    return first, last


def _entries(log: Path) -> Iterator[dict[str, Any]]:
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError as error:
                raise _problem(log, "this is not a change log", "give the OUT.changes.jsonl that `yoyak data clean` wrote") from error
            if isinstance(entry, dict):
                yield entry


def _chunks(log: Path) -> Iterator[bytes]:
    for entry in _entries(log):
        if "chunk" in entry:
            yield zlib.decompress(base64.b64decode(entry["chunk"]))


def _originals(cleaned: Path, log: Path, encoding: str, size: int) -> Iterator[bytes]:
    """The source's bytes: what stayed from the cleaned file, what changed from the log."""
    yield _BOMS.get(encoding, b"")
    place = len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0
    with open(cleaned, "rb") as file:
        file.seek(place)
        for entry in _entries(log):
            if "at" in entry:
                yield from _kept(file, entry["at"] - place, encoding)
                file.seek(entry["at"] + entry["length"])
                place = entry["at"] + entry["length"]
                yield _bytes(entry["original"], encoding)
        yield from _kept(file, size - place, encoding)


def _kept(file: IO[bytes], length: int, encoding: str) -> Iterator[bytes]:
    """So many bytes of UTF-8, in the source's encoding."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    while length > 0 and (block := file.read(min(length, _BLOCK))):
        length -= len(block)
        yield _bytes(decoder.decode(block, final=length == 0), encoding)


def _problem(path: Path, message: str, remedy: str) -> DataError:
    return DataError([Problem(str(path), None, message, remedy, "restore")])
