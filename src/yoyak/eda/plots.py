"""The figures of an analysis, described for :mod:`yoyak.report.figures`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from yoyak.eda.decision import USUAL, Choice, Language
from yoyak.eda.numbers import Relation, edges, histogram
from yoyak.eda.stats import Analysis, Split
from yoyak.eda.texts import text
from yoyak.eda.verdict import Verdict
from yoyak.report.figures import Bars, Curves, Density, Figure, Histogram

_QUANTILES = (("95%", 0.95), ("99%", 0.99))
_MOST_BARS = 12

Column = Callable[[Split], ArrayLike]


def figures(analysis: Analysis, verdicts: Sequence[Verdict], relation: Relation | None, lang: Language) -> list[Figure]:
    """All figures, in the order of the page."""
    found = [_limits(verdict, number, lang) for number, verdict in enumerate(verdicts)]
    found.append(characters(analysis, lang))
    found += [tokens(analysis, number, lang) for number in range(len(analysis.tokenizers))]
    found.append(_shape(analysis, lang))
    if relation is not None:
        found.append(_relation(relation, lang))
    frequent = [(topic, float(count)) for topic, count in analysis.topics.head[:_MOST_BARS] if count > 1]
    if frequent and analysis.quotes:
        bars = Bars(text("topics-bars", lang), frequent, colour=2)
        found.append(Figure("topics", bars.title, [bars]))
    if analysis.census.noise:
        items = [
            (f"{noise.rule} {noise.title[1 if lang == 'ko' else 0]}", float(noise.total)) for noise in analysis.census.noise[:_MOST_BARS]
        ]
        found.append(Figure("noise", text("noise-bars", lang), [Bars(text("noise-bars", lang), items, colour=1)]))
    return found


def characters(analysis: Analysis, lang: Language) -> Figure:
    """Dialogues and summaries in characters: a column for each file, on shared axes."""
    unit = text("characters", lang)
    rows = [
        _row(analysis, lambda split: split.characters, text("dialogue-characters", lang), unit, 0, lang),
        _row(analysis, lambda split: split.summary_characters, text("summary-characters", lang), unit, 1, lang),
    ]
    return Figure("characters", text("fig-characters", lang), [panel for row in rows for panel in row], len(analysis.splits))


def tokens(analysis: Analysis, number: int, lang: Language) -> Figure:
    """The same in tokens of one tokenizer."""
    name, unit = analysis.tokenizers[number].name, text("tokens", lang)
    rows = [
        _row(analysis, lambda split: split.tokens[number].dialogues, text("dialogue-tokens", lang, name=name), unit, 0, lang),
        _row(analysis, lambda split: split.tokens[number].summaries, text("summary-tokens", lang, name=name), unit, 1, lang),
    ]
    title = text("fig-tokens", lang, name=name)
    return Figure(f"tokens-{number + 1}", title, [panel for row in rows for panel in row], len(analysis.splits))


def _shape(analysis: Analysis, lang: Language) -> Figure:
    rows = [
        _row(analysis, lambda split: split.turns, text("turns", lang), "", 2, lang),
        _row(analysis, Split.ratios, text("ratio", lang), "", 3, lang, whole=False),
    ]
    return Figure("shape", text("fig-shape", lang), [panel for row in rows for panel in row], len(analysis.splits))


def _row(analysis: Analysis, column: Column, title: str, unit: str, colour: int, lang: Language, *, whole: bool = True) -> list[Histogram]:
    columns = [np.asarray(column(split), dtype=np.float64) for split in analysis.splits]
    bins = edges(columns, whole=whole)
    counts = [histogram(values, bins) for values in columns]
    top = max((max(each) / max(1, sum(each)) for each in counts), default=0) or None
    panels = []
    for split, values, each in zip(analysis.splits, columns, counts, strict=True):
        marks = (
            [(f"{label} {_short(float(np.quantile(values, q)))}", float(np.quantile(values, q))) for label, q in _named(lang)]
            if len(values)
            else []
        )
        name = f"{split.name}: {title}" if len(values) else f"{split.name}: {title} - {text('none', lang)}"
        panels.append(Histogram(name, bins.tolist(), each, marks, unit, top, colour))
    return panels


def _named(lang: Language) -> list[tuple[str, float]]:
    return [(text("quantile", lang), 0.5), *_QUANTILES]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2f}"


def _relation(relation: Relation, lang: Language) -> Figure:
    title = text("relation", lang)
    panel = Density(
        title,
        relation.x_edges,
        relation.y_edges,
        relation.counts,
        relation.medians,
        text("dialogue-characters", lang),
        text("summary-characters", lang),
    )
    return Figure("relation", title, [panel])


def _limits(verdict: Verdict, number: int, lang: Language) -> Figure:
    panels = [
        _curves(text("limits-encoder", lang), verdict.encoder, (verdict.lengths.encoder, USUAL[0]), lang),
        _curves(text("limits-decoder", lang), verdict.decoder, (verdict.lengths.decoder, USUAL[1]), lang),
    ]
    return Figure(f"limits-{number + 1}", f"{verdict.tokenizer}", panels, 2)


def _curves(title: str, choices: Sequence[Choice], marked: tuple[int, int], lang: Language) -> Curves:
    series = [
        (text("cut", lang), [choice.cut for choice in choices]),
        (text("tokens-lost", lang), [choice.tokens_lost for choice in choices]),
    ]
    series += [(text(kind, lang), [choice.facts_lost[kind] for choice in choices]) for kind in ("number", "name")]
    ours, usual = marked
    marks = [(f"{text('recommended', lang)} {ours}", float(ours))]
    if usual != ours:
        marks.append((f"{text('usual-mark', lang)} {usual}", float(usual)))
    return Curves(title, [float(choice.limit) for choice in choices], series, marks, text("tokens", lang))
