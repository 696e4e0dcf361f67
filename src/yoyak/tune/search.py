"""The search itself: Optuna proposes, the judge judges, every trial is kept; one file from the halves to the choice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoyak._extras import require
from yoyak._files import atomic, sha256
from yoyak.checkpoints import load
from yoyak.checkpoints.manifest import read_manifest, update_manifest
from yoyak.data.read import read
from yoyak.errors import DataError, UsageError
from yoyak.metrics import tokenizers
from yoyak.metrics.evaluate import signature
from yoyak.provenance import fingerprint
from yoyak.records import Dialogue, Problem
from yoyak.summarize.candidates import CandidateEngine
from yoyak.summarize.decoding import DecodeConfig, Decoding, of_checkpoint
from yoyak.summarize.summarizer import Summarizer
from yoyak.tune.beams import Beams
from yoyak.tune.recipe import Space, TuneRecipe
from yoyak.tune.result import Tuned, honesty_of, rows_of
from yoyak.tune.trial import Judge, Judged, canonical

if TYPE_CHECKING:
    import optuna

_SEARCHED = ("num_beams", "repetition_penalty", "no_repeat_ngram_size", "max_new_tokens")
_WITH_BEAMS = ("length_penalty",)
# Proposals for each trial asked for: a space that is nearly exhausted repeats itself.
_PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Step:
    """Where a search stands; given to `on_trial` after each new setting."""

    number: int
    trials: int
    setting: Decoding
    score: float
    seconds: float
    best: float
    decoded: int


def tune(
    recipe: TuneRecipe,
    folder: Path,
    *,
    resume: bool = False,
    beams: Path | None = None,
    on_trial: Callable[[Step], None] = lambda step: None,
    progress: Callable[[str, float], None] = lambda what, share: None,
    notice: Callable[[str], None] = lambda text: None,
    open_engine: Callable[[DecodeConfig], CandidateEngine] | None = None,
) -> Tuned:
    """Search decoding settings on one half of the dev dialogues, and compare the choice with today's setting on the other half.

    Args:
        recipe: What to search.
        folder: Keeps the study (`study.db`), what the model wrote (`beams/`) and the result (`tune.json`). A killed search goes on there:
            with the same recipe it finds what an uninterrupted one would have found. More trials may be asked for.
        resume: Go on with the search that the folder holds, if there is one.
        beams: Where what the model wrote is kept instead, for several searches to share.
        on_trial: Called after each new setting.
        progress: Called with what is being done while a model is built.
        notice: Called with terms of use that a person has to see.
        open_engine: Opens the model with settings; by default the recipe's model on CTranslate2.

    Raises:
        UsageError: The folder holds a search and `resume` was not asked for, or that of another recipe; or the model has nothing to tune.
        DataError: There are too few dialogues with summaries.
        MissingDependency: The extra `[tune]` is not installed.
    """
    optuna = require("optuna", extra="tune")
    if recipe.model == "extractive":
        raise UsageError("the extractive engine writes by rules and has no decoding settings: give the folder of a checkpoint")
    dialogues = dev_dialogues(recipe)
    here, there = halves(dialogues, recipe)
    if open_engine is None:
        model, open_engine = _opener(recipe, progress, notice)
    else:
        model = "given"
    today = canonical(of_checkpoint(recipe.model))
    _claim(folder, _identity(recipe, dialogues, model, today), resume=resume)
    searches = Beams(beams or folder / "beams", model=f"{model} {recipe.compute}", open_engine=open_engine)
    tokenizer = tokenizers.load(recipe.tokenize)
    judge = Judge(searches, tokenizer, rule=recipe.rule)
    with _quiet(optuna), _study(optuna, folder) as study:
        settings, judged = _searched(optuna, study, recipe, today, judge, here, on_trial)
    rows = rows_of(settings, judged)
    choice = max(range(len(rows)), key=lambda i: (rows[i].score.mean, -i))
    honesty = None
    if choice:
        # Really decoded, all four: what was derived (see beams.py) may differ in rare cases, and this is what is reported and saved.
        both = (today, settings[choice])
        on_half = [tuple(judge(setting, half, exact=True) for setting in both) for half in (here, there)]
        honesty = honesty_of(*on_half)
    references = min(len(dialogue.references) for dialogue in dialogues)
    made = Tuned(
        rows,
        choice,
        honesty,
        signature(tokenizer, references, recipe.rule, "multiset"),
        {Path(path).name: sha256(path) for path in recipe.dev},
        tuple(fingerprint(dialogue) for dialogue in dialogues),
        len(here),
    )
    with atomic(folder / "tune.json") as file:
        json.dump(made.as_dict() | {"recipe": json.loads(recipe.model_dump_json())}, file, ensure_ascii=False, indent=1)
        file.write("\n")
    return made


def save(tuned: Tuned, model: str | Path) -> Path:
    """Write the choice into the checkpoint's yoyak.json, with what it was chosen on; :class:`Summarizer` obeys it from then on.

    Raises:
        UsageError: The model is not a folder.
        ModelError: Its yoyak.json is broken.
    """
    if not Path(model).is_dir():
        raise UsageError(f"{str(model)!r} is no folder of yours to save settings in: tune the folder of a checkpoint or of an adapter")
    chosen = {"decoding": tuned.chosen.setting.as_dict(), "tuned_on": tuned.tuned_on, "tuned_on_dialogues": sorted(set(tuned.fingerprints))}
    return update_manifest(model, chosen)


def dev_dialogues(recipe: TuneRecipe) -> list[Dialogue]:
    """The dialogues of the recipe's dev files that have summaries, in the files' order.

    Raises:
        DataError: There are fewer than four.
    """
    found = [dialogue for path in recipe.dev for dialogue in read(path) if dialogue.references][: recipe.limit]
    if len(found) < 4:
        message = f"{len(found)} dialogues have a summary; two halves need four or more (some hundred, to see differences)"
        raise DataError([Problem(recipe.dev[0], None, message, "give a file of dialogues with summaries", "no-reference")])
    return found


def halves(dialogues: Sequence[Dialogue], recipe: TuneRecipe) -> tuple[list[Dialogue], list[Dialogue]]:
    """(The half that is tuned on, the other one): by a hash of what was said and the seed, so that equal dialogues fall into one half
    and the order of the file does not matter; within each half the order of the file."""

    def place(dialogue: Dialogue) -> str:
        return hashlib.sha256(f"{recipe.seed} {fingerprint(dialogue)}".encode()).hexdigest()

    ordered = sorted({place(dialogue) for dialogue in dialogues})
    first = set(ordered[: (len(ordered) + 1) // 2])
    parts = [[d for d in dialogues if (place(d) in first) is wanted] for wanted in (True, False)]
    return (parts[0], parts[1]) if recipe.half == 1 else (parts[1], parts[0])


def _opener(
    recipe: TuneRecipe, progress: Callable[[str, float], None], notice: Callable[[str], None]
) -> tuple[str, Callable[[DecodeConfig], CandidateEngine]]:
    quantization = None if recipe.compute == "float32" else recipe.compute
    made = load.ready(recipe.model, quantization=quantization, progress=progress, notice=notice)
    clean = read_manifest(load.settings_folder(recipe.model)).get("clean", [])

    def open_engine(decode: DecodeConfig) -> CandidateEngine:
        return Summarizer.load(recipe.model, decode=decode, compute_type=recipe.compute, device=recipe.device)

    return f"{made.folder.name} {json.dumps(clean)}".removesuffix(" []"), open_engine


def _identity(recipe: TuneRecipe, dialogues: Sequence[Dialogue], model: str, today: Decoding) -> dict[str, Any]:
    """What makes a search the same one: all but the number of trials and where the files lie."""
    values: dict[str, Any] = json.loads(recipe.model_dump_json(exclude={"trials", "dev", "model"}))
    told = hashlib.sha256(json.dumps([[fingerprint(d), *d.references] for d in dialogues]).encode()).hexdigest()
    return values | {"model": model, "dialogues": told, "today": today.as_dict()}


def _claim(folder: Path, identity: Mapping[str, Any], *, resume: bool) -> None:
    """Make the folder this search's own."""
    path = folder / "search.json"
    if not path.is_file():
        with atomic(path) as file:
            json.dump(dict(identity), file, ensure_ascii=False, indent=1)
        return
    if not resume:
        raise UsageError(f"{folder} holds a search; add --resume to go on with it, or choose another folder")
    before = json.loads(path.read_text(encoding="utf-8"))
    differing = sorted(key for key in {*before, *identity} if before.get(key) != identity.get(key))
    if differing:
        raise UsageError(f"{folder} holds a search with another {', '.join(differing)}; repeat it as it was, or choose another folder")


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Optuna reports each trial on stderr by itself; here the caller decides what is told."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)


@contextmanager
def _study(optuna: Any, folder: Path) -> Iterator[optuna.Study]:
    storage = optuna.storages.RDBStorage(f"sqlite:///{(folder / 'study.db').as_posix()}")
    try:
        yield optuna.create_study(storage=storage, study_name="tune", direction="maximize", load_if_exists=True)
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _searched(
    optuna: Any,
    study: optuna.Study,
    recipe: TuneRecipe,
    today: Decoding,
    judge: Judge,
    here: Sequence[Dialogue],
    on_trial: Callable[[Step], None],
) -> tuple[list[Decoding], list[Judged]]:
    """Every different setting with its figures, in the order of trial; those that an earlier run has judged are taken from the study."""
    states = optuna.trial.TrialState
    for left in study.get_trials(deepcopy=False, states=(states.RUNNING, states.WAITING)):  # a killed run's last one: it is proposed again
        study.tell(left.number, state=states.FAIL)
    kept: dict[Decoding, Judged] = {}
    finished = study.get_trials(deepcopy=False, states=(states.COMPLETE,))
    for before in finished:
        setting, one = _read(before.user_attrs)
        kept.setdefault(setting, one)
    asked = len(finished)
    trials = min(recipe.trials, size(recipe.space, today))
    while len(kept) < trials and asked < _PATIENCE * trials:
        # Seeded anew by the number of finished trials: what comes next depends on them alone, interrupted or not.
        startup = max(5, recipe.trials // 4)
        study.sampler = optuna.samplers.TPESampler(seed=recipe.seed * 100_003 + asked, n_startup_trials=startup)
        if not asked:
            study.enqueue_trial(_parameters(today))
        trial = study.ask()
        setting = canonical(_proposed(trial, recipe, today))
        new = setting not in kept
        if new:
            kept[setting] = judge(setting, here)
        one = kept[setting]
        score = sum(one.scores) / len(one.scores)
        trial.set_user_attr("setting", setting.as_dict())
        trial.set_user_attr("judged", {"scores": one.scores, "seconds": one.seconds, "decoded": one.decoded})
        study.tell(trial, score)
        asked += 1
        if new:
            best = max(sum(j.scores) / len(j.scores) for j in kept.values())
            on_trial(Step(len(kept) - 1, trials, setting, score, one.seconds, best, one.decoded))
    return list(kept)[:trials], list(kept.values())[:trials]


def size(space: Space, today: Decoding) -> int:
    """How many different settings there are, today's values among them.

    Example:
        >>> size(Space(num_beams=[1, 4], repetition_penalty=[1.0], no_repeat_ngram_size=[0], max_new_tokens=[160]), Decoding())
        13
    """
    counts = {name: len({*getattr(space, name), getattr(today.decode, name)}) for name in (*_SEARCHED, *_WITH_BEAMS)}
    rules = counts["repetition_penalty"] * counts["no_repeat_ngram_size"] * counts["max_new_tokens"]
    beams = {*space.num_beams, today.decode.num_beams}
    votes = len({*space.mbr, today.mbr})
    return rules * ((1 in beams) + len(beams - {1}) * counts["length_penalty"] * votes)


def _parameters(setting: Decoding) -> dict[str, Any]:
    """A setting as Optuna's parameters; text, since categories of 1 and 1.0 and True are one to Python."""
    names = (*_SEARCHED, *_WITH_BEAMS) if setting.decode.num_beams > 1 else _SEARCHED
    found = {name: str(getattr(setting.decode, name)) for name in names}
    return found | ({"mbr": str(setting.mbr)} if setting.decode.num_beams > 1 else {})


def _proposed(trial: optuna.Trial, recipe: TuneRecipe, today: Decoding) -> Decoding:
    """The setting that Optuna proposes; what only matters with beams is asked for only then."""

    def ask(name: str, default: Any) -> Any:
        values = getattr(recipe.space, name)
        by_name = {str(value): value for value in sorted({*values, default})}
        return by_name[trial.suggest_categorical(name, list(by_name))]

    decode = today.decode
    found = {name: ask(name, getattr(decode, name)) for name in _SEARCHED}
    if found["num_beams"] > 1:
        found |= {name: ask(name, getattr(decode, name)) for name in _WITH_BEAMS}
    vote = bool(ask("mbr", today.mbr)) if found["num_beams"] > 1 else False
    found["min_new_tokens"] = min(decode.min_new_tokens, found["max_new_tokens"])
    return Decoding(replace(decode, **found), vote)


def _read(attributes: Mapping[str, Any]) -> tuple[Decoding, Judged]:
    values = dict(attributes["setting"])
    vote = bool(values.pop("mbr"))
    judged = attributes["judged"]
    return Decoding(DecodeConfig(**values), vote), Judged(tuple(judged["scores"]), judged["seconds"], judged["decoded"])
