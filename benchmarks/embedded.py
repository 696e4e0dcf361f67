"""The embedded model against what else could summarize out of the box, on our corpus's test split and, transferred, on dev_k2.

    YOYAK_DATA=... python benchmarks/embedded.py [--rows 250] [--beam-rows 250] [--few-shot-rows 40] [--model NAME|DIR]

Morpheme ROUGE with intervals (both references of the corpus, averaged), paired tests against the model's greedy output on the dialogues
that both have, and the rates of the automatic checks of faithfulness. Greedy, the best of the beams, and the beams' vote (MBR). On dev_k2,
whose summaries mostly end in ~니다, every system's endings are set to that. The base model is asked without and with two examples of the
corpus, in the same form, and only its first line counts; it is slow at this, hence fewer rows. KoBART and the LLM are the outputs that come
with the data. What the models write is kept under build/, where tune.py and combine.py find it; speeds are of one core's processor time.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from _record import ROOT, data_folder, record
from _shares import share
from _written import WORK, best, found, kept, searches, voted
from yoyak.checkpoints import gemma, load
from yoyak.checkpoints.convert import read_form
from yoyak.data.read import read
from yoyak.data.write import read_predictions
from yoyak.metrics.baselines import lead
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.faithfulness import rates
from yoyak.metrics.files import as_mapping
from yoyak.metrics.rouge import NAMES
from yoyak.models.inputs import prompt
from yoyak.records import Dialogue
from yoyak.summarize.calibrate import usual
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines.ct2 import CTranslate2Runtime
from yoyak.summarize.summarizer import Ending, Summarizer
from yoyak.summarize.tokens import Codec
from yoyak.text.endings import restyle

Row = dict[str, Any]
Texts = dict[str, str]


def ours(dialogues: Sequence[Dialogue], ending: Ending, model: str, *, beams: int, beam_rows: int) -> Iterator[tuple[str, Texts, float]]:
    """(how, summaries, dialogues a second of one core) of the embedded model."""

    def told(texts: Texts) -> Texts:
        return {id_: restyle(text, to=ending) for id_, text in texts.items()}

    for how, compute in (("greedy", "int8"), ("greedy fp32", "float32")):
        greedy = found(searches(model, compute=compute), dialogues, 1)
        yield how, told(best(greedy)), len(greedy) / sum(one.seconds for one in greedy)
    if beams > 1 and beam_rows:
        several = found(searches(model), dialogues[:beam_rows], beams)
        speed = len(several) / sum(one.seconds for one in several)
        yield f"best of {beams} beams", told(best(several)), speed
        yield f"vote of {beams} beams", told(voted(several)), speed


def base(dialogues: Sequence[Dialogue], ending: Ending, shots: Sequence[Dialogue]) -> Texts:
    """What the base model writes after the same prompt, behind so many solved examples; the first line of it."""
    decode = DecodeConfig(max_new_tokens=60)
    folder = load.ready(gemma.NAME).folder
    codec = Codec(folder / "tokenizer.json", read_form(folder), decode)
    runtime = CTranslate2Runtime(folder, read_form(folder), codec, decode, usual(), device="cpu", compute_type="int8")
    before = "".join(f"{prompt(shot.turns)}{shot.references[0]}\n\n\n" for shot in shots)

    def line(talk: Dialogue) -> str:
        whole = before + prompt(talk.turns)
        text = kept(WORK / "base.jsonl", f"{folder.name} {whole}", lambda: runtime.submit([("<bos>", *codec.tokens_of(whole))]).result()[0])
        return restyle(text.strip().split("\n")[0], to=ending)

    return {talk.id: line(talk) for talk in dialogues}


def scored(place: str, systems: Mapping[str, Texts], dialogues: Mapping[str, Dialogue]) -> Iterator[Row]:
    """ROUGE with intervals and the checks' rates of every system on the rows that it has."""
    for name, texts in systems.items():
        rows = {id_: dialogues[id_].references for id_ in texts}
        result = evaluate(texts, rows).systems["predictions"]
        for metric in NAMES:
            score = result.scores[metric]
            values = {"value": 100 * score.f1, "low": 100 * (score.low or 0), "high": 100 * (score.high or 0)}
            yield {"what": f"{place}, {name}: {metric} ({len(texts)} rows)", "unit": "F1 x 100", **values}
        found = rates({id_: dialogues[id_] for id_ in texts}, texts)
        for check in ("tag", "number", "speaker"):
            if check in found:
                yield share(f"{place}, {name}: flagged by check {check}", found[check].flagged, found[check].applicable)


def differences(place: str, systems: Mapping[str, Texts], dialogues: Mapping[str, Dialogue]) -> Iterator[Row]:
    """The model's greedy output against every other system, on the rows that the other has: paired differences in ROUGE."""
    first = systems["yoyak-gemma-270m greedy"]
    for name, texts in systems.items():
        if texts is first:
            continue
        shared = {id_: text for id_, text in first.items() if id_ in texts}
        result = evaluate(shared, {id_: dialogues[id_].references for id_ in shared}, against={name: texts})
        for metric in NAMES:
            difference = result.differences[name][metric]
            values = {"value": 100 * difference.mean, "low": 100 * difference.low, "high": 100 * difference.high}
            what = f"{place}: greedy minus {name}, {metric} ({len(shared)} rows, p = {difference.p:.3g})"
            yield {"what": what, "unit": "F1 x 100", **values}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=250)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--beam-rows", type=int, default=250, help="dialogues whose beams are searched; 0 leaves beams out")
    parser.add_argument("--few-shot-rows", type=int, default=40, help="dialogues for the base model; 0 leaves it out")
    parser.add_argument("--model", default="yoyak-gemma-270m")
    options = parser.parse_args()
    corpus = ROOT / "corpus"
    shots = [talk for talk in read(corpus / "train.jsonl") if len(talk.text) < 400][:2]
    data: list[Path] = [corpus / "test.jsonl"]
    sets: list[tuple[str, list[Dialogue], Ending, dict[str, Path]]] = [("corpus test", list(read(data[0]))[: options.rows], "한다", {})]
    if folder := data_folder():
        folder = folder / "dialogsum-ko"
        others = {"KoBART of a competition team": folder / "dev_k2_kobart_output.csv", "LLM": folder / "dev_k2_llm_zeroshot_output.csv"}
        sets.append(("dev_k2", list(read(folder / "dev_k2.csv"))[: options.rows], "합니다", others))
        data += [folder / "dev_k2.csv", *others.values()]
    measures: list[Row] = []
    ratios: list[Row] = []
    for place, rows, ending, others in sets:
        dialogues = {talk.id: talk for talk in rows}
        systems: dict[str, Texts] = {}
        for how, texts, speed in ours(rows, ending, options.model, beams=options.beams, beam_rows=options.beam_rows):
            systems[f"yoyak-gemma-270m {how}"] = texts
            unit = "dialogues/s of one core"
            measures.append({"what": f"{place}, {how}", "unit": unit} | dict.fromkeys(("value", "low", "high"), speed))
        extractive = Summarizer.load("extractive", ending=ending)
        systems["extractive"] = {prediction.id: prediction.summary for prediction in extractive.summarize(rows)}
        systems["lead-3"] = {talk.id: lead(talk, 3) for talk in rows}
        for name, path in others.items():
            systems[name] = {id_: restyle(text, to=ending) for id_, text in as_mapping(read_predictions(path)).items() if id_ in dialogues}
        if options.few_shot_rows:
            few = rows[: options.few_shot_rows]
            systems["base model, zero-shot"] = base(few, ending, [])
            systems["base model, two examples"] = base(few, ending, shots)
        measures.extend(scored(place, systems, dialogues))
        measures.extend(differences(place, systems, dialogues))
        if place == "dev_k2":
            result = evaluate(systems["yoyak-gemma-270m greedy"], {id_: talk.references for id_, talk in dialogues.items()})
            for metric, goal in zip(NAMES, (0.44, 0.20, 0.36), strict=True):
                score = result.systems["predictions"].scores[metric]
                found = {"value": score.f1, "low": score.low, "high": score.high}
                ratios.append({"what": f"dev_k2, transferred, greedy: {metric}", **found, "goal": f">= {goal}"})
        exact, eight = (
            evaluate(systems[f"yoyak-gemma-270m {how}"], {id_: talk.references for id_, talk in dialogues.items()})
            for how in ("greedy fp32", "greedy")
        )
        lost = 100 * (exact.systems["predictions"].scores["rougeL"].f1 - eight.systems["predictions"].scores["rougeL"].f1)
        ratios.append({"what": f"{place}: ROUGE-L (x 100) that int8 costs", "value": lost, "low": lost, "high": lost, "goal": "<= 0.5"})
    sizes = {"rows": options.rows, "beam_rows": options.beam_rows, "few_shot_rows": options.few_shot_rows}
    record("embedded", data=data, runs=1, measures=measures, ratios=ratios, sizes=sizes)


if __name__ == "__main__":
    main()
