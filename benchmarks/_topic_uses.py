"""Does telling a summarizer about the topic help? Adapters trained with and without a line, and beams ranked anew.

Every way is compared with the same model without a hint, dialogue by dialogue: ROUGE (the mean of three seeds for each dialogue, then a
paired bootstrap over dialogues), and how many summaries the checks find something suspicious in. The topic is gold (the corpus's domain;
for dev_k2, whose phrases are free, the domain that a reader of phrase and first turn put it into: labels/topics_dev_k2.jsonl) or predicted.

Outputs are kept in the work folder by adapter and by what the model was given, so that a gold topic that is predicted too costs once.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from typing import Any, Literal

from _record import ROOT, data_folder
from _shares import share
from yoyak.checkpoints import bases, load
from yoyak.checkpoints.convert import convert
from yoyak.checkpoints.manifest import update_manifest
from yoyak.checkpoints.merge import merge
from yoyak.data.formats.base import Columns
from yoyak.data.read import read
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.faithfulness import check
from yoyak.metrics.rouge import NAMES
from yoyak.metrics.significance import paired
from yoyak.models.inputs import prompt
from yoyak.records import Dialogue
from yoyak.summarize.calibrate import Plan
from yoyak.summarize.candidates import Candidate
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines.ct2 import CTranslate2Engine
from yoyak.summarize.engines.hf import TransformersEngine
from yoyak.summarize.topic_hints import WEIGHT, reranked
from yoyak.text.endings import restyle
from yoyak.topics.features import words_of
from yoyak.topics.hints import Hints
from yoyak.topics.model import TopicModel

Row = dict[str, Any]
Texts = dict[str, str]
Source = Literal["given", "predicted"]
SOURCES: dict[str, Source] = {"gold": "given", "predicted": "predicted"}
SEEDS = (0, 1, 2)
#: Summaries of the corpus end well before; a model that has seen 250 dialogues sometimes does not.
_MOST = 120
_BATCH = 20


def sets(rows: int) -> Iterator[tuple[str, list[Dialogue], Literal["한다", "합니다"], Path]]:
    """(name, dialogues with their gold domain as topic, endings, file). Corpus rows are spread over its domains."""
    path = ROOT / "corpus" / "test.jsonl"
    talks = list(read(path, columns=Columns(topic="domain")))
    by_domain: defaultdict[str, list[Dialogue]] = defaultdict(list)
    for talk in talks:
        by_domain[talk.topic or ""].append(talk)
    spread = [talk for turn in range(len(talks)) for mine in by_domain.values() for talk in mine[turn : turn + 1]]
    yield "corpus test", spread[:rows], "한다", path
    if folder := data_folder():
        path = folder / "dialogsum-ko" / "dev_k2.csv"
        labels = (ROOT / "benchmarks" / "labels" / "topics_dev_k2.jsonl").read_text(encoding="utf-8").splitlines()
        domains = {row["id"]: row["domain"] for row in map(json.loads, labels)}
        yield "dev_k2", [replace(talk, topic=domains[talk.id]) for talk in read(path) if talk.id in domains][:rows], "합니다", path


class Model:
    """An adapter, merged and converted once into the work folder, with its outputs remembered."""

    def __init__(self, name: str, adapter: Path | None, work: Path, *, beams: int = 1) -> None:
        self.name, self._adapter, self._work, self._beams = name, adapter, work, beams
        self._path = work / "outputs" / f"{name}.jsonl"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.is_file() else []
        self._known: dict[str, list[list[Any]]] = {row["given"]: row["beams"] for row in map(json.loads, lines)}
        self._engine: CTranslate2Engine | None = None

    def candidates(self, dialogues: Sequence[Dialogue]) -> list[list[Candidate]]:
        """The beams of each dialogue as the model is given it, best first."""
        keys = [hashlib.sha256(prompt(talk.turns).encode()).hexdigest()[:16] for talk in dialogues]
        new = {key: talk for key, talk in zip(keys, dialogues, strict=True) if key not in self._known}
        todo = sorted(new.items(), key=lambda item: len(item[1].text))
        for start in range(0, len(todo), _BATCH):
            some = todo[start : start + _BATCH]
            engine = self._opened()
            with self._path.open("a", encoding="utf-8") as file:
                for (key, _), found in zip(some, engine.candidates([talk for _, talk in some]), strict=True):
                    self._known[key] = [[one.text, one.score] for one in found.candidates] or [["", 0.0]]
                    file.write(json.dumps({"given": key, "beams": self._known[key]}, ensure_ascii=False) + "\n")
            print(f"{self.name}: {min(start + _BATCH, len(todo))} of {len(todo)}", file=sys.stderr, flush=True)
        return [[Candidate(text, score) for text, score in self._known[key]] for key in keys]

    def _opened(self) -> CTranslate2Engine:
        if self._engine is None:
            folder = self._work / "models" / self.name
            if self._adapter is None:
                folder = load.ready("yoyak-gemma-270m").folder
            elif not folder.is_dir():
                with TemporaryDirectory(dir=self._work) as scratch:
                    whole = Path(scratch) / "whole"
                    whole.mkdir()
                    merge(bases.of_adapter(self._adapter), self._adapter, whole)
                    update_manifest(whole, json.loads((self._adapter / "yoyak.json").read_text(encoding="utf-8")))
                    convert(whole, folder, quantization="int8")
            decode = DecodeConfig(num_beams=self._beams, max_new_tokens=_MOST if self._adapter else 160, max_input_tokens=768)
            plan = Plan(workers=1, threads=1, batch_tokens=1024 if self._beams > 1 else 2048)
            self._engine = CTranslate2Engine(folder, name=self.name, decode=decode, plan=plan)
        return self._engine

    def close(self) -> None:
        """Let the model go; of an adapter's the converted folder too."""
        self._engine = None
        shutil.rmtree(self._work / "models" / self.name, ignore_errors=True)


def trained(adapters: Path, topics: TopicModel, work: Path, rows: int) -> dict[str, dict[str, dict[int, Texts]]]:
    """Set -> way -> seed -> summaries, of the adapters that are there."""
    found: dict[str, dict[str, dict[int, Texts]]] = defaultdict(lambda: defaultdict(dict))
    every = list(sets(rows))
    for seed in SEEDS:
        for kind in ("none", "topic", "keywords"):
            adapter = adapters / f"{kind}-seed{seed}" / "adapter"
            if not (adapter / "adapter_model.safetensors").is_file():
                continue
            model = Model(f"{kind}-seed{seed}", adapter, work)
            for place, talks, ending, _ in every:
                for name, source in SOURCES.items() if kind != "none" else [("", "predicted")]:
                    hints = Hints(kind, topics, source) if kind != "none" else None  # type: ignore[arg-type]
                    given = list(hints.dialogues(talks)) if hints else talks
                    texts = [beams[0].text for beams in model.candidates(given)]
                    way = "no hint" if kind == "none" else f"{kind} line, {name}"
                    found[place][way][seed] = {talk.id: restyle(text, to=ending) for talk, text in zip(talks, texts, strict=True)}
            model.close()
    return found


def ranked(topics: TopicModel, work: Path, rows: int) -> dict[str, dict[str, dict[int, Texts]]]:
    """Set -> way -> {0: summaries} of the shipped model: its best beam, and its beams ranked anew by the vocabulary, with two weights."""
    model = Model("yoyak-gemma-270m-beams", None, work, beams=4)
    found: dict[str, dict[str, dict[int, Texts]]] = defaultdict(dict)
    for place, talks, ending, _ in sets(rows):
        beams = model.candidates(talks)

        def texts(
            chosen: Sequence[Candidate], talks: Sequence[Dialogue] = talks, ending: Literal["한다", "합니다"] = ending
        ) -> dict[int, Texts]:
            return {0: {talk.id: restyle(one.text, to=ending) for talk, one in zip(talks, chosen, strict=True)}}

        found[place]["best of 4 beams"] = texts([some[0] for some in beams])
        for name, source in SOURCES.items():
            words = Hints("bias", topics, source).words(talks)
            for weight in (WEIGHT, 1.0):
                chosen = [reranked(some, mine, weight=weight) for some, mine in zip(beams, words, strict=True)]
                found[place][f"beams ranked by {name} vocabulary, weight {weight:g}"] = texts(chosen)
    return found


def apart(topics: TopicModel, work: Path, rows: int) -> Iterator[Row]:
    """How many dialogues have beams that differ in how many of the words they hold: all that a ranking by them can change."""
    model = Model("yoyak-gemma-270m-beams", None, work, beams=4)
    for place, talks, _, _ in sets(rows):
        for name, source in SOURCES.items():
            words = Hints("bias", topics, source).words(talks)
            some = [
                {len(set(held) & set(mine)) for held in words_of(one.text for one in beams)}
                for beams, mine in zip(model.candidates(talks), words, strict=True)
            ]
            what = f"{place}: dialogues whose 4 beams differ in words of the {name} vocabulary"
            yield share(what, sum(len(one) > 1 for one in some), len(some))


def biased(topics: TopicModel, work: Path, rows: int) -> dict[str, dict[str, dict[int, Texts]]]:
    """Set -> way -> {0: summaries} of the shipped model on transformers in fp32, greedy: as it is, and with the words made likelier."""
    path = work / "outputs" / "yoyak-gemma-270m-hf.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    known: dict[str, str] = {row["given"]: row["text"] for row in map(json.loads, lines)}
    engines: dict[str, TransformersEngine] = {}
    found: dict[str, dict[str, dict[int, Texts]]] = defaultdict(dict)
    for place, talks, ending, _ in sets(rows):
        for way, source in [("no hint", None), *SOURCES.items()]:
            hints = Hints("bias", topics, source) if source else None
            words = hints.words(talks) if hints else [[] for _ in talks]
            # a dialogue without a word is written as it is without a bias
            keys = [f"{place} {talk.id} {' '.join(mine)}" for talk, mine in zip(talks, words, strict=True)]
            new = [(key, talk) for key, talk in zip(keys, talks, strict=True) if key not in known]
            if new and way not in engines:
                folder = load.huggingface_folder("yoyak-gemma-270m")
                decode = DecodeConfig(max_new_tokens=_MOST, max_input_tokens=768)
                engines[way] = TransformersEngine(folder, name="hf", decode=decode, preferred=hints)
            for start in range(0, len(new), 8):
                some = new[start : start + 8]
                with path.open("a", encoding="utf-8") as file:
                    for (key, _), made in zip(some, engines[way].summarize([talk for _, talk in some]), strict=True):
                        known[key] = made.summary
                        file.write(json.dumps({"given": key, "text": made.summary}, ensure_ascii=False) + "\n")
                print(f"hf, {place}, {way}: {min(start + 8, len(new))} of {len(new)}", file=sys.stderr, flush=True)
            name = "hf, no bias" if source is None else f"hf, bias to the {way} vocabulary"
            found[place][name] = {0: {talk.id: restyle(known[key], to=ending) for talk, key in zip(talks, keys, strict=True)}}
    return found


_FOUND: dict[tuple[str, str], frozenset[str]] = {}


def _suspicious(talk: Dialogue, summary: str) -> frozenset[str]:
    """The checks that find something in the summary; ids of both sets differ."""
    key = (talk.id, summary)
    if key not in _FOUND:
        _FOUND[key] = frozenset(finding.check for finding in check(talk, summary))
    return _FOUND[key]


def scored(ways: Mapping[str, Mapping[int, Texts]], talks: Mapping[str, Dialogue]) -> dict[str, dict[int, dict[str, dict[str, float]]]]:
    """Way -> seed -> measure -> dialogue -> value x 100: the three F1, their mean, and whether (the speakers') checks find something."""
    found: dict[str, dict[int, dict[str, dict[str, float]]]] = {}
    for way, seeds in ways.items():
        found[way] = {}
        for seed, texts in seeds.items():
            examples = evaluate(texts, {id_: talks[id_].references for id_ in texts}).systems["predictions"].examples
            mine = {name: {id_: 100 * examples[id_][name] for id_ in texts} for name in NAMES}
            mine["ROUGE (mean of 1, 2, L)"] = {id_: mean(mine[name][id_] for name in NAMES) for id_ in texts}
            mine["flagged by any check"] = {id_: 100.0 * bool(_suspicious(talks[id_], text)) for id_, text in texts.items()}
            mine["flagged by the check of speakers"] = {
                id_: 100.0 * ("speaker" in _suspicious(talks[id_], text)) for id_, text in texts.items()
            }
            found[way][seed] = mine
    return found


def compared(
    place: str, base: str, ways: Mapping[str, Mapping[int, Texts]], talks: Mapping[str, Dialogue]
) -> tuple[list[Row], dict[str, Any]]:
    """Rows of every way's level and of its difference to `base`, on the seeds that both have; and differences by topic."""
    values = scored(ways, talks)
    rows: list[Row] = []
    topics: dict[str, Any] = {}
    for way, mine in values.items():
        seeds = sorted(mine.keys() & values[base].keys())
        if not seeds:
            continue
        told = f"{place}, {way}" + (f" ({len(seeds)} seeds)" if len(mine) > 1 or len(seeds) > 1 else "")
        for what in mine[seeds[0]]:
            ids = list(mine[seeds[0]][what])
            levels = [mean(mine[seed][what].values()) for seed in seeds]
            unit = "%" if what.startswith("flagged") else "F1 x 100"
            rows.append({"what": f"{told}: {what}", "value": mean(levels), "unit": unit, "low": min(levels), "high": max(levels)})
            if way == base:
                continue
            system, other = ([mean(way_[seed][what][id_] for seed in seeds) for id_ in ids] for way_ in (mine, values[base]))
            difference = paired(system, other)
            spread = stdev(a - b for a, b in zip(system, other, strict=True)) if len(ids) > 1 else 0.0
            smallest = 2.8 * spread / len(ids) ** 0.5  # seen with 80 % power at 5 %
            rows.append(
                {
                    "what": f"{told} minus {base}: {what} ({len(ids)} rows; smallest difference that shows: {smallest:.1f})",
                    "value": difference.mean,
                    "unit": "points",
                    "low": min(difference.low, difference.mean),
                    "high": max(difference.high, difference.mean),
                    "p": difference.p,
                    "seeds": [mean(mine[seed][what][id_] - values[base][seed][what][id_] for id_ in ids) for seed in seeds],
                    "smallest": smallest,
                }
            )
            if what.startswith("ROUGE"):
                by_topic: defaultdict[str, list[float]] = defaultdict(list)
                for id_, a, b in zip(ids, system, other, strict=True):
                    by_topic[talks[id_].topic or ""].append(a - b)
                topics[told] = {topic: [len(some), round(mean(some), 2)] for topic, some in sorted(by_topic.items())}
    return rows, topics


def verdict(adapters: Path | None, work: Path, *, rows: int) -> dict[str, Any]:
    """Everything about uses that can be compared with what is there."""
    topics = TopicModel.load()
    measures: list[Row] = []
    by_topic: dict[str, Any] = {}
    every = {place: {talk.id: talk for talk in talks} for place, talks, _, _ in sets(rows)}
    for place, talks in every.items():
        right = [topics.given(talk) == group for talk, group in zip(talks.values(), topics.groups_of(list(talks.values())), strict=True)]
        measures.append(share(f"{place}: topic predicted right", sum(right), len(right)))
    parts = [("no hint", trained(adapters, topics, work, rows))] if adapters else []
    parts.append(("best of 4 beams", ranked(topics, work, rows)))
    parts.append(("hf, no bias", biased(topics, work, rows)))
    measures += apart(topics, work, rows)
    for base, found in parts:
        for place, ways in found.items():
            made, topical = compared(place, base, ways, every[place])
            measures += made
            by_topic |= topical
    ratios = [_bar(measures)]
    facts = {"ROUGE difference by topic: [dialogues, points]": by_topic, "rows of each set": rows, "most new tokens": _MOST}
    return {"measures": measures, "ratios": ratios, "data": [path for _, _, _, path in sets(rows)], "facts": facts}


def _bar(measures: Sequence[Row]) -> Row:
    """How many uses are better on both sets with an interval that excludes zero: the condition for a default."""
    better: defaultdict[str, set[str]] = defaultdict(set)
    for row in measures:
        place, _, rest = row["what"].partition(", ")
        way, _, what = rest.partition(": ")
        if " minus " in way and what.startswith("ROUGE") and row["low"] > 0:
            better[way].add(place)
    count = sum(len(places) == 2 for places in better.values())
    return {
        "what": "uses whose interval lies above zero on both sets",
        "value": count,
        "low": count,
        "high": count,
        "goal": ">= 1",
    }
