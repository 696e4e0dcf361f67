"""`yoyak data split`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.data.duplicates import THRESHOLD
from yoyak.data.split import RATIOS, split_file
from yoyak.errors import UsageError


def split(
    file: Annotated[Path, Parameter(name="FILE")],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    ratios: str | None = None,
    folds: int | None = None,
    seed: int = 42,
    near: float = THRESHOLD,
    columns: str | None = None,
    format: str | None = None,
    session: str = "gap:6h",
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> int:
    """Split a file into train, dev and test, or into folds. Near-duplicates and versions of one dialogue (a_aug) stay together.

    Parameters
    ----------
    file
        The file to split.
    out
        Folder to write to.
    ratios
        Parts and their shares: train=8,dev=1,test=1.
    folds
        Write K pairs foldN-train and foldN-dev instead.
    seed
        The same seed gives the same split.
    near
        Similarity (0..1) from which two dialogues are near-duplicates.
    columns
        Names of the columns, when they are not the usual ones: dialogue=본문,id=번호.
    format
        Name of the format, when it is not recognised.
    session
        How a chat is cut: day, gap:6h or whole.
    json_
        Print the sizes as JSON.
    """
    if ratios is not None and folds is not None:
        raise UsageError("--ratios and --folds exclude each other")
    with console.progress(say("splitting"), None) as advance:
        sizes = split_file(
            file,
            out,
            ratios=_shares(ratios),
            folds=folds,
            seed=seed,
            threshold=near,
            columns=parse_columns(columns),
            format=format,
            session=session,
            on_record=advance,
        )
    if json_:
        print(json.dumps(sizes))
    else:
        for name, size in sizes.items():
            print(f"{size:>9,}  {name}")
    return 0


def _shares(text: str | None) -> dict[str, float]:
    """The shares in `train=8,dev=1`; by default 80, 10 and 10 %."""
    if text is None:
        return dict(RATIOS)
    shares: dict[str, float] = {}
    for item in text.split(","):
        name, _, share = item.partition("=")
        if not name.strip().isidentifier():
            raise UsageError(f"--ratios takes part=share, as in train=8,dev=1,test=1, not {item!r}")
        try:
            shares[name.strip()] = float(share)
        except ValueError:
            raise UsageError(f"--ratios takes numbers, not {share!r}") from None
    return shares
