"""Summarizer: dialogues in, predictions out, whatever engine does the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, runtime_checkable

from yoyak.checkpoints.manifest import read_manifest
from yoyak.data.clean import clean_dialogue
from yoyak.data.rules.catalogue import choose
from yoyak.errors import UsageError
from yoyak.records import Dialogue, Prediction
from yoyak.summarize.candidates import CandidateEngine, Candidates
from yoyak.summarize.decoding import DecodeConfig, of_checkpoint
from yoyak.text.endings import restyle

if TYPE_CHECKING:
    from yoyak.summarize.guard import GuardConfig
    from yoyak.summarize.verify import Verifier
    from yoyak.topics.hints import Hints

Ending = Literal["한다", "합니다", "함"]


class Engine(Protocol):
    """What does the summarizing: rules, or a model on some runtime."""

    name: str

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction for each dialogue, in order, drawing only a few dialogues ahead."""


@runtime_checkable
class Resumable(Protocol):
    """An engine whose batches depend on what came before: it needs the leading dialogues too when it goes on with an interrupted run."""

    def resume(self, dialogues: Iterable[Dialogue], done: Iterable[Prediction]) -> Iterator[Prediction]:
        """One prediction for each dialogue, in order; those that `done` holds for the leading ones are not computed again."""


@runtime_checkable
class Calibrating(Protocol):
    """An engine that can measure how a machine runs it best."""

    @property
    def calibrated(self) -> bool:
        """Whether that is known."""

    def calibrate(self) -> object:
        """Measure it and keep it."""


# Below this many dialogues measuring takes longer than it saves.
_WORTH_MEASURING = 200


class Summarizer:
    """The one interface to every engine.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("#Person1#", "내일 세 시에 도서관에서 만나자."), Turn("#Person2#", "좋아, 책도 가져갈게.")))
        >>> [prediction] = Summarizer.load("extractive").summarize([talk])
        >>> prediction.id, prediction.model
        ('a', 'extractive+guard')
    """

    def __init__(self, engine: Engine, *, ending: Ending | None = None, clean: Sequence[str] = (), hints: Hints | None = None) -> None:
        self._engine = engine
        self._hints = hints
        self._ending = ending
        self._clean = choose(clean) if clean else ()

    @property
    def name(self) -> str:
        """The engine's or model's name, as it stands in `Prediction.model`."""
        return self._engine.name

    @classmethod
    def load(
        cls,
        model: str | Path = "extractive",
        *,
        ending: Ending | None = None,
        engine: Literal["ct2", "hf"] = "ct2",
        decode: DecodeConfig | None = None,
        compute_type: str = "int8",
        device: str = "cpu",
        mbr: bool | None = None,
        guard: GuardConfig | bool | None = None,
        verifier: str | Path = "rules",
        topics: Hints | None = None,
        progress: Callable[[str, float], None] = lambda what, share: None,
        notice: Callable[[str], None] = lambda text: None,
    ) -> Self:
        """The summarizer of that name, or of the checkpoint in that folder.

        Args:
            model: `extractive`, which needs no weights: it picks the turns that matter and retells them in indirect speech; `gemma-3-270m`;
                or a folder: a checkpoint in Hugging Face form (converted once and kept), an adapter, or a converted one.
            ending: How sentences end: 한다 (plain), 합니다 (formal), 함 (nominal). None: 한다 for extractive, and as it was trained for a
                model.
            engine: `ct2` (CTranslate2) or `hf` (transformers: the slow reference).
            decode: How to write; for the models alone. None takes what the checkpoint's yoyak.json says (`yoyak tune --save`), else the
                defaults.
            compute_type: What ct2 computes in: `int8`, `float32`, ...
            device: `cpu` or `cuda`.
            mbr: Take the beam that agrees most with the others (ct2; more than one beam). None: as the checkpoint says, where `decode` is
                its own too.
            guard: Verify what the model writes, sentence by sentence, and put together what is true (ct2; see
                :mod:`yoyak.summarize.guard`). With `extractive` the plan chooses which turns are retold. True takes the usual settings;
                None is True for `extractive` and False for a model, which then says what it says. `extractive` without it is some six
                times quicker and less often to the point.
            verifier: What the guard judges by: `linear`, `rules`, or a trained verifier's name (`model` for the one that comes with
                yoyak) or folder.
            topics: How each dialogue's topic is used (:mod:`yoyak.topics.hints`). None: as the checkpoint was trained, mostly not at all.
            progress: Called with what is being done and the share done (0..1) while a model is built.
            notice: Called with terms of use that a person has to see, when a model under such terms is built.

        Raises:
            ModelError: There is no such model; the message lists those that there are.
            MissingDependency: An extra is not installed; the message is the pip line.
            UsageError: A vote of beams, the guard, or a use of topics was asked of an engine that cannot do it.
        """
        guard = _guarding(guard, str(model))
        if guard is not None and str(model) != "extractive" and (engine != "ct2" or mbr):
            raise UsageError("the guard needs the engine ct2 and no vote of beams; leave it out, or change these")
        if topics is not None and str(model) == "extractive":
            raise UsageError("extractive makes no use of topics: name a model, or leave the topic hints out")
        if str(model) == "extractive":
            if guard is not None:
                from yoyak.summarize.candidates import Silent
                from yoyak.summarize.guard import Guard

                return cls(Guard(Silent("extractive"), load_verifier(verifier), config=guard, ending=ending or "한다"))
            from yoyak.summarize.engines.extractive import Extractive

            return cls(Extractive(ending=ending or "한다"))
        from yoyak.checkpoints import load

        manifest = read_manifest(load.settings_folder(model))
        clean = manifest.get("clean", ())  # the rules that its training data were cleaned by
        told, preferred = _topic_uses(manifest, topics)
        if (told or preferred) and guard is not None:
            raise UsageError("the guard makes no use of topics: leave the guard or the topic hints out, or take a model without such hints")
        if decode is None:
            saved = of_checkpoint(model)
            decode, mbr = saved.decode, (saved.mbr and guard is None) if mbr is None else mbr
        if engine == "hf":
            if mbr:
                raise UsageError("the engine hf shows no beams to choose from: use ct2, or turn the vote (mbr) off")
            from yoyak.summarize.engines.hf import TransformersEngine

            folder = load.huggingface_folder(model, progress=progress, notice=notice)
            slow = TransformersEngine(folder, name=Path(model).name, decode=decode, device=device, preferred=preferred)
            return cls(slow, ending=ending, clean=clean, hints=told)
        from yoyak.summarize.engines.ct2 import CTranslate2Engine

        made = load.ready(model, quantization=None if compute_type == "float32" else compute_type, progress=progress, notice=notice)
        opened = CTranslate2Engine(made.folder, name=made.name, decode=decode, compute_type=compute_type, device=device)
        if guard is not None:
            from yoyak.summarize.guard import Guard

            return cls(Guard(opened, load_verifier(verifier), config=guard), ending=ending, clean=clean)
        if preferred is not None:
            from yoyak.summarize.topic_hints import TopicReranking

            if mbr or decode.num_beams < 2:
                raise UsageError("ct2 prefers topic words by choosing among beams: take 4 beams or more and no vote, or the engine hf")
            return cls(TopicReranking(opened, preferred), ending=ending, clean=clean, hints=told)
        if not mbr:
            return cls(opened, ending=ending, clean=clean, hints=told)
        from yoyak.summarize.mbr import MinimumBayesRisk

        return cls(MinimumBayesRisk(opened), ending=ending, clean=clean, hints=told)

    def prepare(self, count: int, *, progress: Callable[[str, float], None] = lambda what, share: None) -> None:
        """Measure how this machine runs the model best, once, when so many dialogues are to come that it pays (some ten seconds)."""
        if count >= _WORTH_MEASURING and isinstance(self._engine, Calibrating) and not self._engine.calibrated:
            progress("measuring this machine", 0.0)
            self._engine.calibrate()
            progress("measuring this machine", 1.0)

    def summarize(self, dialogues: Iterable[Dialogue], *, done: Iterable[Prediction] = ()) -> Iterator[Prediction]:
        """A prediction for each dialogue, in the order given, as a stream.

        Args:
            dialogues: Drawn a few hundred ahead at most.
            done: Predictions that an interrupted run made of the leading dialogues: they come again first, without being computed.
        """
        for prediction in self._made(dialogues, done):
            if self._ending is not None and prediction.error is None:
                yield replace(prediction, summary=restyle(prediction.summary, to=self._ending))
            else:
                yield prediction

    def candidates(self, dialogues: Iterable[Dialogue]) -> Iterator[Candidates]:
        """Every beam of each dialogue, best first, as the model wrote them: what `yoyak tune` chooses among.

        Raises:
            UsageError: The engine shows no beams.
        """
        if not isinstance(self._engine, CandidateEngine):
            raise UsageError(f"{self.name} shows no beams: take a model on ct2, without a vote or guard")
        return self._engine.candidates(self._cleaned(dialogues))

    def _cleaned(self, dialogues: Iterable[Dialogue]) -> Iterable[Dialogue]:
        """The dialogues as the engine is given them: cleaned, and with a line about their topic, where the model was taught so."""
        cleaned = (clean_dialogue(dialogue, rules=self._clean) for dialogue in dialogues) if self._clean else dialogues
        return cleaned if self._hints is None else self._hints.dialogues(cleaned)

    def _made(self, dialogues: Iterable[Dialogue], done: Iterable[Prediction]) -> Iterator[Prediction]:
        dialogues = self._cleaned(dialogues)
        if isinstance(self._engine, Resumable):
            yield from self._engine.resume(dialogues, done)
            return
        source = iter(dialogues)
        for prediction in done:
            if next(source, None) is None:
                return
            yield prediction
        yield from self._engine.summarize(source)


def _guarding(guard: GuardConfig | bool | None, model: str) -> GuardConfig | None:
    """The guard's settings, or None where it is not wanted."""
    if guard is None:
        guard = model == "extractive"
    if guard is not True:
        return guard or None
    from yoyak.summarize.guard import usual

    return usual(model)


def _topic_uses(manifest: Mapping[str, Any], asked: Hints | None) -> tuple[Hints | None, Hints | None]:
    """(what the model is told before the turns, what it prefers when it writes): as asked, else as the checkpoint was trained."""
    if asked is None and "topics" not in manifest:
        return None, None
    from yoyak.topics.hints import saved

    if asked is None or asked.kind == "bias":
        return saved(manifest), asked
    return asked, None


def load_verifier(name: str | Path) -> Verifier:
    """`linear` (fitted weights), `rules`, `model` (the trained one that comes with yoyak), `both` of linear and model, or a folder's.

    Raises:
        ModelError: There is none.

    Example:
        >>> type(load_verifier("rules")).__name__
        'RuleVerifier'
    """
    from yoyak.summarize import verify

    if str(name) == "rules":
        return verify.RuleVerifier()
    if str(name) == "linear":
        from yoyak.summarize.verify_linear import LinearVerifier

        return LinearVerifier()
    if str(name) == "both":
        from yoyak.summarize.verify_linear import BothVerifier

        return BothVerifier(verify.ModelVerifier.load())
    return verify.ModelVerifier.load(verify.NAME if str(name) == "model" else name)
