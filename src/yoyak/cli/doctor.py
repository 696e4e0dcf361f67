"""`yoyak doctor`: env, tags, checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from yoyak.cli import console
from yoyak.cli.messages import say
from yoyak.data.read import read
from yoyak.data.write import read_predictions
from yoyak.doctor.finding import Finding, Stage
from yoyak.errors import UsageError
from yoyak.records import Dialogue

app = App(
    name="doctor",
    help="Diagnose: the machine (env), lost tags (tags), a checkpoint (checkpoint).",
    default_parameter=Parameter(negative=()),
)

Json = Annotated[bool, Parameter(name="--json", show_default=False)]
_MARKS = {"ok": "+", "lost": "x", "risk": "!", "unknown": "?"}


@app.default
@app.command
def env(*, json_: Json = False) -> int:
    """Describe the machine: device and what follows from it, extras, versions that conflict, memory, disk, caches.

    Parameters
    ----------
    json_
        Print JSON.
    """
    from yoyak.doctor.env import describe

    found = describe()
    if json_:
        _print_json(found.to_json())
        return _code(found.findings)
    device = found.device
    print(found.system)
    count = f"{device.devices} x " if device.devices > 1 else ""
    print(f"\n{say('doctor-device')}: {count}{device.called}, {_gigabytes(device.memory_bytes)}")
    for line in found.plan.lines():
        print(f"  {line}")
    print(f"\n{say('doctor-memory', total=_gigabytes(found.memory_bytes[0]), free=_gigabytes(found.memory_bytes[1]))}")
    print(say("doctor-disk", free=_gigabytes(found.disk_bytes)))
    for cache in found.caches:
        print(f"  {_gigabytes(cache.bytes):>9}  {cache.folder}")
    print(f"\n{say('doctor-extras')}")
    for extra in found.extras:
        listed = ", ".join(f"{name} {version or say('doctor-missing')}" for name, version in extra.packages.items())
        print(f"  {_MARKS['ok' if extra.complete else 'unknown']} {extra.name:8} {listed}")
    _print_findings(found.findings)
    return _code(found.findings)


@app.command
def tags(
    *,
    model: Path | None = None,
    recipe: str | None = None,
    data: str | None = None,
    cleaned: str | None = None,
    predictions: str | None = None,
    decoded: str | None = None,
    json_: Json = False,
) -> int:
    """Find where tags (#Person1#) get lost: data, cleaning, tokenizer, labels, embedding, decoding settings, decoding, post-processing.

    Give what there is; each stage that cannot be looked at says what it needs. Exit code 1 when tags are lost.

    Parameters
    ----------
    model
        A checkpoint's or adapter's folder.
    recipe
        A recipe's name, or any YAML file of training settings.
    data
        Dialogues with their summaries.
    cleaned
        The same dialogues after cleaning.
    predictions
        Summaries as they were handed in.
    decoded
        The same summaries as the tokenizer decoded them, before post-processing.
    json_
        Print JSON.
    """
    from yoyak.doctor.case import Case
    from yoyak.doctor.folder import ModelFolder
    from yoyak.doctor.settings import Settings
    from yoyak.doctor.tags import trace

    if not any((model, recipe, data, predictions, decoded)):
        raise UsageError("give something to look at: --model DIR, --recipe FILE, --data FILE or --predictions FILE")
    for name, value, other in (("--cleaned", cleaned, data), ("--decoded", decoded, predictions)):
        if value and not other:
            raise UsageError(f"{name} is compared with {'--data' if name == '--cleaned' else '--predictions'}; give that too")
    found = trace(
        Case(
            model=ModelFolder.open(model) if model else None,
            recipe=Settings.read(recipe) if recipe else None,
            dialogues=_dialogues(data),
            cleaned=_dialogues(cleaned),
            predictions=_summaries(predictions),
            decoded=_summaries(decoded),
        )
    )
    first = found.first_lost
    if json_:
        verdict = {"first_lost": first[0].name, "code": first[1].code} if first else None
        _print_json({"verdict": verdict, "stages": [asdict(stage) | {"status": stage.status} for stage in found.stages]})
        return 1 if first else 0
    for stage in found.stages:
        _print_stage(stage)
    unknown = sum(stage.status == "unknown" for stage in found.stages)
    if first:
        print(f"\n{say('doctor-tags-lost', stage=first[0].name, code=first[1].code)}")
    else:
        print(f"\n{say('doctor-tags-kept', looked=len(found.stages) - unknown, stages=len(found.stages))}")
    return 1 if first else 0


@app.command
def checkpoint(
    folder: Annotated[Path, Parameter(name="DIR", negative=())],
    /,
    *,
    fix: Annotated[bool, Parameter(show_default=False)] = False,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    only: tuple[str, ...] = (),
    run: Annotated[str | None, Parameter(name="--run")] = None,
    predictions: str | None = None,
    json_: Json = False,
) -> int:
    """Find what is wrong with a checkpoint: ids, control tokens, limits, special tokens, why it never stops. Exit code 1 on errors.

    Parameters
    ----------
    folder
        The checkpoint, in Hugging Face form.
    fix
        Write a corrected copy to --out. For a checkpoint that will be trained: one that was trained with its faults has learned them.
    out
        The folder of the corrected copy.
    only
        Fix only these (repeatable), by their code: emoticons-special.
    run
        Run the model on the first 8 dialogues of this file: whether it stops, whether it learned padding (extra [train]).
    predictions
        Summaries of this model: whether they stopped by themselves.
    json_
        Print JSON.
    """
    from yoyak.checkpoints.repair import CURES, repair
    from yoyak.doctor.checkpoint import curable, diagnose
    from yoyak.doctor.folder import ModelFolder
    from yoyak.doctor.stopping import runaway

    if fix != (out is not None):
        raise UsageError("--fix writes a copy and --out names it: give both or neither")
    if unknown := [code for code in only if code not in CURES]:
        raise UsageError(f"--only takes {', '.join(CURES)}, not {', '.join(unknown)}")
    model = ModelFolder.open(folder)
    found = list(diagnose(model))
    if predictions:
        found.extend(runaway(list(_summaries(predictions).values()), model=model))
    if run:
        from yoyak.doctor import behaviour

        found.extend(behaviour.judged(behaviour.run(folder, _dialogues(run))))
    cured: Sequence[str] = ()
    if out is not None:
        cured = repair(folder, out, [code for code in curable(found) if not only or code in only])
    if json_:
        _print_json({"findings": [asdict(f) for f in found], "fixed": list(cured), "copy": str(out) if out else None})
    else:
        _print_findings(found)
        if out is not None:
            console.note(say("doctor-fixed", count=len(cured), path=out))
            if left := [finding for finding in found if finding.level == "error" and finding.code not in cured]:
                console.note(say("doctor-left", codes=", ".join(dict.fromkeys(f.code for f in left))))
    return _code([finding for finding in found if finding.code not in cured])


def _dialogues(path: str | None) -> list[Dialogue]:
    return list(read(path)) if path else []


def _summaries(path: str | None) -> dict[str, str]:
    return {prediction.id: prediction.summary for prediction in read_predictions(path)} if path else {}


def _code(findings: Sequence[Finding]) -> int:
    return 1 if any(finding.level == "error" for finding in findings) else 0


def _print_stage(stage: Stage) -> None:
    told = stage.seen or (stage.needs and say("doctor-needs", what=stage.needs))
    print(f"{_MARKS[stage.status]} {stage.name:13} {told}")
    for finding in stage.findings:
        _print_finding(finding, indent="    ")


def _print_findings(findings: Sequence[Finding]) -> None:
    print()
    for finding in findings:
        _print_finding(finding)
    if not findings:
        print(say("doctor-healthy"))


def _print_finding(finding: Finding, *, indent: str = "") -> None:
    print(f"{indent}{say(f'doctor-{finding.level}')} {finding.code}: {finding.what}")
    for text, label in ((finding.why, "doctor-why"), (finding.fix, "doctor-fix")):
        if text:
            print(f"{indent}  {say(label)}: {text}")


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def _print_json(value: Mapping[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))
