"""The page of a search: quality against time, every setting, and the gain where nothing was chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yoyak.metrics.significance import Difference
from yoyak.report.html import write_html
from yoyak.summarize.decoding import DecodeConfig, Decoding
from yoyak.tune.recipe import TuneRecipe
from yoyak.tune.result import Row, Tuned

_WIDTH, _HEIGHT = 720, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 16, 48

_WORDS = {
    "num_beams": "beams {:g}",
    "length_penalty": "length penalty {:g}",
    "repetition_penalty": "repetition penalty {:g}",
    "no_repeat_ngram_size": "no repeated {:g}-gram",
    "max_new_tokens": "at most {:g} tokens",
}


def told(setting: Decoding) -> str:
    """A setting in words: what differs from the plain defaults.

    Example:
        >>> told(Decoding(DecodeConfig(num_beams=4, length_penalty=0.8), mbr=True)), told(Decoding())
        ('beams 4, length penalty 0.8, vote', 'greedy')
    """
    plain = DecodeConfig()
    parts = [
        words.format(getattr(setting.decode, name))
        for name, words in _WORDS.items()
        if getattr(setting.decode, name) != getattr(plain, name)
    ]
    if setting.decode.num_beams == 1:
        parts.insert(0, "greedy")
    return ", ".join([*parts, *(["vote"] if setting.mbr else [])])


def write_page(path: str | Path, tuned: Tuned, recipe: TuneRecipe) -> None:
    """Write one self-contained HTML file."""
    ranked = sorted(tuned.rows, key=lambda row: -row.score.mean)
    values = {
        "title": f"Decoding of {Path(recipe.model).name}",
        "statement": sentence(tuned),
        "verdict": tuned.verdict,
        "signature": tuned.signature,
        "dialogues": tuned.dialogues,
        "dev": ", ".join(tuned.tuned_on),
        "rows": [_row(row, tuned) for row in ranked],
        "figure": _figure(tuned),
        "honesty": _honesty(tuned),
    }
    write_html(path, "tune.html", values)


def sentence(tuned: Tuned) -> str:
    """Whether the choice is better than today's setting, plainly."""
    if tuned.honesty is None:
        return "No setting beat today's on the half that was tuned on: leave it as it is."
    there = tuned.honesty.there
    gain, name = points(there), f"“{told(tuned.chosen.setting)}”"
    if tuned.verdict == "better":
        return f"{name} is better than today's setting by {gain} on the half that had no say in it (p = {there.p:.3f}): a real difference."
    if tuned.verdict == "worse":
        return f"{name} is worse than today's setting, {gain}, on the half that had no say in it (p = {there.p:.3f}): do not use it."
    return f"The gain of {name} on the half that had no say in it is {gain} (p = {there.p:.3f}): it could be chance."


def points(difference: Difference) -> str:
    """A difference in points of F1 x 100, with its interval.

    Example:
        >>> points(Difference(0.012, -0.001, 0.02, 0.1, 0.1, 0.1))
        '+1.20 [-0.10, +2.00]'
    """
    return f"{100 * difference.mean:+.2f} [{100 * difference.low:+.2f}, {100 * difference.high:+.2f}]"


def _row(row: Row, tuned: Tuned) -> dict[str, Any]:
    return {
        "name": told(row.setting),
        "today": row.number == 0,
        "choice": row.number == tuned.choice,
        "front": row.front,
        "score": f"{100 * row.score.mean:.2f} [{100 * row.score.low:.2f}, {100 * row.score.high:.2f}]",
        "gain": points(row.against_default) if row.against_default else "",
        "real": bool(row.against_default and row.against_default.real),
        "seconds": f"{row.seconds:.3g}",
        "decoded": row.decoded,
    }


def _honesty(tuned: Tuned) -> dict[str, Any] | None:
    if tuned.honesty is None:
        return None
    h = tuned.honesty
    rows = (("where it was chosen", h.dialogues_here, h.here), ("where it was not", h.dialogues_there, h.there))
    return {
        "rows": [{"half": half, "n": n, "gain": points(d), "p": f"{d.p:.3f}"} for half, n, d in rows],
        "shrinkage": f"{100 * h.shrinkage:+.2f}",
        "seconds": f"{h.seconds_default:.3g} s a dialogue today, {h.seconds_choice:.3g} s with the choice",
    }


def _figure(tuned: Tuned) -> dict[str, Any]:
    """Places of the points, the front and the axes' marks in the picture, in its own units."""
    times = [row.seconds for row in tuned.rows]
    lows, highs = [row.score.low for row in tuned.rows], [row.score.high for row in tuned.rows]
    most = max(times) * 1.05 or 1.0
    bottom, top = min(lows), max(highs)
    span = (top - bottom) or 0.01

    def x(seconds: float) -> float:
        return round(_LEFT + seconds / most * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(score: float) -> float:
        return round(_HEIGHT - _BOTTOM - (score - bottom) / span * (_HEIGHT - _TOP - _BOTTOM), 1)

    dots = [
        {
            "x": x(row.seconds),
            "y": y(row.score.mean),
            "low": y(row.score.low),
            "high": y(row.score.high),
            "front": row.front,
            "choice": row.number == tuned.choice,
            "today": row.number == 0,
            "title": f"{told(row.setting)}: {100 * row.score.mean:.2f}, {row.seconds:.3g} s",
        }
        for row in tuned.rows
    ]
    line = [(x(row.seconds), y(row.score.mean)) for row in sorted(tuned.rows, key=lambda row: row.seconds) if row.front]
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "left": _LEFT,
        "floor": _HEIGHT - _BOTTOM,
        "right": _WIDTH - _RIGHT,
        "dots": dots,
        "front": " ".join(f"{a},{b}" for a, b in line),
        "x": [(x(most * k / 4), f"{most * k / 4:.2g}") for k in range(5)],
        "y": [(y(bottom + span * k / 4), f"{100 * (bottom + span * k / 4):.1f}") for k in range(5)],
    }
