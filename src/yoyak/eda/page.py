"""The report of `yoyak eda`: one HTML file that opens from disk, its figures as PNG, and stats.json with every number."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from yoyak._extras import installed
from yoyak._files import atomic, sha256
from yoyak.data.rules.catalogue import by_id
from yoyak.eda import plots
from yoyak.eda.advice import Advice
from yoyak.eda.decision import ROWS, USUAL, Choice, Language
from yoyak.eda.facts import KINDS
from yoyak.eda.numbers import Relation, edges, histogram, relation, summary
from yoyak.eda.stats import Analysis, Split, joined
from yoyak.eda.texts import known, text
from yoyak.eda.verdict import Verdict
from yoyak.eda.words import Topics
from yoyak.provenance import version
from yoyak.report.figures import Figure, font_face, percent, svg
from yoyak.report.html import write_html

_GAPS = re.compile(r"(?P<count>\d+) ids are missing between (?P<first>\S+) and (?P<last>\S+): (?P<which>.*)")
_SHOWN_RULES = 14
_SHOWN_TAGS = 14


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """The files of a report; `images` is empty where matplotlib is not installed."""

    page: Path
    stats: Path
    images: list[Path]


def write_report(
    folder: str | Path, analysis: Analysis, verdicts: Sequence[Verdict], advice: Sequence[Advice], *, lang: Language = "ko"
) -> Written:
    """Write index.html, stats.json and, with the extra [eda], the figures as PNG."""
    folder = Path(folder)
    related = _related(analysis)
    figures = plots.figures(analysis, verdicts, related, lang)
    page = folder / "index.html"
    write_html(page, "eda.html", values(analysis, verdicts, advice, figures, related, lang))
    stats = folder / "stats.json"
    with atomic(stats) as file:
        json.dump(as_json(analysis, verdicts, advice, related), file, ensure_ascii=False, indent=1)
        file.write("\n")
    images = []
    if installed("matplotlib"):
        from yoyak.report.png import write_png

        for figure in figures:
            images.append(folder / f"{figure.name}.png")
            write_png(images[-1], figure)
    return Written(page, stats, images)


def _related(analysis: Analysis) -> Relation | None:
    x = np.concatenate([split.summarized() for split in analysis.splits])
    return relation(x, joined(split.summary_characters for split in analysis.splits))


def measures(analysis: Analysis, lang: Language) -> Iterator[tuple[str, str, list[ArrayLike]]]:
    """(key, name, a column for each split) of everything that has a row in the table."""

    def of(key: str, name: str, get: Any) -> tuple[str, str, list[ArrayLike]]:
        return key, name, [get(split) for split in analysis.splits]

    yield of("dialogue_characters", text("dialogue-characters", lang), lambda split: split.characters)
    for number, tokenizer in enumerate(analysis.tokenizers):
        name = text("dialogue-tokens", lang, name=tokenizer.name)
        yield of(f"dialogue_tokens/{tokenizer.name}", name, lambda split, n=number: split.tokens[n].dialogues)
    yield of("turns", text("turns", lang), lambda split: split.turns)
    yield of("speakers", text("speakers", lang), lambda split: split.speakers)
    yield of("summary_characters", text("summary-characters", lang), lambda split: split.summary_characters)
    for number, tokenizer in enumerate(analysis.tokenizers):
        name = text("summary-tokens", lang, name=tokenizer.name)
        yield of(f"summary_tokens/{tokenizer.name}", name, lambda split, n=number: split.tokens[n].summaries)
    yield of("compression", text("ratio", lang), Split.ratios)


def values(
    analysis: Analysis,
    verdicts: Sequence[Verdict],
    advice: Sequence[Advice],
    figures: Sequence[Figure],
    related: Relation | None,
    lang: Language,
) -> dict[str, Any]:
    """What the template eda.html shows."""

    def t(key: str, **filled: object) -> str:
        return text(key, lang, **filled)

    drawn = {
        figure.name: {"caption": figure.caption, "columns": figure.columns, "panels": [svg(panel) for panel in figure.panels]}
        for figure in figures
    }
    summaries = sum(split.summaries for split in analysis.splits)
    ratios = np.concatenate([split.ratios() for split in analysis.splits])
    return {
        "t": t,
        "lang": lang,
        "font": font_face(),
        "percent": percent,
        "version": version(),
        "figures": drawn,
        "counts": t("counts", dialogues=f"{analysis.dialogues:,}", summaries=f"{summaries:,}"),
        "splits": [
            {"name": split.name, "dialogues": f"{split.dialogues:,}", "summaries": f"{split.summaries:,}", "rejected": split.rejected}
            for split in analysis.splits
        ],
        "advice": [{"kind": each.kind, "text": each.text} for each in advice],
        "verdicts": [_verdict(verdict, f"limits-{number + 1}", lang) for number, verdict in enumerate(verdicts)],
        "missing_tokenizers": not installed("tokenizers"),
        "token_figures": [f"tokens-{number + 1}" for number in range(len(analysis.tokenizers))],
        "rows": list(_table(analysis, lang)),
        "relation": related
        and t(
            "relation-note",
            pearson=f"{related.pearson:.2f}",
            spearman=f"{related.spearman:.2f}",
            ratio=percent(float(np.median(ratios))) if len(ratios) else "-",
        ),
        "tags": _tag_rows(analysis),
        "josa": _josa_rows(analysis, lang),
        "personal": _counter_rows(analysis, "personal"),
        "topics": analysis.topics if analysis.topics.dialogues else None,
        "split_words": [
            (split.name, [_mark(mark) for mark in marks]) for split, marks in zip(analysis.splits, analysis.split_words, strict=False)
        ],
        "topic_words": [(topic, [_mark(mark) for mark in marks]) for topic, marks in analysis.topic_words.items()],
        "quotes": analysis.quotes,
        "noise": list(_noise(analysis, lang)),
        "other": [
            (t(rule) if known(rule) else rule, rule, sum(files.values()), analysis.census.pairs.get(rule, []))
            for rule, files in sorted(analysis.census.other.items(), key=lambda item: -sum(item[1].values()))
        ],
        "messages": [
            (Path(file).name, rule, said) for file, rule, message in analysis.census.messages if (said := _said(rule, message, lang))
        ],
        "endings": _endings(analysis, lang),
        "styles": [split.style for split in analysis.splits],
        "tokenizers": list(_tokenizers(analysis)),
    }


def _verdict(verdict: Verdict, figure: str, lang: Language) -> dict[str, Any]:
    found = verdict.lengths
    usual, usual_summaries = verdict.at(encoder=USUAL[0]), verdict.at_decoder(USUAL[1])
    learned = text(f"learned-{verdict.learned}", lang)
    filled: dict[str, object] = {"parameters": f"{verdict.parameters / 1e6:,.0f}", "learned": learned, "rows": ROWS}
    return {
        "name": verdict.tokenizer,
        "pair": text("pair", lang, encoder=found.encoder, decoder=found.decoder),
        "reason": found.reason,
        "usual": text(
            "usual",
            lang,
            encoder=USUAL[0],
            decoder=USUAL[1],
            cut=percent(usual.cut),
            summaries=percent(usual_summaries.cut),
            numbers=percent(usual.facts_lost["number"]),
            names=percent(usual.facts_lost["name"]),
            time=f"{verdict.usual_time:.2f}",
            memory=f"{verdict.usual_memory:.2f}",
            grouped=f"{usual.grouped_time:.3f}",
        ),
        "touched": text("touched", lang, encoder=USUAL[0], touched=percent(verdict.touched)),
        "model": text("model-assumed" if verdict.assumed else "model-known", lang, **filled),
        "figure": figure,
        "tables": [
            (text("encoder-table", lang), [_choice(each, found.encoder, USUAL[0], lang) for each in verdict.encoder]),
            (text("decoder-table", lang), [_choice(each, found.decoder, USUAL[1], lang) for each in verdict.decoder]),
        ],
    }


def _choice(choice: Choice, ours: int, usual: int, lang: Language) -> dict[str, Any]:
    mark = text("recommended", lang) if choice.limit == ours else text("usual-mark", lang) if choice.limit == usual else ""
    cells = [percent(choice.cut), percent(choice.tokens_lost), *(percent(choice.facts_lost[kind]) for kind in KINDS)]
    cells += [f"{choice.padded_time:.2f}", f"{choice.grouped_time:.3f}", f"{choice.memory_bytes / 2**30:.1f} GiB"]
    return {"limit": choice.limit, "cells": cells, "mark": mark, "ours": choice.limit == ours}


def _table(analysis: Analysis, lang: Language) -> Iterator[dict[str, Any]]:
    for key, name, columns in measures(analysis, lang):
        digits = 2 if key == "compression" else 1 if key in ("turns", "speakers") else 0
        for number, (split, column) in enumerate(zip(analysis.splits, columns, strict=True)):
            row = summary(column)
            if row.count:
                figures = [f"{row.mean:,.{max(1, digits)}f}", f"{row.sd:,.{max(1, digits)}f}"]
                whole = 2 if key == "compression" else 0
                figures += [f"{value:,.{whole}f}" for value in (row.q25, row.median, row.q75, row.q95, row.q99, row.max)]
                yield {"measure": name, "first": number == 0, "split": split.name, "cells": [f"{row.count:,}", *figures]}


def _tag_rows(analysis: Analysis) -> list[tuple[str, list[str], list[str]]]:
    names = sorted({tag for split in analysis.splits for tag in (*split.tags, *split.summary_tags)}, key=lambda tag: -_total(analysis, tag))
    return [
        (tag, [f"{split.tags[tag]:,}" for split in analysis.splits], [f"{split.summary_tags[tag]:,}" for split in analysis.splits])
        for tag in names[:_SHOWN_TAGS]
    ]


def _total(analysis: Analysis, tag: str) -> int:
    return sum(split.tags[tag] for split in analysis.splits)


def _josa_rows(analysis: Analysis, lang: Language) -> list[tuple[str, list[str], bool]]:
    found = []
    names = sorted({name for split in analysis.splits for name in split.josa}, key=lambda name: -sum(s.josa[name] for s in analysis.splits))
    for name in names:
        shown = text(f"josa-{name}", lang) if name in ("wrong", "gap", "none") else name
        found.append((shown, [f"{split.josa[name]:,}" for split in analysis.splits], name in ("wrong", "gap")))
    return found


def _counter_rows(analysis: Analysis, name: str) -> list[tuple[str, list[str]]]:
    keys = sorted({key for split in analysis.splits for key in getattr(split, name)})
    return [(key.lstrip("@"), [f"{getattr(split, name)[key]:,}" for split in analysis.splits]) for key in keys]


def _endings(analysis: Analysis, lang: Language) -> list[tuple[str, list[str]]]:
    rows = []
    for key in ("니다", "다", "음", "other"):
        cells = [percent(split.endings[key] / split.endings.total()) if split.endings else "-" for split in analysis.splits]
        rows.append((text("ending-other", lang) if key == "other" else f"~{key}", cells))
    return rows


def _said(rule: str, message: str, lang: Language) -> str:
    """The check's note on a file; in Korean those on style are left to the table of styles, which says the same."""
    if lang == "en":
        return message
    match = _GAPS.match(message)
    return f"{match['first']}부터 {match['last']} 사이에 id {match['count']}개가 빠져 있습니다: {match['which']}" if match else ""


def _mark(mark: Any) -> dict[str, str]:
    return {"word": mark.word, "shares": f"{percent(mark.share)} : {percent(mark.elsewhere)}"}


def _noise(analysis: Analysis, lang: Language) -> Iterator[dict[str, Any]]:
    for noise in analysis.census.noise[:_SHOWN_RULES]:
        rule = by_id(noise.rule)
        found = analysis.examples.get(noise.rule, [])
        before, after = (found[0][1], found[0][2]) if found else rule.examples[0]
        yield {
            "rule": noise.rule,
            "title": noise.title[1 if lang == "ko" else 0],
            "cells": [f"{noise.records.get(str(split.path), 0):,}" for split in analysis.splits],
            "before": before.replace("\n", "⏎"),
            "after": after.replace("\n", "⏎"),
            "own": not found,
        }


def _tokenizers(analysis: Analysis) -> Iterator[dict[str, Any]]:
    for number, tokenizer in enumerate(analysis.tokenizers):
        columns = [split.tokens[number] for split in analysis.splits]
        tokens, characters = sum(each.plain for each in columns), sum(sum(split.characters) for split in analysis.splits)
        special = sum((each.special for each in columns), start=type(columns[0].special)())
        yield {
            "name": tokenizer.name,
            "vocabulary": tokenizer.vocabulary,
            "per_character": tokens / max(characters, 1),
            "unknown": sum(each.unknown for each in columns) / max(tokens, 1),
            "bytes": sum(each.bytes for each in columns) / max(tokens, 1),
            "specials": len(tokenizer.special),
            "specials_met": special.total(),
            "most_met": special.most_common(5),
            "tag_tokens": tokenizer.tag_tokens(),
            "round_trip": tokenizer.round_trip(),
        }


def as_json(analysis: Analysis, verdicts: Sequence[Verdict], advice: Sequence[Advice], related: Relation | None) -> dict[str, Any]:
    """Every number of the report. Shares are in 0..1, lengths in characters or tokens, memory in bytes."""
    every = {key: columns for key, _, columns in measures(analysis, "en")}
    bins = {key: edges(columns, whole=key != "compression") for key, columns in every.items()}
    return {
        "yoyak": version(),
        "files": {str(split.path): sha256(split.path) for split in analysis.splits if split.path.is_file()},
        "advice": [dataclasses.asdict(each) for each in advice],
        "lengths": [dataclasses.asdict(verdict) for verdict in verdicts],
        "splits": [
            {
                "name": split.name,
                "dialogues": split.dialogues,
                "summaries": split.summaries,
                "rejected": split.rejected,
                "measures": {
                    key: dataclasses.asdict(summary(columns[number]))
                    | {"histogram": {"edges": bins[key].tolist(), "counts": histogram(columns[number], bins[key])}}
                    for key, columns in every.items()
                },
                "tags": dict(split.tags),
                "summary_tags": dict(split.summary_tags),
                "josa": dict(split.josa),
                "personal": dict(split.personal),
                "endings": dict(split.endings),
                "style": dataclasses.asdict(split.style) if split.style else None,
            }
            for number, split in enumerate(analysis.splits)
        ],
        "relation": dataclasses.asdict(related) if related else None,
        "topics": _topics_json(analysis),
        "noise": [{"rule": each.rule, "records": each.records} for each in analysis.census.noise],
        "other": analysis.census.other,
        "pairs": analysis.census.pairs,
        "messages": [{"file": file, "rule": rule, "message": message} for file, rule, message in analysis.census.messages],
        "tokenizers": [_without_quotes(each, analysis.quotes) for each in _tokenizers(analysis)],
    }


def _topics_json(analysis: Analysis) -> dict[str, Any]:
    def counted(found: Topics) -> dict[str, Any]:
        kept = dataclasses.asdict(found)
        return kept if analysis.quotes else {key: value for key, value in kept.items() if key != "head"}

    return {
        "all": counted(analysis.topics),
        "splits": [counted(each) for each in analysis.split_topics],
        "split_words": [[dataclasses.asdict(mark) for mark in marks] for marks in analysis.split_words],
        "topic_words": {topic: [dataclasses.asdict(mark) for mark in marks] for topic, marks in analysis.topic_words.items()},
    }


def _without_quotes(tokenizer: dict[str, Any], quotes: bool) -> dict[str, Any]:
    return tokenizer if quotes else {key: value for key, value in tokenizer.items() if key != "most_met"}
