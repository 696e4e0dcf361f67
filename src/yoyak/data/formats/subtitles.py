"""Subtitles (SRT, WebVTT): cues become turns; cues that split a sentence are put together.

Who speaks is told by `<v 이름>`, by `이름: 말`, or by a dash at a change of speaker. Where nothing tells it, speakers are called 화자1 and
화자2 in turn, since a dash says only that another one speaks.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from yoyak.data.formats.base import Columns, Match, Rejected, Row
from yoyak.data.formats.build import build, rejected
from yoyak.data.source import Source
from yoyak.records import Turn

_STAMP = r"(?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3}"
_TIMING = re.compile(rf"[ \t]*{_STAMP}[ \t]*-->[ \t]*{_STAMP}(?:[ \t].*)?$")
_SRT_HEAD = re.compile(rf"\s*\d+[ \t]*\r?\n[ \t]*{_STAMP}[ \t]*-->[ \t]*{_STAMP}")
_ARROW = re.compile(rf"[ \t]*[\d:.,]+[ \t]*-->|[ \t]*{_STAMP}[ \t]{{0,9}}[-–—=]{{0,3}}[>→]?[ \t]{{0,9}}{_STAMP}[ \t]*$")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,60})? (?P<name>[^<>]{1,100})>")
_MARKUP = re.compile(r"</?(?:v|c|i|b|u|s|font|ruby|rt|lang)(?:[ .][^<>]{0,200})?>|<\d[\d:.]{1,20}>|\{\\[^{}]{1,60}\}")
_NAMED = re.compile(r"(?P<name>[^\s:：\[(\"'\-][^:：\n\"']{0,18}?)[ \t]?[:：][ \t]+(?=\S)")
_CLOCK = re.compile(r"[\d\s오전후시]+$")
_DASH = re.compile(r"[-–‐][ \t]*(?=\S)")
_SENTENCE_END = re.compile(r"[.?!…~♪)\]\"'”’]$")
_NOISE = re.compile(r"\s*[\[(♪][^\[\]()♪]{0,80}[\])♪]\s*$")


class _Piece(NamedTuple):
    """One line of a cue: who says it (None: not told), whether a dash opened it, and what is said."""

    name: str | None
    dashed: bool
    text: str
    start: str


class Subtitles:
    """One file is one dialogue; its id is the file's name."""

    name = "subtitles"

    def match(self, head: str) -> Match:
        text = head.lstrip("\ufeff \t\r\n")
        if text.startswith("WEBVTT") or _SRT_HEAD.match(text):
            return Match(1.0, None, "WebVTT" if text.startswith("W") else "SRT") if "-->" in text else Match(0.7, 2, "a cue's times")
        lines = text.splitlines()
        if len(lines) > 1 and lines[0].strip().isdigit() and "-->" in lines[1]:
            return Match(0.7, 2, "times such as 00:00:01,000 --> 00:00:02,500")
        return Match(0.0)

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        import webvtt

        with source.open() as file:
            text = re.sub(r"\r\n?", "\n", file.read()).lstrip("\ufeff")
        kind = "vtt" if text.lstrip().startswith("WEBVTT") else "srt"
        bad, text = _bad_timings(text, source.name)
        yield from bad
        try:
            captions = webvtt.from_buffer(io.StringIO(text.lstrip()), format=kind).captions
        except webvtt.errors.MalformedFileError:
            captions = []
        pieces = [piece for caption in captions for piece in _pieces(caption.raw_text, str(caption.start))]
        stem = source.stem
        if pieces or not bad:
            yield build(stem, _turns(pieces), file=source.name, row=1, raw="" if pieces else text)


def _bad_timings(text: str, file: str) -> tuple[list[Rejected], str]:
    """Cues whose times cannot be read, and the text without them, so that they are no part of the cue before."""
    bad: list[Rejected] = []
    lines = text.split("\n")
    for place, line in enumerate(lines):
        if _ARROW.match(line) and not _TIMING.match(line):
            first = place - 1 if place and lines[place - 1].strip().isdigit() else place
            end = place + 1
            while end < len(lines) and lines[end].strip() and not _ARROW.match(lines[end]):
                end += 1
            if end < len(lines) and lines[end].strip() and end - 1 > place and lines[end - 1].strip().isdigit():
                end -= 1  # the number of the next cue
            cue = "\n".join(lines[first:end])
            lines[first:end] = [""] * (end - first)
            remedy = "write 00:00:01,000 --> 00:00:02,500"
            bad.append(rejected(file, place + 1, "the times of this cue cannot be read", remedy, "subtitles", cue))
    return bad, "\n".join(lines)


def _pieces(raw: str, start: str) -> Iterator[_Piece]:
    """The lines of a cue, a new one at each voice, name or dash; others go on with the line before."""
    held: _Piece | None = None
    for line in raw.split("\n"):
        for name, text in _voices(line):
            text = html.unescape(_MARKUP.sub("", text)).strip()
            dash = _DASH.match(text)
            text = text[dash.end() :] if dash else text
            if name is None and (named := _NAMED.match(text)) and not _CLOCK.match(named["name"]):
                name, text = named["name"].strip(), text[named.end() :]
            if not text or _NOISE.match(text):
                continue
            if held is not None and (name is not None or dash):
                yield held
                held = None
            held = _Piece(name, dash is not None, text, start) if held is None else held._replace(text=f"{held.text} {text}")
    if held is not None:
        yield held


def _voices(line: str) -> Iterator[tuple[str | None, str]]:
    """(name, text) for each voice span of a line; what stands before the first one has no name."""
    place, name = 0, None
    for match in _VOICE.finditer(line):
        if line[place : match.start()].strip():
            yield name, line[place : match.start()]
        name, place = match["name"].strip(), match.end()
    yield name, line[place:]


def _turns(pieces: Iterable[_Piece]) -> list[Turn]:
    """Turns out of pieces: whoever spoke goes on until a name or a dash says otherwise; a sentence that was split is joined."""
    turns: list[Turn] = []
    speaker = ""
    for piece in pieces:
        before = speaker
        if piece.name is not None:
            speaker = piece.name
        elif piece.dashed:
            speaker = "화자2" if before == "화자1" else "화자1"
        elif not before:
            speaker = "화자1"
        if turns and speaker == before and not piece.dashed and not _SENTENCE_END.search(turns[-1].text):
            last = turns[-1]
            turns[-1] = Turn(last.speaker, f"{last.text} {piece.text}", last.time)
        else:
            turns.append(Turn(speaker, piece.text, piece.start))
    return turns
