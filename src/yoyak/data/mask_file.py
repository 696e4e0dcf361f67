"""Whole files: masked with a vault beside them, and unmasked, be they the masked dialogues or the summaries made of them."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from yoyak._files import atomic, sha256
from yoyak._parallel import ordered_map
from yoyak.data.export import DialogueWriter, Writable, dialogue_format
from yoyak.data.formats.base import Columns
from yoyak.data.formats.csv_file import any_cell_size
from yoyak.data.mask import Masked, mask_dialogue, put_back, unmask_text
from yoyak.data.read import read
from yoyak.data.source import open_source
from yoyak.data.vault import Vault, refuse_existing, write_vault
from yoyak.data.write import dumps
from yoyak.errors import DataError, UsageError
from yoyak.provenance import read_run
from yoyak.records import Dialogue, Problem

_BATCH = 500  # dialogues handed to a process at a time
_IDS = ("id", "fname", "dialogue_id", "번호")


@dataclass
class MaskReport:
    """What masking a file did; counts alone. `found`: (who found it, kind of tag) -> occurrences."""

    dialogues: int = 0
    changed: int = 0
    found: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class UnmaskReport:
    """What unmasking a file did. `left`: tag that could stand for two values or for none -> ids of the records in which it stayed."""

    records: int = 0
    exact: bool = False
    left: dict[str, list[str]] = field(default_factory=dict)


def mask_file(
    path: str | Path,
    out: str | Path,
    *,
    vault: str | Path | None,
    password: str | None = None,
    names: bool = False,
    speakers: bool = False,
    columns: Columns | None = None,
    format: str | None = None,
    session: str = "gap:6h",
    workers: int = 1,
    on_record: Callable[[], None] = lambda: None,
) -> MaskReport:
    """Write `path`'s dialogues to `out` without their personal data, and the values to `vault`; neither is there unless all went well.

    Args:
        path: Any file that :func:`yoyak.data.read.read` reads.
        out: .csv or .jsonl; without a vault .txt too.
        vault: A new file for the values, or None to mask for good.
        password: Encrypts the vault.
        names: As in :func:`yoyak.data.mask.mask_dialogue`, as is `speakers`.
        columns: As in `read`, as are `format` and `session`.
        workers: Processes.
        on_record: Called after each dialogue.

    Raises:
        UsageError: `out` or `vault` is the input, the vault is there already, or `out` cannot hold ids.
        DataError: Rows are bad or two dialogues have one id. The message names rows, never what they hold.
    """
    out = Path(out)
    kind = dialogue_format(out)
    _distinct(path, out, vault)
    if vault is not None:
        refuse_existing(vault)
        if kind == "text":
            raise UsageError("a text file keeps no ids to find the values by; write to .csv or .jsonl, or add --no-vault")
    report = MaskReport()
    records: dict[str, Mapping[str, str]] = {}
    seen: set[str] = set()
    dialogues = read(path, columns=columns, format=format, session=session)
    mask = partial(_mask_batch, names=names, speakers=speakers)
    written = False
    try:
        with atomic(out) as file:
            hashing = _Hashing(file)
            writer = DialogueWriter(hashing, kind, name=str(out))
            for masked in _flat(ordered_map(mask, _batches(dialogues), workers=workers)):
                id_ = masked.dialogue.id
                if vault is not None and id_ in seen:
                    raise DataError(
                        [Problem(str(path), report.dialogues + 1, "this id was there before", "make ids unique", "duplicate-id", id_)]
                    )
                seen.add(id_)
                writer.write(masked.dialogue)
                report.dialogues += 1
                report.changed += bool(masked.found)
                report.found.update(masked.found)
                if masked.values:
                    records[id_] = masked.values
                on_record()
            if vault is not None:
                write_vault(vault, Vault(out.name, hashing.hexdigest(), records), password=password)
                written = True
    except BaseException:
        if vault is not None and written:  # the masked file did not take its name: its vault is of no use
            Path(vault).unlink(missing_ok=True)
        raise
    return report


def _mask_batch(dialogues: Iterable[Dialogue], *, names: bool, speakers: bool) -> list[Masked]:
    return [mask_dialogue(dialogue, names=names, speakers=speakers) for dialogue in dialogues]


def _batches(dialogues: Iterator[Dialogue]) -> Iterator[list[Dialogue]]:
    while batch := list(islice(dialogues, _BATCH)):
        yield batch


def _flat(batches: Iterable[list[Masked]]) -> Iterator[Masked]:
    for batch in batches:
        yield from batch


class _Hashing:
    """Writes through and keeps the SHA-256 of what was written, as UTF-8."""

    def __init__(self, file: Writable) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, text: str, /) -> int:
        self._digest.update(text.encode("utf-8"))
        return self._file.write(text)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def unmask_file(path: str | Path, out: str | Path, *, vault: Vault, masked: str | Path | None = None) -> UnmaskReport:
    """Write `path` with the values back to `out`.

    The masked file itself comes back as it was; what was made of it (summaries, cleaned dialogues) gets each josa in the form that fits.

    Args:
        path: The masked file, or a CSV or JSONL file made of it, with the same ids.
        out: A file with the same ending.
        vault: Of the masked file.
        masked: The masked file, where neither `path` is it nor the `.run.json` beside `path` says that it was made of it.

    Raises:
        UsageError: The vault belongs to another file, or `out` is `path` or of another kind.
        DataError: A row is not CSV or no JSON object.
    """
    path, out = Path(path), Path(out)
    _distinct(path, out, None)
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}")
    if path.suffix.lower() not in (".csv", ".jsonl") or out.suffix.lower() != path.suffix.lower():
        raise UsageError("values are found by the ids of records: give a .csv or .jsonl file, and an output of the same kind")
    report = UnmaskReport(exact=_belongs(path, vault, masked))
    with atomic(out) as file:
        if path.suffix.lower() == ".csv":
            _unmask_csv(path, file, vault, report)
        else:
            _unmask_jsonl(path, file, vault, report)
    return report


def _belongs(path: Path, vault: Vault, masked: str | Path | None) -> bool:
    """Whether the file is the masked file itself; raises when it is not even made of it."""
    if sha256(path) == vault.sha256:
        return True
    if masked is not None:
        if not Path(masked).is_file():
            raise UsageError(f"there is no file {str(masked)!r}")
        if sha256(masked) == vault.sha256:
            return False
        raise UsageError(f"the vault belongs to another file than {str(masked)!r}: to {vault.file!r} as it was when it was masked")
    run = read_run(path)
    inputs = run.get("inputs") if run else None
    if isinstance(inputs, dict) and vault.sha256 in inputs.values():
        return False
    raise UsageError(
        f"the vault belongs to {vault.file!r}, and nothing says that {str(path)!r} was made of it; "
        f"if it was, name the masked file too: --masked {vault.file}"
    )


def _unmask_csv(path: Path, file: Writable, vault: Vault, report: UnmaskReport) -> None:
    writer = csv.writer(file, lineterminator="\n")
    with open_source(path).open() as source, any_cell_size():
        rows = csv.reader(source)
        header = next(rows, [])
        writer.writerow(header)
        names = [name.strip().lstrip("\ufeff") for name in header]
        id_at = next((names.index(name) for name in _IDS if name in names), None)
        if id_at is None:
            raise DataError([Problem(str(path), 0, "no column holds ids", f"name one of {', '.join(_IDS)}", "columns")])
        for row in rows:
            id_ = row[id_at] if id_at < len(row) else ""
            writer.writerow([cell if index == id_at else _unmask(cell, id_, vault, report) for index, cell in enumerate(row)])
            report.records += 1


def _unmask_jsonl(path: Path, file: Writable, vault: Vault, report: UnmaskReport) -> None:
    with open_source(path).open() as source:
        for number, line in enumerate(source, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if not isinstance(record, dict):
                raise DataError([Problem(str(path), number, "not a JSON object", "write one JSON object a line", "json")])
            key = next((name for name in _IDS if name in record), "")
            id_ = str(record.get(key, ""))
            file.write(dumps({name: value if name == key else _deep(value, id_, vault, report) for name, value in record.items()}) + "\n")
            report.records += 1


def _deep(value: Any, id_: str, vault: Vault, report: UnmaskReport) -> Any:
    """The JSON value with every string in it unmasked."""
    if isinstance(value, str):
        return _unmask(value, id_, vault, report)
    if isinstance(value, list):
        return [_deep(item, id_, vault, report) for item in value]
    if isinstance(value, dict):
        return {key: _deep(item, id_, vault, report) for key, item in value.items()}
    return value


def _unmask(text: str, id_: str, vault: Vault, report: UnmaskReport) -> str:
    values = vault.records.get(id_, {})
    if report.exact:
        return put_back(text, values)
    unmasked = unmask_text(text, values)
    for tag in unmasked.left:
        ids = report.left.setdefault(tag, [])
        if id_ not in ids[-1:]:
            ids.append(id_)
    return unmasked.text


def _distinct(path: str | Path, out: Path, vault: str | Path | None) -> None:
    named = [Path(file).resolve() for file in (path, out, *([] if vault is None else [vault]))]
    if len(set(named)) < len(named):
        raise UsageError("input, output and vault must be different files")
