"""AI-Hub's Korean dialogue summaries; its masks (`#@이름#`) are tags and stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yoyak.data.formats.base import Columns, Match, Row
from yoyak.data.formats.build import build, moment, rejected
from yoyak.data.formats.json_items import Item, items, looks_like_json
from yoyak.data.source import Source
from yoyak.records import Turn

# What stands for a photo or a line of the app, alone or with the word for what was shared.
_NO_SPEECH = re.compile(r"(?:\s*#@(?:이모티콘#|시스템#(?:[^\s#]{1,20}#|(?:사진|동영상|이모티콘|파일|음성|지도|삭제|송금|기타)\b)?))+\s*")


class AiHub:
    """`{"data": [{"header": {"dialogueInfo"}, "body": {"dialogue": [{"utterance", "participantID"}], "summary"}}]}`."""

    name = "aihub"

    def match(self, head: str) -> Match:
        if not looks_like_json(head) or ('"dialogueInfo"' not in head and '"participantID"' not in head):
            return Match(0.0)
        if '"participantID"' in head and '"utterance"' in head:
            return Match(1.0, None, "dialogues as AI-Hub writes them")
        line = head.count("\n", 0, head.find('"dialogueInfo"')) + 1
        return Match(0.95, line, 'a "body" with a "dialogue" of "utterance" and "participantID"')

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        for item in items(source, below=("data",)):
            yield _dialogue(item, source.name) if isinstance(item, Item) else item


def _dialogue(item: Item, file: str) -> Row:
    header, body = item.value.get("header"), item.value.get("body")
    info = header.get("dialogueInfo") if isinstance(header, dict) else None
    info = info if isinstance(info, dict) else {}
    id_ = str(info.get("dialogueID") or f"{file}:{item.number}")
    dialogue = body.get("dialogue") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(dialogue, list):
        return rejected(file, item.number, 'there is no list "dialogue" below "body"', "fetch the file anew", "aihub", item.value, id_)
    turns = []
    for entry in dialogue:
        speaker = str(entry.get("participantID") or "").strip() if isinstance(entry, dict) else ""
        text = entry.get("utterance") if isinstance(entry, dict) else None
        if not speaker or not isinstance(text, str):
            message = 'an utterance has no "participantID" or no "utterance"'
            return rejected(file, item.number, message, "give each utterance both", "aihub", item.value, id_)
        if text.strip() and not _NO_SPEECH.fullmatch(text):
            turns.append(Turn(speaker, text.strip(), moment(f"{entry.get('date') or ''} {entry.get('time') or ''}")))
    summary, topic = body.get("summary"), info.get("topic")
    return build(
        id_,
        turns,
        file=file,
        row=item.number,
        raw=item.value,
        references=(summary,) if isinstance(summary, str) and summary.strip() else (),
        topic=topic if isinstance(topic, str) and topic.strip() else None,
    )
