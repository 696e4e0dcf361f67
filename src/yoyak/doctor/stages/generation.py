"""generate: whether decoding settings let a model write the tags, and which references they make impossible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from yoyak.doctor.case import Case
from yoyak.doctor.finding import Finding, Level, Stage, percent
from yoyak.doctor.folder import ModelFolder
from yoyak.doctor.impossible import impossible, repeated
from yoyak.models.inputs import source
from yoyak.text import tags

_KEYS = (
    "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size",
    "repetition_penalty",
    "encoder_repetition_penalty",
    "bad_words_ids",
    "suppress_tokens",
    "max_new_tokens",
    "max_length",
)
# Fewer references than this share being impossible because of a tag is a warning.
_FEW = 0.02


def generate(case: Case) -> Stage:
    """Whether decoding settings forbid tags."""
    settings = list(_settings(case))
    if case.model is None and case.recipe is None:
        return Stage("generate", needs="--model DIR, or --recipe FILE; with --data it counts the references that settings forbid")
    findings: list[Finding] = []
    seen: list[str] = []
    for where, key, value in settings:
        found = _judged(case, where, key, value)
        findings.extend(found)
        if not found:
            seen.append(f"{key}={_short(value)} ({where}) spares tags")
    looked = "no decoding setting that touches tags" if not settings else "not all decoding settings spare tags"
    return Stage("generate", _once(findings), "; ".join(seen) or looked)


def _settings(case: Case) -> Iterator[tuple[str, str, Any]]:
    """(where, key, value) of every setting that is on, wherever one is given."""
    model, recipe = case.model, case.recipe
    if recipe is not None:
        for path, value in recipe.walk():
            key = path.rpartition(".")[2]
            if key in _KEYS:
                yield from _on(recipe.name, key, value)
    if model is not None:
        decoding = model.yoyak.get("decoding") or model.yoyak.get("decode") or {}
        for where, values in (
            ("yoyak.json", decoding if isinstance(decoding, Mapping) else {}),
            ("generation_config.json", model.generation_config),
            ("config.json", model.model_config),
        ):
            for key in _KEYS:
                yield from _on(where, key, values.get(key))


def _on(where: str, key: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    off = {"repetition_penalty": 1, "encoder_repetition_penalty": 1}.get(key, 0)
    if value is not None and value != off and value != []:
        yield where, key, value


def _judged(case: Case, where: str, key: str, value: Any) -> list[Finding]:
    model = case.model if case.model is not None and case.model.tokenizer else None
    if key in ("no_repeat_ngram_size", "encoder_no_repeat_ngram_size"):
        return _ngrams(case, model, where, key, int(value))
    if key in ("repetition_penalty", "encoder_repetition_penalty"):
        return _penalty(case, model, where, key, float(value))
    if model is None:
        return []
    if key in ("bad_words_ids", "suppress_tokens"):
        return _forbidden(case, model, where, key, value)
    return _short_limit(case, model, where, key, value)


def _ngrams(case: Case, model: ModelFolder | None, where: str, key: str, size: int) -> list[Finding]:
    fix = f"{key}: 0; yoyak's engine 'hf' can also spare tags, names and numbers from it"
    why = "a tag that was written once holds an n-gram that may not come again, and a summary names its speakers more than once"
    if key == "encoder_no_repeat_ngram_size":
        why = "a tag that stands in the dialogue may not be written at all"
    if model is not None and case.references:
        pairs = [(text, source(dialogue.turns)) for dialogue in case.dialogues for text in dialogue.references]
        sources = [dialogue for _, dialogue in pairs] if key.startswith("encoder") else []
        found = impossible(model.engine, [text for text, _ in pairs], size, sources=sources)
        what = (
            f"{key}={size} ({where}) makes {percent(found.total, found.references)} references impossible to generate, "
            f"{percent(found.by_tag, found.references)} because of a tag"
        )
        if not found.total:
            return []
        level: Level = "error" if found.by_tag / found.references > _FEW else "warning" if found.by_tag else "note"
        return [Finding("forbidden-by-decoding", level, what, why, fix)]
    name = case.names[0]
    if model is not None:
        ids = model.encode(f"{name}은 {name}을")
        twice = bool(repeated(ids, size)) or (key.startswith("encoder") and len(model.encode(name)) >= size)
        what = f"{key}={size} ({where}); {name} is {len(model.encode(name))} tokens" + (", so it can be written once only" if twice else "")
        return [Finding("forbidden-by-decoding", "error" if twice else "warning", what, why, f"{fix}. --data FILE counts what it forbids")]
    what = f"{key}={size} ({where})"
    return [Finding("forbidden-by-decoding", "warning", what, why, f"{fix}. --model DIR and --data FILE count what it forbids")]


def _penalty(case: Case, model: ModelFolder | None, where: str, key: str, value: float) -> list[Finding]:
    if value < 1:
        return []
    what = f"{key}={value:g} ({where})"
    why = "each token of a tag that was written before is made less likely, and tags are what a summary repeats most"
    if model is not None and model.model_config and not model.model_config.get("is_encoder_decoder"):
        why += "; on a decoder-only model the dialogue's tokens count as written"
    if model is not None and case.references:
        counts = [len(tags.find(text)) - len({str(tag) for tag in tags.find(text)}) for text in case.references]
        what += f"; {percent(sum(count > 0 for count in counts), len(counts))} references repeat a tag"
    return [Finding("penalized-by-decoding", "warning", what, why, f"{key}: 1")]


def _forbidden(case: Case, model: ModelFolder, where: str, key: str, value: Any) -> list[Finding]:
    rows = value if isinstance(value, list) else []
    words = [tuple(row) if isinstance(row, list) else (row,) for row in rows]
    hit = next((name for name in case.names if any(_holds(model.encode(f"어제 {name}"), word) for word in words)), None)
    if hit is None:
        return []
    what = f"{key} ({where}) forbids tokens that {hit} is written with"
    return [Finding("forbidden-by-decoding", "error", what, "the tag can never be written", f"take these ids out of {key}")]


def _short_limit(case: Case, model: ModelFolder, where: str, key: str, value: Any) -> list[Finding]:
    decoder_only = bool(model.model_config) and not model.model_config.get("is_encoder_decoder")
    if not isinstance(value, int) or not case.references or (key == "max_length" and (decoder_only or where == "config.json")):
        return []
    cut = before_tag = 0
    for text in case.references:
        encoding = model.engine.encode(text, add_special_tokens=False)
        if len(encoding.ids) >= value:
            cut += 1
            before_tag += any(tag.end > encoding.offsets[value - 1][0] for tag in tags.find(text))
    if not before_tag:
        return []
    share = percent(cut, len(case.references))
    what = f"{key}={value} ({where}) ends {share} of summaries as long as the references, {before_tag} before a tag"
    level: Level = "error" if before_tag / len(case.references) >= _FEW else "warning"
    return [Finding("cut-by-decoding", level, what, "what lies beyond the limit is not written", f"raise {key}")]


def _holds(ids: Sequence[int], part: Sequence[int]) -> bool:
    return any(tuple(ids[i : i + len(part)]) == tuple(part) for i in range(len(ids) - len(part) + 1))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 20 else f"{text[:17]}..."


def _once(findings: list[Finding]) -> tuple[Finding, ...]:
    """The same setting in config.json and generation_config.json is one finding, the first."""
    kept: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        kept.setdefault((finding.code, finding.what.partition(" (")[0].partition(";")[0]), finding)
    return tuple(kept.values())
