"""label, rows: whether training sees the tags, and whether there are trained rows for them."""

from __future__ import annotations

from yoyak.doctor.case import Case
from yoyak.doctor.finding import Finding, Level, Stage, percent
from yoyak.doctor.folder import ModelFolder
from yoyak.models.inputs import prompt
from yoyak.text import tags

# Tables are padded to a multiple of this by those who pad them.
_PADDED_TO = 64
# Fewer labels than this share losing a tag is a warning.
_FEW = 0.01


def label(case: Case) -> Stage:
    """Whether labels are cut before a tag, and whether the end token is masked as padding."""
    findings: list[Finding] = []
    seen: list[str] = []
    if case.recipe is not None and case.model is not None and case.model.tokenizer and case.references:
        for found in (_cut_labels(case, case.model), _cut_tails(case, case.model)):
            findings.extend(found[0])
            seen.extend(found[1])
    if case.model is not None and (masked := end_masked(case.model)) is not None:
        findings.append(masked)
    elif case.model is not None and case.model.trained_here:
        seen.append("trained by yoyak: the end token is a label, padding is masked by position")
    elif case.model is not None and case.model.model_config:
        seen.append("padding and end token differ")
    if not findings and not seen:
        return Stage("label", needs="--model DIR, with --recipe and --data to see what its limits cut")
    return Stage("label", tuple(findings), "; ".join(seen))


def _cut_labels(case: Case, model: ModelFolder) -> tuple[list[Finding], list[str]]:
    limit = case.recipe.target_limit if case.recipe else None
    if limit is None:
        return [], []
    path, length = limit
    room = length - 1  # the end token
    if case.recipe is not None and case.recipe.own:
        return _left_out(case, model, path, room)
    cut = without = 0
    for text in case.references:
        encoding = model.engine.encode(text, add_special_tokens=False)
        if len(encoding.ids) <= room:
            continue
        cut += 1
        end = encoding.offsets[room - 1][1] if room > 0 else 0
        without += any(tag.end > end for tag in tags.find(text))
    seen = f"{path}={length} cuts {cut} of {len(case.references)} summaries"
    if not without:
        return [], [seen]
    what = f"{path}={length} cuts {percent(cut, len(case.references))} summaries, {without} of them before a tag"
    return [_cut(what, without, len(case.references), f"raise {path}: {_longest(case, model)} tokens hold every summary")], [seen]


def _left_out(case: Case, model: ModelFolder, path: str, room: int) -> tuple[list[Finding], list[str]]:
    """yoyak leaves a row out rather than cut its summary: no tag is lost, but what such rows teach is."""
    count = sum(len(model.encode(text)) > room for text in case.references)
    seen = f"{path}={room + 1} leaves out {count} of {len(case.references)} rows"
    if count / len(case.references) < _FEW:
        return [], [seen]
    what = f"{path}={room + 1} leaves out {percent(count, len(case.references))} rows, whose summaries are longer"
    fix = f"raise {path}: {_longest(case, model)} tokens hold every summary"
    return [Finding("label-left-out", "warning", what, "what is left out is not learned from", fix)], [seen]


def _cut_tails(case: Case, model: ModelFolder) -> tuple[list[Finding], list[str]]:
    """Prompt and summary cut together from the end, as TRL does: the summary is what goes."""
    limit = case.recipe.whole_limit if case.recipe else None
    if limit is None or model.model_config.get("is_encoder_decoder"):
        return [], []
    path, length = limit
    rows = [(len(model.encode(prompt(dialogue.turns))), text) for dialogue in case.dialogues for text in dialogue.references]
    cut = sum(head + len(model.encode(text)) + 2 > length and bool(tags.find(text)) for head, text in rows)
    seen = f"{path}={length} cuts the summary of {cut} of {len(rows)} rows"
    if not cut:
        return [], [seen]
    what = f"{path}={length} cuts the end of {percent(cut, len(rows))} rows, and that is their summary"
    return [_cut(what, cut, len(rows), "cut whole turns of the dialogue and never the summary (yoyak train does)")], [seen]


def _cut(what: str, part: int, whole: int, fix: str) -> Finding:
    level: Level = "error" if part / whole >= _FEW else "warning"
    return Finding("label-cut", level, what, "what is cut off the labels is never learned, and the end token goes with it", fix)


def _longest(case: Case, model: ModelFolder) -> int:
    return 1 + max(len(model.encode(text)) for text in case.references)


def end_masked(model: ModelFolder) -> Finding | None:
    """Padding that is the end token: labels mask padding, so the end is masked too. Not said of models that yoyak trained."""
    if model.trained_here:
        return None
    tokenizer_pad, tokenizer_eos = model.named_token("pad"), model.named_token("eos")
    config = model.model_config
    pad, eos = config.get("pad_token_id"), config.get("eos_token_id")
    ends = eos if isinstance(eos, list) else [eos]
    by_config = pad is not None and pad in ends
    by_tokenizer = tokenizer_pad is not None and tokenizer_pad == tokenizer_eos
    if not (by_config or by_tokenizer):
        return None
    where = (
        f"config.json: pad_token_id = eos_token_id = {pad}"
        if by_config
        else f"tokenizer_config.json: pad_token = eos_token = {tokenizer_pad}"
    )
    return Finding(
        "pad-is-eos",
        "error",
        f"padding is the end token ({where})",
        "a collator that masks padding in the labels masks the end with it: the model never learns to stop, writes on to the limit, and"
        " what is cut there or cleaned up afterwards takes tags along",
        "use a padding token of its own, or mask labels by position and not by id (yoyak train does)",
    )


def rows(case: Case) -> Stage:
    """Whether every tag token has a row in the embedding, and whether training reached it."""
    model = case.model
    if model is None and case.recipe is None:
        return Stage("rows", needs="--model DIR, or --recipe FILE")
    findings: list[Finding] = []
    seen: list[str] = []
    if model is not None:
        findings.extend([*_beyond(model), *_tokenizer_left_behind(case, model), *_adapter(model)])
        seen.extend([f"the embedding has {model.rows} rows"] if model.rows else [])
        seen.append("tags need no rows of their own" if not model.tag_tokens else f"{len(model.tag_tokens)} tags have rows")
    if case.recipe is not None and not any(finding.level == "error" for finding in findings):
        added = case.recipe.adds_tags
        if added and case.recipe.is_adapter and not case.recipe.trains_rows:
            findings.append(_frozen(f"the recipe adds {added[1]} ({added[0]}) and trains an adapter that leaves the embedding alone"))
        elif not added:
            seen.append("the recipe adds no tags")
    return Stage("rows", tuple(findings), "; ".join(seen))


def _beyond(model: ModelFolder) -> list[Finding]:
    count = model.rows
    if count is None:
        return []
    outside = sorted(name for name, entry in model.tag_tokens.items() if entry["id"] >= count)
    if not outside or model.adapter:  # of adapters _adapter says more
        return []
    return [
        Finding(
            "ids-beyond-rows",
            "error",
            f"{len(outside)} tags ({outside[0]} is id {model.tag_tokens[outside[0]]['id']}) lie beyond the {count} rows of the embedding",
            "tags were added to the tokenizer, and the model that was resized was another object or none",
            "model.resize_token_embeddings(len(tokenizer)) on the very model that is saved; yoyak.checkpoints.tags.with_policy does both",
        )
    ]


def _tokenizer_left_behind(case: Case, model: ModelFolder) -> list[Finding]:
    """Rows were made for tags, but the tokenizer beside the model does not know them."""
    count = model.rows
    if model.tag_tokens or model.adapter or count is None:
        return []
    expected = model.yoyak.get("tags") or model.yoyak.get("tag_policy") or (case.recipe.policy if case.recipe else None)
    added = expected in ("tokens", "special") or (case.recipe is not None and case.recipe.adds_tags is not None)
    known = 1 + max(model.vocabulary.values(), default=-1)
    spare = count - known
    if not model.tokenizer:
        what = "the folder holds a model and no tokenizer.json"
    elif added and spare > 0:
        what = f"tags were to be tokens; the model has {count} rows and the tokenizer beside it ends at {known} without one tag"
    elif 0 < spare < _PADDED_TO and count % _PADDED_TO:
        what = f"the model has {count} rows, {spare} more than the tokenizer beside it has tokens, and the tokenizer knows no tag"
    else:
        return []
    return [
        Finding(
            "tokenizer-not-saved",
            "error",
            what,
            "the tokenizer with the tags was not saved with the model: tags are read and written with other ids than in training",
            "tokenizer.save_pretrained(folder) beside the model, with the tokenizer object that training used",
        )
    ]


def _adapter(model: ModelFolder) -> list[Finding]:
    """An adapter's folder: were the tags' rows trained, and were they saved?"""
    if not model.adapter or not model.tag_tokens:
        return []
    base_rows = model.base.rows if model.base else None
    in_base = model.base is not None and set(model.tag_tokens) <= set(model.base.tag_tokens)
    if in_base:
        return []
    own_rows = any(_is_row(name) for name in model.tensors)
    if _names_rows(model):
        if own_rows:
            return []
        why = "adapter_config.json says they were trained, and adapter_model.safetensors does not hold them"
    elif own_rows:
        return [_frozen("the adapter's folder holds the embedding, but adapter_config.json trains none of its rows")]
    elif base_rows is not None and max(entry["id"] for entry in model.tag_tokens.values()) < base_rows:
        return [_frozen("the tags use spare rows of the base, and adapter_config.json trains none of them")]
    elif not model.tensors:
        return []
    elif model.base is None:
        why = "adapter_model.safetensors holds no rows for them, and whether its base does cannot be seen: it is not on this machine"
    else:
        why = "the base has no rows for them, and adapter_model.safetensors holds none"
    return [
        Finding(
            "adapter-without-rows",
            "error" if model.base is not None or _names_rows(model) else "warning",
            f"the tokenizer beside the adapter has {len(model.tag_tokens)} tags as tokens; {why}",
            "whoever loads base and adapter gets fresh, untrained rows for the tags",
            "save with save_embedding_layers=True, or train the rows by trainable_token_indices, which saves them itself; "
            "or keep tags as plain text",
        )
    ]


def _is_row(name: str) -> bool:
    return ("embed" in name or "shared" in name or "wte" in name or "token_adapter" in name) and "lora_" not in name


def _names_rows(model: ModelFolder) -> bool:
    saved = model.adapter.get("modules_to_save") or []
    trained = any(part in name for name in saved for part in ("embed", "shared", "wte", "lm_head"))
    targets = model.adapter.get("target_modules") or []
    adapted = (
        any("embed" in name or name in ("shared", "wte") for name in targets if isinstance(name, str))
        if isinstance(targets, list)
        else False
    )
    return trained or adapted or bool(model.adapter.get("trainable_token_indices"))


def _frozen(what: str) -> Finding:
    return Finding(
        "rows-frozen",
        "error",
        what,
        "LoRA freezes embedding and head: rows made for new tokens stay as they were made, and the tags can be neither read nor written",
        "trainable_token_indices={'embed_tokens': [the tags' ids]}, or keep tags as plain text, which needs no new rows",
    )
