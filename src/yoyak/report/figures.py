"""Figures described once and drawn twice: as inline SVG for a page (no library, colours of the page) and as PNG (:mod:`yoyak.report.png`).

A figure is a grid of panels that share what they say: histograms with quantile marks, curves over a limit, a density, bars. Text stays text
in the SVG, so that it can be read aloud, searched and copied.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from importlib.resources import files
from pathlib import Path

FONT = "NotoSansKR-KSX1001.otf"
#: Colours of series, dark enough on white and light enough on the dark page; told apart by people who see no red or green (Okabe and Ito).
COLOURS = ("#2f6fb5", "#d1730f", "#2a8f6d", "#b0508f", "#8a7a16", "#5b6478")
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 360, 44, 10, 22, 34


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts in bins, drawn as shares so that splits of different size can be compared.

    Args:
        title: Above the panel.
        edges: One more than `counts`, ascending.
        counts: Of each bin; the last one holds what lies beyond.
        marks: (label, value) of the quantiles to mark.
        unit: Below the axis.
        top: Share (0..1) at the upper end of the axis, the same for panels that are compared; None: this panel's highest.
        colour: Number of a colour.
    """

    title: str
    edges: Sequence[float]
    counts: Sequence[int]
    marks: Sequence[tuple[str, float]] = ()
    unit: str = ""
    top: float | None = None
    colour: int = 0

    @property
    def shares(self) -> list[float]:
        """Of all that was counted, 0..1."""
        total = sum(self.counts) or 1
        return [count / total for count in self.counts]


@dataclass(frozen=True, slots=True)
class Curves:
    """Shares over a limit. `series` are (name, values), `marks` (label, x) are vertical lines; values are drawn on a square-root scale.

    Most of what is interesting about a cut lies between 0 and 5 %, and zero has to be seen as zero: a logarithm shows neither.
    """

    title: str
    x: Sequence[float]
    series: Sequence[tuple[str, Sequence[float]]]
    marks: Sequence[tuple[str, float]] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Density:
    """How many points lie in each cell of a grid; `counts` is (columns of x, rows of y). `line` is drawn through the columns."""

    title: str
    x_edges: Sequence[float]
    y_edges: Sequence[float]
    counts: Sequence[Sequence[int]]
    line: Sequence[float | None] = ()
    x_unit: str = ""
    y_unit: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """One bar for each name, with its value written behind it by `shown`."""

    title: str
    items: Sequence[tuple[str, float]]
    shown: Callable[[float], str] = field(default=lambda value: f"{value:,.0f}")
    colour: int = 0


Panel = Histogram | Curves | Density | Bars


@dataclass(frozen=True, slots=True)
class Figure:
    """Panels in rows of `columns`, under a name (the PNG's) and a caption that says what to see."""

    name: str
    caption: str
    panels: Sequence[Panel]
    columns: int = 1


def font_path() -> Path:
    """Where the packaged font lies: Noto Sans KR, cut to KS X 1001 (OFL 1.1)."""
    return Path(str(files("yoyak.report") / "fonts" / FONT))


@lru_cache(maxsize=1)
def font_face() -> str:
    """A CSS rule that gives a page the packaged font where the reader's machine has none for Hangul."""
    data = base64.b64encode(font_path().read_bytes()).decode()
    local = ", ".join(f'local("{name}")' for name in ("Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic"))
    return f'@font-face {{ font-family: "yoyak"; src: {local}, url(data:font/otf;base64,{data}) format("opentype"); }}'


def ticks(low: float, high: float, *, most: int = 6) -> list[float]:
    """Round numbers from low to high.

    Example:
        >>> ticks(0, 1000)
        [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]
    """
    raw = max(high - low, 1e-12) / max(1, most - 1)
    power = 10 ** math.floor(math.log10(raw))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [float(number * step) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def label(value: float) -> str:
    """A tick's number without needless digits.

    Example:
        >>> label(1500.0), label(0.25)
        ('1,500', '0.25')
    """
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.2f}".rstrip("0")


def percent(share: float) -> str:
    """A share as people write it: small ones with a digit.

    Example:
        >>> percent(0.25), percent(0.012), percent(0.0004), percent(0.9996)
        ('25%', '1.2%', '0.04%', '99.9%')
    """
    if 0.995 <= share < 1:  # never "100%" of what is not all
        return f"{math.floor(share * 1000) / 10:.1f}%"
    digits = 0 if share >= 0.0995 or share == 0 else 1 if share >= 0.00095 else 2
    shown = f"{share:.{digits}%}"
    return shown.replace(".0%", "%") if abs(share * 100 - round(share * 100)) < 1e-9 else shown


def svg(panel: Panel) -> str:
    """The panel as an SVG element that fills the width it is given. Colours come from the page's variables."""
    draw = {Histogram: _histogram, Curves: _curves, Density: _density, Bars: _bars}[type(panel)]
    height = 24 * len(panel.items) + _TOP + 4 if isinstance(panel, Bars) else 300 if isinstance(panel, Density) else 190
    body = "".join(draw(panel, height))  # type: ignore[operator]
    title = escape(panel.title)
    above = escape(panel.y_unit) if isinstance(panel, Density) else title
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}" class="figure">'
        f'<text x="{_LEFT if not isinstance(panel, Bars) else 0}" y="13" class="title">{above}</text>{body}</svg>'
    )


class _Axes:
    """The inside of a panel: data to coordinates, and the frame's ticks."""

    def __init__(self, height: int, x: tuple[float, float], y: tuple[float, float], bend: Callable[[float], float] = lambda v: v) -> None:
        self.bottom = height - _BOTTOM
        self._x, self._y, self._bend = x, y, bend

    def x(self, value: float) -> float:
        low, high = self._x
        return round(_LEFT + (value - low) / (high - low or 1) * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        low, high = (self._bend(v) for v in self._y)
        return round(self.bottom - (self._bend(value) - low) / (high - low or 1) * (self.bottom - _TOP), 1)

    def frame(self, x_ticks: Sequence[float], y_ticks: Sequence[tuple[float, str]], unit: str) -> Iterator[str]:
        for value, text in y_ticks:
            at = self.y(value)
            yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at}" y2="{at}" class="grid"/>'
            yield f'<text x="{_LEFT - 5}" y="{at + 3.5}" class="tick end">{escape(text)}</text>'
        for value in x_ticks:
            yield f'<text x="{self.x(value)}" y="{self.bottom + 13}" class="tick middle">{label(value)}</text>'
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{self.bottom}" y2="{self.bottom}" class="axis"/>'
        yield f'<text x="{_WIDTH - _RIGHT}" y="{self.bottom + 27}" class="tick end">{escape(unit)}</text>'

    def marks(self, marks: Sequence[tuple[str, float]]) -> Iterator[str]:
        """Vertical lines; labels go down a step each, on the side that has room."""
        for row, (text, value) in enumerate(sorted(marks, key=lambda mark: mark[1])):
            at = self.x(min(value, self._x[1]))
            left = at > _WIDTH * 0.72
            yield f'<line x1="{at}" x2="{at}" y1="{_TOP}" y2="{self.bottom}" class="mark"/>'
            x, y, kind = at - 3 if left else at + 3, _TOP + 9 + 11 * (row % 3), "note end" if left else "note"
            yield f'<text x="{x:.1f}" y="{y}" class="{kind}">{escape(text)}</text>'


def _histogram(panel: Histogram, height: int) -> Iterator[str]:
    shares = panel.shares
    top = panel.top or max(shares, default=0) or 1
    axes = _Axes(height, (panel.edges[0], panel.edges[-1]), (0, top * 1.08))
    yield from axes.frame(ticks(panel.edges[0], panel.edges[-1]), [(v, percent(v)) for v in ticks(0, top, most=4)], panel.unit)
    for low, high, share in zip(panel.edges, panel.edges[1:], shares, strict=False):
        if share:
            left, right, at = axes.x(low), axes.x(high), axes.y(share)
            width, colour = max(right - left - 0.6, 0.6), COLOURS[panel.colour]
            yield (
                f'<rect x="{left}" y="{at}" width="{width:.1f}" height="{axes.bottom - at:.1f}" fill="{colour}">'
                f"<title>{label(low)}-{label(high)}: {percent(share)}</title></rect>"
            )
    yield from axes.marks(panel.marks)


def _curves(panel: Curves, height: int) -> Iterator[str]:
    top = max((v for _, values in panel.series for v in values), default=0) or 0.01
    axes = _Axes(height, (panel.x[0], panel.x[-1]), (0, top * 1.05), math.sqrt)
    yield from axes.frame(ticks(panel.x[0], panel.x[-1]), [(v, percent(v)) for v in root_ticks(top)], panel.unit)
    for number, (name, values) in enumerate(panel.series):
        points = " ".join(f"{axes.x(x)},{axes.y(y)}" for x, y in zip(panel.x, values, strict=True))
        colour = COLOURS[number % len(COLOURS)]
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        left = _LEFT + number * (_WIDTH - _LEFT - 44) / len(panel.series)
        yield f'<rect x="{left:.1f}" y="{axes.bottom + 19}" width="9" height="9" fill="{colour}"/>'
        yield f'<text x="{left + 12:.1f}" y="{axes.bottom + 27}" class="note">{escape(name)}</text>'
    yield from axes.marks(panel.marks)


def root_ticks(top: float) -> list[float]:
    """Ticks for a square-root scale: 0, and what keeps a distance below the top.

    Example:
        >>> root_ticks(0.6)
        [0.0, 0.01, 0.05, 0.2, 0.5]
    """
    chosen = [0.0]
    for value in (0.0001, 0.0005, 0.002, 0.01, 0.05, 0.2, 0.5, 1.0):
        if value <= top and math.sqrt(value) - math.sqrt(chosen[-1]) > 0.11 * math.sqrt(top):
            chosen.append(value)
    return chosen


def _density(panel: Density, height: int) -> Iterator[str]:
    axes = _Axes(height, (panel.x_edges[0], panel.x_edges[-1]), (panel.y_edges[0], panel.y_edges[-1]))
    highest = max((n for column in panel.counts for n in column), default=0) or 1
    y_ticks = [(v, label(v)) for v in ticks(panel.y_edges[0], panel.y_edges[-1], most=5)]
    yield from axes.frame(ticks(panel.x_edges[0], panel.x_edges[-1]), y_ticks, panel.x_unit)
    for i, column in enumerate(panel.counts):
        for j, count in enumerate(column):
            if count:
                left, right = axes.x(panel.x_edges[i]), axes.x(panel.x_edges[i + 1])
                top, bottom = axes.y(panel.y_edges[j + 1]), axes.y(panel.y_edges[j])
                depth = 0.12 + 0.88 * math.sqrt(count / highest)
                yield (
                    f'<rect x="{left}" y="{top}" width="{right - left:.1f}" height="{bottom - top:.1f}" fill="{COLOURS[0]}" '
                    f'fill-opacity="{depth:.2f}"><title>{count}</title></rect>'
                )
    middles = [(a + b) / 2 for a, b in zip(panel.x_edges, panel.x_edges[1:], strict=False)]
    points = " ".join(
        f"{axes.x(x)},{axes.y(min(y, panel.y_edges[-1]))}" for x, y in zip(middles, panel.line, strict=False) if y is not None
    )
    if points:
        yield f'<polyline points="{points}" fill="none" class="median"/>'


def _bars(panel: Bars, height: int) -> Iterator[str]:
    highest = max((value for _, value in panel.items), default=0) or 1
    start, room = 130, _WIDTH - 130 - 58
    for row, (name, value) in enumerate(panel.items):
        at = _TOP + 24 * row
        yield f'<text x="{start - 8}" y="{at + 14}" class="bar end">{escape(short(name))}</text>'
        width = max(1.0, value / highest * room)
        yield f'<rect x="{start}" y="{at + 3}" width="{width:.1f}" height="15" fill="{COLOURS[panel.colour]}"/>'
        yield f'<text x="{start + width + 5:.1f}" y="{at + 14}" class="bar">{escape(panel.shown(value))}</text>'


def short(text: str, most: int = 12) -> str:
    """The text, cut with an ellipsis where it is too long for a label.

    Example:
        >>> short("아주 긴 주제의 이름입니다요")
        '아주 긴 주제의 이름…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
