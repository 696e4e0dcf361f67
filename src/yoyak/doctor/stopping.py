"""Why a model never stops: the end token is missing, is another one, is forbidden, or was never learned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from yoyak.checkpoints.repair import chat_ends
from yoyak.doctor.finding import Finding, percent
from yoyak.doctor.folder import ModelFolder
from yoyak.doctor.stages.training import end_masked

# A text of which a tenth or less is new after its first half goes round in circles.
_CIRCLE = 12
_SOME = 0.05


def end_ids(model: ModelFolder) -> list[int]:
    """The ids that end generation: generation_config.json's, else config.json's."""
    value = model.generation_config.get("eos_token_id", model.model_config.get("eos_token_id"))
    return [id_ for id_ in (value if isinstance(value, list) else [value]) if isinstance(id_, int)]


def stopping(model: ModelFolder) -> list[Finding]:
    """What in the folder's files keeps generation from ending."""
    findings: list[Finding] = []
    ends = end_ids(model)
    name = model.named_token("eos")
    own = model.vocabulary.get(name) if name else None
    fix = (
        f"set eos_token_id in generation_config.json to {own} ({name})"
        if own is not None
        else "name the end token: eos_token_id, eos_token"
    )
    if (model.model_config or model.generation_config) and not ends:
        why = "nothing that the model writes ends the text; it goes on to the length limit"
        findings.append(Finding("end-missing", "error", "neither generation_config.json nor config.json has an eos_token_id", why, fix))
    elif own is not None and ends and own not in ends:
        what = f"generation ends at id {', '.join(map(str, ends))} ({_tokens(model, ends)}), the tokenizer's end token {name} is {own}"
        findings.append(Finding("end-differs", "error", what, "a model that was taught the tokenizer's end token writes on past it", fix))
    if (masked := end_masked(model)) is not None:
        findings.append(masked)
    findings.extend(_chat(model, ends))
    findings.extend(_forbidden(model, ends))
    return findings


def _chat(model: ModelFolder, ends: Sequence[int]) -> list[Finding]:
    path = model.path / "chat_template.jinja"
    template = path.read_text(encoding="utf-8") if path.is_file() else ""
    missing = [token for token in chat_ends(model.tokenizer_config, template) if model.vocabulary.get(token, -1) not in ends]
    if not missing or not ends:
        return []
    return [
        Finding(
            "chat-end-missing",
            "error",
            f"the chat template ends a turn with {missing[0]} (id {model.vocabulary.get(missing[0])}), which does not end generation",
            "an instructed model ends its answer with that token and then writes the user's next turn itself",
            "add its id to eos_token_id in generation_config.json",
        )
    ]


def _forbidden(model: ModelFolder, ends: Sequence[int]) -> list[Finding]:
    config = model.generation_config
    for key in ("suppress_tokens", "bad_words_ids"):
        rows = config.get(key) or []
        if any(row in ends or (isinstance(row, list) and len(row) == 1 and row[0] in ends) for row in rows):
            return [Finding("end-forbidden", "error", f"{key} in generation_config.json holds the end token", "", f"take it out of {key}")]
    low, high = config.get("min_new_tokens") or config.get("min_length") or 0, config.get("max_new_tokens") or config.get("max_length")
    if high and low >= high:
        what = f"the shortest length asked for ({low}) is the longest ({high})"
        return [Finding("end-forbidden", "error", what, "the end token is forbidden until there", "lower min_length")]
    return []


def _tokens(model: ModelFolder, ids: Sequence[int]) -> str:
    return ", ".join(model.token(id_) or "no token" for id_ in ids)


def runaway(summaries: Sequence[str], *, model: ModelFolder | None = None) -> list[Finding]:
    """Signs in finished summaries that the model did not stop by itself.

    Args:
        summaries: What a model wrote.
        model: Counts tokens, to see whether many outputs have one and the same length: the limit.

    Example:
        >>> [f.code for f in runaway(["그는 간다. " + "그리고 그는 또 간다. " * 20] * 5)]
        ['never-stops']
    """
    if not summaries:
        return []
    circling = sum(_circles(text) for text in summaries)
    signs = [f"{percent(circling, len(summaries))} go round in circles"] if circling / len(summaries) >= _SOME else []
    if model is not None and model.tokenizer:
        lengths = [len(model.encode(text)) for text in summaries]
        longest = max(lengths)
        at_limit = sum(length >= longest - 1 for length in lengths)
        if len(summaries) >= 10 and at_limit / len(summaries) >= 4 * _SOME:
            signs.append(f"{percent(at_limit, len(summaries))} are as long as the longest ({longest} tokens): the limit ended them")
    if not signs:
        return []
    why = "the end token was masked while training, is missing, or is another id than generation waits for"
    return [
        Finding(
            "never-stops", "error", f"of the summaries {'; '.join(signs)}", why, "see the other findings; labels must hold the end token"
        )
    ]


def _circles(text: str) -> bool:
    """Whether the second half of a long text says almost nothing new, by its word pairs."""
    words = text.split()
    if len(words) < _CIRCLE:
        return False
    half = len(words) // 2
    pairs = list(pairwise(words))
    earlier = set(pairs[:half])
    later = pairs[half:]
    return sum(pair not in earlier for pair in later) <= len(later) / 10
