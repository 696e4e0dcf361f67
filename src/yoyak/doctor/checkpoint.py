"""What is wrong with a checkpoint's folder: ids, control tokens, limits, special tokens, the end of generation.

Read from its files alone; :mod:`yoyak.doctor.behaviour` runs the model. What :mod:`yoyak.checkpoints.repair` can cure is marked so.
"""

from __future__ import annotations

from collections.abc import Sequence

from yoyak.checkpoints.repair import CURES, first_id, stray_specials
from yoyak.doctor.finding import Finding, worst_first
from yoyak.doctor.folder import ModelFolder
from yoyak.doctor.stopping import stopping

# What people write in chats and dialogues; each should come back from a tokenizer as it went in.
_COMMON = ("ㅋㅋ", "ㅎㅎ", "ㅇㅇ", "ㅠㅠ", "ㅜㅜ", "^^", "~", "…", "“", "👍", "·", "&")
_ENCODER_DECODERS = ("bart", "mbart", "t5", "mt5", "pegasus")
_NO_LIMIT = 10**9
# Families without a table of positions (relative or rotary positions): no hard end.
_TABLES = ("bart", "mbart", "gpt2", "bert", "roberta", "pegasus")


def diagnose(model: ModelFolder) -> tuple[Finding, ...]:
    """Every fault found, the worst first.

    Raises:
        MissingDependency: A tokenizer is there and the package that reads it is not; the message is the pip line.
    """
    checks = (_ids, _start, _outside, _controls, _masks, _positions, _emoticons, _vocabulary, _characters, _weights, stopping)
    return worst_first([finding for check in checks for finding in check(model)])


def curable(findings: Sequence[Finding]) -> list[str]:
    """Codes of the findings that `repair` can cure."""
    return [finding.code for finding in findings if finding.code in CURES]


def is_encoder_decoder(model: ModelFolder) -> bool:
    """Whether it reads with one half and writes with the other."""
    config = model.model_config
    return bool(config.get("is_encoder_decoder")) or config.get("model_type") in _ENCODER_DECODERS


def position_limit(model: ModelFolder) -> int | None:
    """The longest input in tokens: by the position table in the weights, else by the configuration; None when there is no hard end.

    BART's table has two unused rows before position 0.
    """
    config = model.model_config
    if config.get("model_type") not in _TABLES:
        return None
    offset = 2 if config.get("model_type") in ("bart", "mbart") else 0
    tables = [shape[0] - offset for name, shape in model.tensors.items() if name.endswith(("embed_positions.weight", "wpe.weight"))]
    limit = config.get("max_position_embeddings") or config.get("n_positions")
    return min(tables) if tables else limit


def _ids(model: ModelFolder) -> list[Finding]:
    wrong = []
    for kind in ("bos", "eos", "pad"):
        name = model.named_token(kind)
        own = model.vocabulary.get(name) if name else None
        for where, values in (("config.json", model.config), ("generation_config.json", model.generation)):
            value = first_id(values.get(f"{kind}_token_id"))
            if own is not None and value is not None and value != own:
                wrong.append(f"{kind}_token_id={value} ({model.token(value)}) in {where}, {name} is {own}")
    if not wrong:
        return []
    why = "another vocabulary's ids: the model is started, padded and ended with tokens that mean something else here"
    return [Finding("ids-disagree", "error", "; ".join(wrong), why, "take the ids of the tokenizer's own tokens (--fix)")]


def _start(model: ModelFolder) -> list[Finding]:
    config, generation = model.model_config, model.generation_config
    if not is_encoder_decoder(model):
        return []
    named = {kind: first_id(config.get(f"{kind}_token_id")) for kind in ("bos", "eos", "pad")}
    own = {id_ for id_ in named.values() if id_ is not None}
    findings = []
    start = first_id(generation.get("decoder_start_token_id", config.get("decoder_start_token_id")))
    if start is not None and start not in own:
        findings.append(
            Finding(
                "foreign-start",
                "error",
                f"decoder_start_token_id={start} is {model.token(start)!r}, which is none of bos, eos and pad",
                "the decoder starts from a token that its training may never have put there (the public KoBART baseline trains from <s>)",
                f"start from bos ({named['bos']}) in training and generation alike (--fix)",
            )
        )
    forced = first_id(generation.get("forced_eos_token_id", config.get("forced_eos_token_id")))
    if forced is not None and named["eos"] is not None and forced != named["eos"]:
        findings.append(
            Finding(
                "foreign-end",
                "error",
                f"forced_eos_token_id={forced} is {model.token(forced)!r}; the end token is {named['eos']} ({model.token(named['eos'])!r})",
                "a text that reaches the limit gets a token that ends nothing",
                f"forced_eos_token_id: {named['eos']}, or none (--fix)",
            )
        )
    return findings


def _outside(model: ModelFolder) -> list[Finding]:
    rows = model.rows
    if rows is None:
        return []
    found = []
    for where, values in (("config.json", model.config), ("generation_config.json", model.generation)):
        for key, value in values.items():
            for id_ in value if isinstance(value, list) else [value]:
                if key.endswith("_token_id") and isinstance(id_, int) and not 0 <= id_ < rows:
                    found.append(f"{key}={id_} in {where}")
    if not found:
        return []
    what = f"{', '.join(found)}: the embedding has {rows} rows"
    return [Finding("id-outside", "error", what, "using the id fails, or reads beside the table", "take the ids of this vocabulary")]


def _controls(model: ModelFolder) -> list[Finding]:
    if not model.tokenizer or not model.model_config:
        return []
    whole = list(model.engine.encode("가", add_special_tokens=True).ids)
    eos = first_id(model.model_config.get("eos_token_id"))
    if is_encoder_decoder(model):
        if eos is None or eos in whole:
            return []
        return [
            Finding(
                "no-bos-eos",
                "error",
                "the tokenizer has no post-processor that adds control tokens: the encoder's input has no bos and no eos",
                "the model was pretrained with them and sees texts that never begin and never end",
                "add a post-processor (--fix); then train with it, since what was trained without expects none",
            )
        ]
    if eos is not None and whole and whole[-1] == eos:
        what = "the tokenizer puts the end token behind every text, prompts included"
        return [
            Finding("end-after-prompt", "error", what, "the model is told that all is said before it begins", "encode prompts without it")
        ]
    return []


def _masks(model: ModelFolder) -> list[Finding]:
    findings = []
    names = model.tokenizer_config.get("model_input_names")
    kind = model.model_config.get("model_type")
    if isinstance(names, list) and "attention_mask" not in names:
        what = f"model_input_names is {names}: the tokenizer returns no attention_mask"
        why = "padding is read as text: what a dialogue gets depends on the batch it is in"
        findings.append(Finding("padding-unmasked", "error", what, why, "model_input_names: [input_ids, attention_mask]"))
    if kind in _ENCODER_DECODERS and model.tokenizer_config and (names is None or "token_type_ids" in names):
        what = "the tokenizer may hand out token_type_ids, which the model rejects" + ("" if names else " (no model_input_names)")
        why = "model(**tokenizer(text)) fails, depending on the version of transformers"
        findings.append(Finding("token-type-ids", "warning", what, why, "model_input_names: [input_ids, attention_mask] (--fix)"))
    if model.model_config and first_id(model.model_config.get("pad_token_id")) is None:
        what = "config.json has no pad_token_id"
        why = "batches get padded with whatever the script takes, often the end token, which is then masked in the labels"
        findings.append(Finding("no-padding", "warning", what, why, "name a padding token of its own"))
    return findings


def _positions(model: ModelFolder) -> list[Finding]:
    limit, told = position_limit(model), model.tokenizer_config.get("model_max_length")
    findings = []
    configured = model.model_config.get("max_position_embeddings")
    if limit is not None and isinstance(configured, int) and configured > limit:
        what = f"config.json says max_position_embeddings={configured}, the table in the weights ends at {limit}"
        findings.append(Finding("positions-disagree", "error", what, "longer inputs fail", f"max_position_embeddings: {limit}"))
    if limit is not None and model.tokenizer_config and (told is None or told > limit):
        shown = "none" if told is None or told > _NO_LIMIT else str(told)
        findings.append(
            Finding(
                "position-limit",
                "warning",
                f"the position table ends at {limit} tokens; the tokenizer's limit (model_max_length) is {shown}",
                "truncation=True cuts nothing, and a longer dialogue fails inside the model or is cut silently",
                f"model_max_length: {limit} (--fix)",
            )
        )
    return findings


def _emoticons(model: ModelFolder) -> list[Finding]:
    named = {model.named_token(kind) for kind in ("bos", "eos", "pad", "unk", "mask", "sep", "cls")}
    strays = sorted(stray_specials(model.tokenizer) - named, key=lambda token: (not token.isalnum(), token))
    if not strays:
        return []
    shown = ", ".join([*[token for token in strays if token.isalnum()][:2], *[token for token in strays if not token.isalnum()][:4]])
    return [
        Finding(
            "emoticons-special",
            "warning",
            f"{len(strays)} emoticons and words are special tokens ({shown})",
            "skip_special_tokens=True takes them out of whatever is decoded",
            "make them ordinary added tokens (--fix): they keep their ids",
        )
    ]


def _vocabulary(model: ModelFolder) -> list[Finding]:
    rows, last = model.rows, max(model.vocabulary.values(), default=-1)
    if rows is None or last < rows or model.adapter:
        return []
    what = f"the tokenizer's ids go up to {last}, the embedding has {rows} rows"
    fix = "model.resize_token_embeddings(len(tokenizer)), or the tokenizer that belongs to the weights"
    return [Finding("ids-beyond-rows", "error", what, "the first such token fails", fix)]


def _characters(model: ModelFolder) -> list[Finding]:
    if not model.tokenizer:
        return []
    unk = model.vocabulary.get(model.named_token("unk") or "")
    unknown = [text for text in _COMMON if unk is not None and unk in model.encode(text)]
    back = {text: model.decode_keeping(model.encode(text)).strip() for text in _COMMON if text not in unknown}
    changed = [f"{text} -> {other}" for text, other in back.items() if other != text]
    findings = []
    if unknown:
        what = f"unknown to the tokenizer: {', '.join(unknown)}"
        findings.append(Finding("unknown-characters", "note", what, "the model reads <unk> there", "yoyak data clean replaces what it can"))
    if changed:
        what = f"come back changed: {', '.join(changed)}"
        why = "the tokenizer normalizes (NFKC): single jamo become conjoining ones, which look alike and are other characters"
        findings.append(Finding("changed-characters", "note", what, why, "normalize outputs and references alike before comparing"))
    return findings


def _weights(model: ModelFolder) -> list[Finding]:
    if model.tensors or model.adapter:
        return []
    if (model.path / "pytorch_model.bin").is_file():
        what = "the weights are a pickle (pytorch_model.bin)"
        why = "loading a pickle can run code; yoyak loads safetensors only"
        return [Finding("pickle", "warning", what, why, "model.save_pretrained(folder) with a current transformers writes safetensors")]
    return [Finding("no-weights", "note", "the folder holds no weights: only its small files were looked at")]
