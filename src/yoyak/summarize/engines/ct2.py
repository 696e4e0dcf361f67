"""Models on CTranslate2: encoder-decoder (BART, T5) and decoder-only (Gemma, Llama, Qwen), batches spread over workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from yoyak._extras import require
from yoyak.checkpoints.convert import InputForm, read_form
from yoyak.checkpoints.stored import StoredModel, cache_bytes
from yoyak.records import Dialogue, Prediction, Turn
from yoyak.summarize import calibrate, long
from yoyak.summarize.calibrate import Plan
from yoyak.summarize.candidates import Candidate, Candidates, Request, Sampling
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines import shared
from yoyak.summarize.schedule import Future, Outcome, Packing, Room, Runtime, Tokens, packed, packed_alike, scheduled
from yoyak.summarize.tokens import Codec

#: CTranslate2 applies repetition_penalty and no_repeat_ngram_size to every token alike and offers no hook to change a beam's scores.
CANNOT_EXEMPT = (
    "ct2 applies repetition rules to tags, names and numbers too; switch them off (repetition_penalty=1, no_repeat_ngram_size=0) or "
    "use the engine hf, which exempts what the dialogue holds"
)


class CTranslate2Engine:
    """A converted checkpoint folder (`model.bin`, `tokenizer.json`, `input.json`).

    Beams of a model of Gemma 3's kind are searched by :mod:`yoyak.summarize.engines.shared` on a processor, which finds the same ones in
    less time and memory (benchmarks/beams.py); all else is done by CTranslate2.

    Args:
        folder: As :func:`yoyak.checkpoints.convert.converted` makes it.
        name: What `Prediction.model` says.
        decode: How to write.
        compute_type: `int8`, `float32`, ...: what CTranslate2 computes in.
        device: `cpu` or `cuda`.
        plan: Workers, threads and batch size; None takes what was measured on this machine, or measures it before the first large input.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        decode: DecodeConfig | None = None,
        compute_type: str = "int8",
        device: str = "cpu",
        plan: Plan | None = None,
    ) -> None:
        self.name = name
        self._form = read_form(folder)
        self._decode = decode or DecodeConfig()
        self._codec = Codec(folder / "tokenizer.json", self._form, self._decode)
        self._source = (folder, device, compute_type)
        self._plan = plan or calibrate.remembered(folder, compute_type, self._decode.num_beams)
        self._beams = self._shared()
        self._open = None if self._beams else self._opened(self._plan or calibrate.usual())
        self._notes = (CANNOT_EXEMPT,) if self._decode.repetition_penalty != 1 or self._decode.no_repeat_ngram_size else ()

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction a dialogue, in order."""
        return self.resume(dialogues, ())

    def resume(self, dialogues: Iterable[Dialogue], done: Iterable[Prediction]) -> Iterator[Prediction]:
        """The same, for all dialogues, when an earlier run has made the predictions `done` of the leading ones."""
        finished = (None if prediction.error is not None else prediction.summary for prediction in done)
        outcomes = self._scheduled(dialogues, self._beams or self._runtime, finished)
        return (self._prediction(outcome) for outcome in outcomes)

    def candidates(self, dialogues: Iterable[Dialogue]) -> Iterator[Candidates]:
        """Every finished beam of each dialogue with its score, best first; one that had to be split has one candidate, its joined parts."""
        runtime = shared.AllBeams(self._beams) if self._beams else _CandidateRuntime(self._runtime, self._decode.num_beams)
        for outcome in self._scheduled(dialogues, runtime):
            notes = (*outcome.notes, *self._notes)
            if outcome.error is not None:
                yield Candidates(outcome.item.id, (), notes, outcome.error)
            elif len(outcome.texts) == 1:
                yield Candidates(outcome.item.id, tuple(outcome.texts[0]), notes)
            else:
                yield Candidates(outcome.item.id, (Candidate(long.joined([made[0].text for made in outcome.texts])),), notes)

    def pieces(self, dialogue: Dialogue) -> list[tuple[Turn, ...]]:
        """The dialogue as pieces that the model can read.

        Raises:
            TooLong: It is beyond the limit and may not be split.
            ValueError: It is empty.
        """
        return list(self._codec.pieces(dialogue).turns)

    def write(self, requests: Sequence[Request], *, sampling: Sampling | None = None) -> list[list[Candidate]]:
        """The candidates of each request, in order; each text holds the beginning that was asked for."""
        tokens = [self._codec.tokens(request.turns) for request in requests]
        starts = [self._codec.tokens_of(request.start) for request in requests]
        options: dict[str, Any] = {"return_scores": True}
        if sampling is not None:
            options |= {
                "beam_size": 1,
                "num_hypotheses": sampling.count,
                "sampling_topk": sampling.topk,
                "sampling_temperature": sampling.temperature,
            }
        lengths = [len(prompt) + len(start) for prompt, start in zip(tokens, starts, strict=True)]
        batches = self._pack(lengths, batch_tokens=self._runtime.plan.batch_tokens)
        waiting = [self._runtime.begun([tokens[i] for i in batch], [starts[i] for i in batch], options) for batch in batches]
        found: list[list[Candidate]] = [[] for _ in requests]
        for batch, futures in zip(batches, waiting, strict=True):
            for i, future in zip(batch, futures, strict=True):
                found[i] = self._runtime.read_candidates(future.result(), start=starts[i])
        return found

    def calibrate(self) -> Plan:
        """Measure which workers and threads suit this machine and model, keep it for later and go on with it.

        Takes some ten seconds on two cores. Without it the usual plan holds: a worker a core.
        """
        folder, device, compute_type = self._source
        if device == "cpu":
            self._plan = calibrate.measured(self._opened, self._codec, previous=self._runtime)
            calibrate.remember(folder, compute_type, self._decode.num_beams, self._plan)
            self._open = self._opened(self._plan)
        return self._runtime.plan

    @property
    def plan(self) -> Plan:
        """How the work is laid out."""
        return self._runtime.plan

    @property
    def calibrated(self) -> bool:
        """Whether there is nothing to measure: the plan was measured or given, or CTranslate2 does not do the work."""
        return self._plan is not None or self._beams is not None

    def _scheduled(self, dialogues: Iterable[Dialogue], runtime: Runtime, done: Iterable[str | None] = ()) -> Iterator[Outcome[Dialogue]]:
        if self._beams:
            return scheduled(dialogues, prepare=self._codec.entry, runtime=runtime, batch_tokens=0, pack=self._beams.pack, done=done)
        return scheduled(
            dialogues,
            prepare=self._codec.entry,
            runtime=runtime,
            batch_tokens=self._runtime.plan.batch_tokens,
            pack=self._pack,
            alone=lambda batch: not self._room.holds(1, max(map(len, batch))),
            done=done,
        )

    @property
    def _runtime(self) -> CTranslate2Runtime:
        if self._open is None:
            self._open = self._opened(self._plan or calibrate.usual())
        return self._open

    @cached_property
    def _room(self) -> Room:
        decode = self._decode
        bytes_each = cache_bytes(StoredModel(self._source[0])) or 1
        return Room(calibrate.CACHE_BYTES // bytes_each, decode.num_beams, decode.max_new_tokens, shared=self._form.kind != "decoder")

    @cached_property
    def _pack(self) -> Packing:
        if self._form.kind == "decoder":
            return partial(packed_alike, beams=self._decode.num_beams, room=self._room)
        return partial(packed, room=self._room)

    def _shared(self) -> shared.SharedRuntime | None:
        """What searches beams instead of CTranslate2, where it is better at it."""
        folder, device, _ = self._source
        if not shared.suits(folder, self._form, self._decode, device):
            return None
        return shared.SharedRuntime(folder, self._form, self._codec, self._decode)

    def _opened(self, plan: Plan) -> CTranslate2Runtime:
        folder, device, compute_type = self._source
        return CTranslate2Runtime(folder, self._form, self._codec, self._decode, plan, device=device, compute_type=compute_type)

    def _prediction(self, outcome: Outcome[Dialogue]) -> Prediction:
        if outcome.error is not None:
            return Prediction(outcome.item.id, "", self.name, error=outcome.error)
        text = outcome.texts[0] if len(outcome.texts) == 1 else long.joined(outcome.texts)
        return Prediction(outcome.item.id, text, self.name, notes=(*outcome.notes, *self._notes))


class CTranslate2Runtime:
    """The opened model, with what it is asked to do."""

    def __init__(
        self, folder: Path, form: InputForm, codec: Codec, decode: DecodeConfig, plan: Plan, *, device: str, compute_type: str
    ) -> None:
        ctranslate2 = require("ctranslate2", extra="ct2")
        self.plan = plan
        self._codec = codec
        self._decoder_only = form.kind == "decoder"
        make = ctranslate2.Generator if self._decoder_only else ctranslate2.Translator
        self._model = make(str(folder), device=device, compute_type=compute_type, inter_threads=plan.workers, intra_threads=plan.threads)
        self._most = decode.max_new_tokens
        self._options = _options(decode, decoder_only=self._decoder_only)
        self._options["end_token"] = list(form.prompt.ends) if self._decoder_only and form.prompt.ends else None
        self._options["use_vmap"] = True if not self._decoder_only and (folder / "vmap.txt").is_file() else None
        self._options = {name: value for name, value in self._options.items() if value is not None}

    @property
    def workers(self) -> int:
        """Batches that are computed at a time."""
        return self.plan.workers

    def submit(self, batch: Sequence[Tokens]) -> Future:
        """Begin with a batch; returns at once."""
        return _Texts(self.raw([list(tokens) for tokens in batch], asynchronous=True), self._codec)

    def raw(self, batch: list[list[str]], *, asynchronous: bool = False, **options: Any) -> list[Any]:
        """CTranslate2's own results (futures of them when asynchronous)."""
        call = self._model.generate_batch if self._decoder_only else self._model.translate_batch
        return list(call(batch, asynchronous=asynchronous, **(self._options | options)))

    def forced(self, batch: list[Tokens], *, new_tokens: int, asynchronous: bool = False) -> list[Any]:
        """Results of exactly so many tokens, whatever the model would rather write: equal work for each, to measure by."""
        lengths = ("min_length", "max_length") if self._decoder_only else ("min_decoding_length", "max_decoding_length")
        return self.raw([list(tokens) for tokens in batch], asynchronous=asynchronous, **dict.fromkeys(lengths, new_tokens))

    def begun(self, batch: Sequence[Tokens], starts: Sequence[Tokens], options: dict[str, Any]) -> list[Any]:
        """CTranslate2's futures for inputs whose outputs begin as given."""
        if self._decoder_only:
            return self.raw([[*tokens, *start] for tokens, start in zip(batch, starts, strict=True)], asynchronous=True, **options)
        prefixes = [list(start) for start in starts]
        return self.raw([list(tokens) for tokens in batch], asynchronous=True, target_prefix=prefixes, **options)

    def read_candidates(self, found: Any, *, start: Tokens = ()) -> list[Candidate]:
        """The hypotheses of one result as texts with their scores; a decoder-only model does not repeat the `start` it was given."""
        raw = found.sequences_ids if self._decoder_only else found.hypotheses
        ids = raw if self._decoder_only else [self._codec.ids(tuple(tokens)) for tokens in raw]
        given = self._codec.ids(start) if self._decoder_only else []
        # The end token is not in the result, but counted; one that was cut at the limit has none.
        lengths = [min(len(one) + 1, self._most) for one in raw]
        return [Candidate(self._codec.text([*given, *o]), s, length=n) for o, s, n in zip(ids, found.scores, lengths, strict=True)]

    def ids(self, batch: list[list[str]], **options: Any) -> list[list[list[int]]]:
        """The hypotheses' ids of each input, best first."""
        results = self.raw(batch, **options)
        if self._decoder_only:
            return [result.sequences_ids for result in results]
        return [[self._codec.ids(tuple(tokens)) for tokens in result.hypotheses] for result in results]


@dataclass(frozen=True, slots=True)
class _Texts:
    """A batch under way: CTranslate2's futures, one for each input."""

    futures: list[Any]
    codec: Codec

    def result(self) -> list[str]:
        texts = []
        for future in self.futures:
            found = future.result()
            ids = found.sequences_ids[0] if hasattr(found, "sequences_ids") else self.codec.ids(tuple(found.hypotheses[0]))
            texts.append(self.codec.text(ids))
        return texts


@dataclass(frozen=True, slots=True)
class _CandidateRuntime:
    """The same model, asked for all its beams."""

    runtime: CTranslate2Runtime
    beams: int

    @property
    def workers(self) -> int:
        return self.runtime.workers

    def submit(self, batch: Sequence[Tokens]) -> Future:
        options = {"num_hypotheses": self.beams, "return_scores": True}
        return _Beams(self.runtime.raw([list(tokens) for tokens in batch], asynchronous=True, **options), self.runtime)


@dataclass(frozen=True, slots=True)
class _Beams:
    futures: list[Any]
    runtime: CTranslate2Runtime

    def result(self) -> list[list[Candidate]]:
        return [self.runtime.read_candidates(future.result()) for future in self.futures]


def _options(decode: DecodeConfig, *, decoder_only: bool) -> dict[str, Any]:
    """CTranslate2's names for the settings. Its own defaults are traps: at least one token, and inputs cut at 1,024 without a word."""
    common = {
        "beam_size": decode.num_beams,
        "length_penalty": decode.length_penalty,
        "repetition_penalty": decode.repetition_penalty,
        "no_repeat_ngram_size": decode.no_repeat_ngram_size,
    }
    if decoder_only:
        return common | {
            "max_length": decode.max_new_tokens,
            "min_length": decode.min_new_tokens,
            "include_prompt_in_result": False,
            "sampling_topk": 1,
        }
    return common | {"max_decoding_length": decode.max_new_tokens, "min_decoding_length": decode.min_new_tokens, "max_input_length": 0}
