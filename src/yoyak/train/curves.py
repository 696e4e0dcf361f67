"""The learning curves of a run as one picture, `curves.svg`: loss of each step, its running mean, and the scores on dev.

Drawn without any library: a browser and every page of a repository show SVG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from yoyak._files import atomic
from yoyak.train.report import read_metrics

_WIDTH, _HEIGHT, _LEFT, _GAP = 760, 260, 64, 44
_COLOURS = ("#1b6ca8", "#c8553d", "#3c8d5a", "#8a5a9e", "#8a7a2f")

Points = Sequence[tuple[float, float]]


def draw(output: Path) -> Path | None:
    """Draw the run in that folder from its metrics.jsonl; None while there is nothing to draw."""
    rows = read_metrics(output)
    losses = [(row["step"], row["loss"]) for row in rows if "loss" in row]
    if len(losses) < 2:
        return None
    scores: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        for name, value in row.get("scores", {}).items():
            scores.setdefault(name, []).append((row["step"], 100 * value))
    panels = [_panel("loss", {"each step": losses, "mean": smoothed(losses)}, top=0, end=losses[-1][0], faint="each step")]
    if scores:
        panels.append(_panel("dev, x 100", scores, top=_HEIGHT + _GAP, end=losses[-1][0]))
    height = len(panels) * (_HEIGHT + _GAP)
    with atomic(output / "curves.svg") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12">'
            f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>{"".join(panels)}</svg>\n'
        )
    return output / "curves.svg"


def smoothed(points: Points, *, share: float = 0.05) -> list[tuple[float, float]]:
    """The mean over the last twentieth of the run's steps (`share`) up to each step.

    Example:
        >>> smoothed([(1, 4.0), (2, 2.0), (3, 0.0)], share=0.67)
        [(1, 4.0), (2, 3.0), (3, 1.0)]
    """
    span = max(1, round(share * len(points)))
    found = []
    for place, (step, _) in enumerate(points):
        window = points[max(0, place + 1 - span) : place + 1]
        found.append((step, sum(value for _, value in window) / len(window)))
    return found


def _panel(title: str, lines: Mapping[str, Points], *, top: float, end: float, faint: str = "") -> str:
    values = [value for points in lines.values() for _, value in points]
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    right, bottom = _WIDTH - 150, top + _HEIGHT - 24

    def x(step: float) -> float:
        return _LEFT + (right - _LEFT) * step / end

    def y(value: float) -> float:
        return bottom - (bottom - top - 30) * (value - low) / (high - low)

    parts = [f'<text x="{_LEFT}" y="{top + 18}" font-weight="bold">{escape(title)}</text>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        value, step = low + share * (high - low), share * end
        parts.append(f'<path d="M{_LEFT} {y(value):.1f}H{right}" stroke="#ddd" fill="none"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end" fill="#555">{value:.3g}</text>')
        parts.append(f'<text x="{x(step):.1f}" y="{bottom + 16:.1f}" text-anchor="middle" fill="#555">{step:.0f}</text>')
    parts.append(f'<text x="{right + 36}" y="{bottom + 16:.1f}" fill="#555">step</text>')
    for number, (name, points) in enumerate(lines.items()):
        colour = "#b9cfe0" if name == faint else _COLOURS[(number - (1 if faint else 0)) % len(_COLOURS)]
        path = "M" + "L".join(f"{x(step):.1f} {y(value):.1f}" for step, value in points)
        parts.append(f'<path d="{path}" stroke="{colour}" stroke-width="{1 if name == faint else 2}" fill="none" stroke-linejoin="round"/>')
        if len(points) <= 30:
            parts.extend(f'<circle cx="{x(step):.1f}" cy="{y(value):.1f}" r="2.5" fill="{colour}"/>' for step, value in points)
        row = top + 42 + 18 * number
        parts.append(f'<path d="M{right + 12} {row - 4}h18" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{right + 36}" y="{row}">{escape(name)} {points[-1][1]:.3g}</text>')
    return "".join(parts)
