"""The figures of :mod:`yoyak.report.figures` as PNG files, by matplotlib (extra [eda]), with Hangul on a machine that has no Korean font.

Only matplotlib's objects are used, never pyplot: nothing global changes, no window is opened, no setting of the caller's counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from yoyak._extras import require
from yoyak._files import atomic
from yoyak.report.figures import (
    COLOURS,
    Bars,
    Curves,
    Density,
    Figure,
    Histogram,
    Panel,
    font_path,
    label,
    percent,
    root_ticks,
    short,
    ticks,
)

_INK, _SOFT, _LINE = "#1d2433", "#5b6478", "#dfe3ea"
_DPI, _PANEL = 130, 4.6  # the panel's width in inches


def write_png(path: str | Path, figure: Figure) -> None:
    """Draw the figure into a PNG file, whole or not at all.

    Raises:
        MissingDependency: matplotlib is not installed (extra [eda]).
    """
    require("matplotlib", extra="eda")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    rows = math.ceil(len(figure.panels) / figure.columns)
    heights = [max(_height(p) for p in figure.panels[r * figure.columns : (r + 1) * figure.columns]) for r in range(rows)]
    width, height = _PANEL * figure.columns, sum(heights)
    canvas = Canvas(figsize=(width, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(canvas)
    # Margins are known in inches; a layout engine would draw everything once more to find them.
    for number, panel in enumerate(figure.panels):
        row, column = divmod(number, figure.columns)
        left, bottom = (1.35, 0.12) if isinstance(panel, Bars) else (0.55, 0.55)
        low = height - sum(heights[: row + 1])
        box = (column * _PANEL + left, low + bottom, _PANEL - left - 0.2, heights[row] - bottom - 0.32)
        _draw(canvas.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height)), panel)
    with atomic(path, "wb") as file:
        canvas.savefig(file, format="png")


def _height(panel: Panel) -> float:
    return 0.55 + 0.26 * len(panel.items) if isinstance(panel, Bars) else 3.6 if isinstance(panel, Density) else 2.5


@lru_cache(maxsize=4)
def _font(size: float) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(font_path()), size=size)


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font_path())).get_charmap())


def drawable(text: str) -> str:
    """The text with a white square for what the font cannot draw, and with no formula in it (matplotlib reads `$...$` as one).

    Example:
        >>> drawable("뷁 $5") if __import__("importlib.util").util.find_spec("matplotlib") else "□ \\\\$5"
        '□ \\\\$5'
    """
    known = _known()
    return "".join(character if ord(character) in known else "□" for character in text).replace("$", r"\$")


def _draw(axes: Any, panel: Panel) -> None:
    axes.set_title(drawable(panel.title), fontproperties=_font(10.5), color=_INK, loc="left")
    if isinstance(panel, Bars):
        _bars(axes, panel)
        return
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_SOFT)
    axes.tick_params(colors=_SOFT, length=0)
    if isinstance(panel, Histogram):
        _histogram(axes, panel)
    elif isinstance(panel, Curves):
        _curves(axes, panel)
    else:
        _density(axes, panel)


def _ticks(axes: Any, x: Sequence[float], y: Sequence[tuple[float, str]], unit: str) -> None:
    axes.set_xticks(list(x), [label(value) for value in x], fontproperties=_font(8.5))
    axes.set_yticks([value for value, _ in y], [text for _, text in y], fontproperties=_font(8.5))
    axes.set_xlabel(drawable(unit), fontproperties=_font(8.5), color=_SOFT, loc="right")


def _marks(axes: Any, marks: Sequence[tuple[str, float]], right: float) -> None:
    top = axes.get_ylim()[1]
    for row, (text, value) in enumerate(sorted(marks, key=lambda mark: mark[1])):
        at = min(value, right)
        axes.axvline(at, color=_INK, linewidth=0.9, linestyle=(0, (3, 2)))
        axes.annotate(
            drawable(text), (at, top), (-3 if at > 0.72 * right else 3, -9 - 10 * (row % 3)), textcoords="offset points",
            fontproperties=_font(8), color=_INK, ha="right" if at > 0.72 * right else "left",
        )  # fmt: skip


def _histogram(axes: Any, panel: Histogram) -> None:
    shares = panel.shares
    top = panel.top or max(shares, default=0) or 1
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=_LINE, linewidth=0.7)
    widths = [high - low for low, high in zip(panel.edges, panel.edges[1:], strict=False)]
    axes.bar(panel.edges[:-1], shares, width=[0.94 * width for width in widths], align="edge", color=COLOURS[panel.colour])
    axes.set_xlim(panel.edges[0], panel.edges[-1])
    axes.set_ylim(0, top * 1.08)
    _ticks(axes, ticks(panel.edges[0], panel.edges[-1]), [(v, percent(v)) for v in ticks(0, top, most=4)], panel.unit)
    _marks(axes, panel.marks, panel.edges[-1])


def _curves(axes: Any, panel: Curves) -> None:
    top = max((v for _, values in panel.series for v in values), default=0) or 0.01
    axes.grid(axis="y", color=_LINE, linewidth=0.7)
    for number, (name, values) in enumerate(panel.series):
        axes.plot(panel.x, [math.sqrt(v) for v in values], color=COLOURS[number % len(COLOURS)], linewidth=2, label=drawable(name))
    axes.set_xlim(panel.x[0], panel.x[-1])
    axes.set_ylim(0, math.sqrt(top * 1.05))
    _ticks(axes, ticks(panel.x[0], panel.x[-1]), [(math.sqrt(v), percent(v)) for v in root_ticks(top)], panel.unit)
    _marks(axes, panel.marks, panel.x[-1])
    axes.legend(prop=_font(8), frameon=False, loc="upper left", bbox_to_anchor=(-0.02, -0.11), ncols=len(panel.series), columnspacing=1.2)


def _density(axes: Any, panel: Density) -> None:
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap

    counts = np.sqrt(np.array(panel.counts, dtype=float)).T  # (rows of y, columns of x)
    shade = LinearSegmentedColormap.from_list("yoyak", ["#ffffff", COLOURS[0]])
    axes.pcolormesh(panel.x_edges, panel.y_edges, np.ma.masked_equal(counts, 0), cmap=shade, vmin=-0.1 * counts.max(initial=1))
    middles = [(a + b) / 2 for a, b in zip(panel.x_edges, panel.x_edges[1:], strict=False)]
    pairs = [(x, y) for x, y in zip(middles, panel.line, strict=False) if y is not None]
    axes.plot([x for x, _ in pairs], [y for _, y in pairs], color=_INK, linewidth=1.6)
    axes.set_xlim(panel.x_edges[0], panel.x_edges[-1])
    axes.set_ylim(panel.y_edges[0], panel.y_edges[-1])
    y_ticks = [(v, label(v)) for v in ticks(panel.y_edges[0], panel.y_edges[-1], most=5)]
    _ticks(axes, ticks(panel.x_edges[0], panel.x_edges[-1]), y_ticks, panel.x_unit)
    axes.set_ylabel(drawable(panel.y_unit), fontproperties=_font(8.5), color=_SOFT)


def _bars(axes: Any, panel: Bars) -> None:
    names = [drawable(short(name)) for name, _ in panel.items]
    values = [value for _, value in panel.items]
    places = list(range(len(values)))
    axes.barh(places, values, height=0.62, color=COLOURS[panel.colour])
    axes.set_yticks(places, names, fontproperties=_font(9))
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.set_xlim(0, 1.25 * (max(values, default=0) or 1))
    axes.set_xticks([])
    axes.tick_params(length=0, colors=_INK)
    for side in axes.spines.values():
        side.set_visible(False)
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            drawable(panel.shown(value)),
            (value, place),
            (4, 0),
            textcoords="offset points",
            fontproperties=_font(9),
            va="center",
            color=_INK,
        )
