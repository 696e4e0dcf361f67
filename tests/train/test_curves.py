"""The picture of a run is well-formed, and grows a panel for scores."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from yoyak.train.curves import draw

SVG = "{http://www.w3.org/2000/svg}"


def written(folder: Path, rows: list[dict[str, object]]) -> Path:
    (folder / "metrics.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return folder


def test_losses_alone_and_with_scores(tmp_path: Path) -> None:
    steps: list[dict[str, object]] = [{"step": n, "epoch": 0, "loss": 5 - 0.1 * n} for n in range(1, 21)]
    assert draw(written(tmp_path, steps[:1])) is None
    path = draw(written(tmp_path, steps))
    assert path is not None
    alone = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    draw(written(tmp_path, [*steps, {"step": 10, "epoch": 0, "scores": {"a<b": 0.25}}]))
    both = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert len(both.findall(f"{SVG}text")) > len(alone.findall(f"{SVG}text"))
    assert any(text.text == "a<b 25" for text in both.findall(f"{SVG}text"))


def test_a_flat_line_is_drawn_too(tmp_path: Path) -> None:
    path = draw(written(tmp_path, [{"step": n, "loss": 1.0} for n in (1, 2, 3)]))
    assert path is not None
    assert "nan" not in path.read_text(encoding="utf-8")
