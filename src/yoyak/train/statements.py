"""What a verifier learns from: for each dialogue true and false sentences, about as many of each, made anew for every epoch."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from yoyak.data.read import read
from yoyak.errors import DataError
from yoyak.metrics.evidence import sentences
from yoyak.models.judgement import KINDS, Kind
from yoyak.records import Dialogue, Problem
from yoyak.summarize.engines.extractive import Extractive
from yoyak.text.endings import Style, restyle
from yoyak.train.augment import deal_speakers
from yoyak.train.corruptions import Statement, corrupt, last_clause

#: A dialogue with statements about it.
Told = tuple[Dialogue, tuple[Statement, ...]]

_STYLES: tuple[Style, ...] = ("한다", "합니다", "함")
# What automatic corruptions are drawn by: who said what is what summaries get wrong most.
_SHARES: Mapping[Kind, int] = {"speaker": 4, "negation": 2, "detail": 2, "invented": 2}


def told_rows(paths: Sequence[str], *, limit: int | None = None) -> list[Told]:
    """The dialogues of files with what people wrote about them: the summaries' sentences and, where a JSONL file has them, false twins.

    A row of this project's corpus names its sentences (`sentences: [{text}]`) and their false versions (`false_twins: [{text, kind}]`);
    of any other, the references are cut into sentences.

    Raises:
        DataError: No dialogue has a summary.
    """
    found: list[Told] = []
    for path in paths:
        written = _written(Path(path))
        for dialogue in read(path):
            statements = written.get(dialogue.id) or tuple(Statement(s) for reference in dialogue.references for s in sentences(reference))
            if statements:
                found.append((dialogue, statements))
    if not found:
        message = "the files hold no dialogue with a summary"
        raise DataError([Problem(", ".join(paths), None, message, "give files with summaries", "no-reference")])
    return found[:limit]


def _written(path: Path) -> dict[str, tuple[Statement, ...]]:
    """Id -> sentences and false twins, of a JSONL file that names them."""
    if path.suffix != ".jsonl":
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line) if line.strip() else {}
        if "sentences" in row:
            true = [Statement(one["text"]) for one in row["sentences"]]
            twins = [one for one in row.get("false_twins", ()) if one["kind"] in KINDS]
            false = [Statement(one["text"], one["kind"], true[one["sentence"] - 1].text if "sentence" in one else None) for one in twins]
            found[str(row["id"])] = (*true, *false)
    return found


def retold(rows: Sequence[Told]) -> list[tuple[str, ...]]:
    """For each dialogue the sentences of the engine `extractive`: true ones (nine in ten) in another manner than people's."""
    made = {p.id: p.summary for p in Extractive().summarize(dialogue for dialogue, _ in rows)}
    return [tuple(sentences(made.get(dialogue.id, ""))) for dialogue, _ in rows]


def of_epoch(rows: Sequence[Told], extracts: Sequence[Sequence[str]], *, most: int, seed: int) -> list[Told]:
    """The rows as they are learned in one epoch: corruptions added until true and false are level, speakers and endings dealt anew.

    A dialogue's sentences all end in the same style, so that no style tells true from false.

    Args:
        rows: What people wrote.
        extracts: Further true sentences for each row.
        most: Most statements for a dialogue.
        seed: The draws depend on it alone.
    """
    rng = random.Random(seed)
    strangers: dict[str, list[tuple[str, Sequence[str]]]] = defaultdict(list)
    for dialogue, written in rows:
        strangers[_domain(dialogue)].extend((s.text, dialogue.labels) for s in written if s.kind is None)
    everybody = [one for some in strangers.values() for one in some]
    found = []
    for (dialogue, written), extracted in zip(rows, extracts, strict=True):
        pool = strangers[_domain(dialogue)] if rng.random() < 0.8 else everybody
        statements = _levelled(dialogue, written, extracted, pool, most, rng)
        found.append(_dealt(dialogue, statements, rng))
    return found


def _domain(dialogue: Dialogue) -> str:
    return dialogue.id.rpartition("-")[0]


def _levelled(
    dialogue: Dialogue,
    written: Sequence[Statement],
    extracted: Sequence[str],
    strangers: Sequence[tuple[str, Sequence[str]]],
    most: int,
    rng: random.Random,
) -> list[Statement]:
    mine = [s for s in written if s.kind is None]
    halves = [Statement(half) for s in mine if rng.random() < 0.4 and (half := last_clause(s.text, dialogue.labels))]
    true = [*mine, *rng.sample([Statement(text) for text in extracted], len(extracted)), *halves][: most // 2]
    false = rng.sample(twins := [s for s in written if s.kind is not None], min(len(twins), most // 2))
    tries = 0
    while len(false) < len(true) and tries < 12:
        tries += 1
        [kind] = rng.choices(KINDS, [_SHARES[kind] for kind in KINDS])
        stranger = rng.choice(strangers) if strangers else None
        made = corrupt(rng.choice(true).text, kind, dialogue, stranger, rng)
        if made is not None and made.text not in {s.text for s in (*true, *false, *mine)}:
            false.append(made)
    statements = [*true, *false]
    rng.shuffle(statements)
    return statements


def _dealt(dialogue: Dialogue, statements: Sequence[Statement], rng: random.Random) -> Told:
    """With speakers and the sentences' endings dealt anew."""
    [style] = rng.choices(_STYLES, [5, 4, 1])
    texts = [text for s in statements for text in (s.text, s.origin or "")]
    styled = tuple(restyle(text, style) if style != "한다" else text for text in texts)
    told = deal_speakers(replace(dialogue, references=styled), rng)
    pairs = zip(told.references[::2], told.references[1::2], strict=True)
    renamed = tuple(replace(s, text=text, origin=origin or None) for s, (text, origin) in zip(statements, pairs, strict=True))
    return replace(told, references=dialogue.references), renamed
