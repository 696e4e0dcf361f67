"""The five things that a person should do about these data, each with its number: the plain sentences on top of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from yoyak.eda.decision import USUAL, Language
from yoyak.eda.numbers import distance
from yoyak.eda.stats import Analysis, ints
from yoyak.eda.verdict import Verdict
from yoyak.report.figures import percent

MOST = 5
_MIXED = 0.1  # share of the rarer ending from which a split is mixed
_SHIFT = 0.15  # Kolmogorov-Smirnov distance that is worth a word
_COSTLY_TAG = 3  # tokens


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence with its number. `weight` ranks: what makes results wrong stands above what makes them worse, and that above the rest.

    `kind` is the section of the page that shows why.
    """

    kind: str
    weight: float
    text: str


def advice(analysis: Analysis, verdicts: Sequence[Verdict], *, lang: Language = "ko") -> list[Advice]:
    """The five, heaviest first; fewer problems than five leave room for what is in order."""
    ko = lang == "ko"
    found = [
        *_lengths(verdicts, ko),
        *_leaks(analysis, ko),
        *_wrong_rows(analysis, ko),
        *_noise(analysis, ko),
        *_endings(analysis, ko),
        *_names(analysis, ko),
        *_topics(analysis, ko),
        *_tokenizers(analysis, ko),
        *_personal(analysis, ko),
        *_shift(analysis, ko),
        *_josa(analysis, ko),
        *_sizes(analysis, bool(verdicts), ko),
    ]
    return sorted(found, key=lambda each: -each.weight)[:MOST]


def _lengths(verdicts: Sequence[Verdict], ko: bool) -> Iterator[Advice]:
    for number, verdict in enumerate(verdicts[:2]):
        found, touched = verdict.lengths, percent(verdict.touched)
        usual = verdict.at_decoder(USUAL[1]).cut
        if ko:
            text = f"{verdict.tokenizer}: 길이를 {found.encoder}/{found.decoder}토큰으로 정하세요. {found.reason} "
            text += f"흔히 쓰는 {USUAL[0]}/{USUAL[1]}은 대화 {touched}, 요약 {percent(usual)}를 자릅니다."
        else:
            text = f"{verdict.tokenizer}: set the lengths to {found.encoder}/{found.decoder} tokens. {found.reason} "
            text += f"The usual {USUAL[0]}/{USUAL[1]} cuts {touched} of the dialogues and {percent(usual)} of the summaries."
        yield Advice("lengths", 80 - 45 * number, text)


def _leaks(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    leaks = analysis.census.count("leak")
    if leaks:
        text = (
            f"두 파일에 함께 있는 대화 {leaks:,}개를 한쪽에서만 쓰세요. 학습에서 본 대화로 평가하면 점수가 부풀려집니다 (yoyak data check)."
            if ko
            else f"Keep {leaks:,} dialogues that stand in two files in one of them: scores on what was trained on "
            "flatter (yoyak data check)."
        )
        yield Advice("duplicates", 100, text)
    same = analysis.census.count("duplicate") + analysis.census.count("near-duplicate")
    if same:
        share = percent(same / max(analysis.dialogues, 1))
        text = (
            f"같은 파일 안에서 겹치는 대화 {same:,}개({share})를 하나씩만 남기세요."
            if ko
            else f"Keep one of each of {same:,} dialogues ({share}) that repeat another of their file."
        )
        yield Advice("duplicates", 45 + 100 * same / max(analysis.dialogues, 1), text)
    if len(analysis.splits) > 1 and not leaks:
        text = (
            f"파일 {len(analysis.splits)}개 사이에 겹치는 대화는 0개입니다. 지금 나눔을 그대로 쓰세요."
            if ko
            else f"Keep the split as it is: 0 dialogues stand in two of the {len(analysis.splits)} files."
        )
        yield Advice("duplicates", 5, text)


def _wrong_rows(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    rejected = sum(split.rejected for split in analysis.splits)
    if rejected:
        text = (
            f"읽을 수 없는 행 {rejected:,}개를 고치세요. yoyak data check가 행마다 이유를 말합니다."
            if ko
            else f"Mend {rejected:,} rows that cannot be read; yoyak data check gives the reason for each."
        )
        yield Advice("noise", 95, text)
    unknown, long, missing = (analysis.census.count(rule) for rule in ("unknown-tag", "long-summary", "no-summary"))
    if unknown + long + missing:
        text = (
            f"요약 {unknown + long + missing:,}개를 손보세요: 대화에 없는 태그 {unknown:,}개, 대화보다 긴 요약 "
            f"{long:,}개, 빈 요약 {missing:,}개."
            if ko
            else f"Mend {unknown + long + missing:,} summaries: {unknown:,} name a tag that the dialogue lacks, "
            f"{long:,} are longer than their "
            f"dialogue, {missing:,} are empty."
        )
        yield Advice("noise", 90, text)


def _noise(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    noise = analysis.census.noise
    if not noise:
        yield Advice("noise", 4, "정제할 잡음이 0건입니다." if ko else "Nothing to clean: 0 records hold known noise.")
        return
    top = noise[:3]
    listed = ", ".join(f"{each.rule} {each.title[1 if ko else 0]} {each.total:,}" for each in top)
    share = top[0].total / max(analysis.dialogues, 1)
    command = f"yoyak data clean FILE -o F --select {','.join(each.rule for each in noise if each.rule not in ('N26', 'N22', 'N27'))}"
    text = (
        f"학습 전에 정제하세요. 가장 흔한 잡음: {listed} (대화의 {percent(share)}). 명령: {command}"
        if ko
        else f"Clean before training. Most frequent: {listed} ({percent(share)} of the dialogues). Command: {command}"
    )
    yield Advice("noise", 20 + 60 * min(1.0, share), text)


def _endings(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    total: Counter[str] = Counter()
    for split in analysis.splits:
        total.update(split.endings)
    pair = total["니다"] + total["다"]
    if pair and min(total["니다"], total["다"]) / pair >= _MIXED:
        polite = percent(total["니다"] / pair)
        text = (
            f"요약의 끝을 하나로 맞추세요. 문장의 {polite}가 ~니다, 나머지는 ~다로 끝나 모델이 어느 쪽도 확실히 배우지 "
            "못합니다 (summarize --ending)."
            if ko
            else f"Choose one ending for summaries: {polite} of the sentences end in ~니다, the rest in ~다, and a "
            "model learns neither for sure "
            "(summarize --ending)."
        )
        yield Advice("style", 55, text)


def _names(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    scripts = {split.style.script for split in analysis.splits if split.style and split.style.script != "none"}
    if len(scripts) > 1 or "mixed" in scripts:
        shares = ", ".join(
            f"{split.name} {percent(split.style.latin)}/{percent(split.style.hangul)}" for split in analysis.splits if split.style
        )
        text = (
            f"외국 이름의 표기를 하나로 맞추세요. 이름이 로마자/한글로 나오는 대화: {shares}. 학습과 평가의 번역이 "
            "다르면 그만큼 점수를 잃습니다."
            if ko
            else f"Write foreign names in one script. Dialogues with names in Latin letters / Hangul: {shares}. A "
            "model trained on one translation "
            "and tested on another loses points that no method brings back."
        )
        yield Advice("style", 58, text)


def _topics(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    found = analysis.topics
    if not found.dialogues:
        return
    once = found.once / found.distinct
    if once > 0.5 and found.distinct > 50:
        text = (
            f"주제를 분류 이름으로 쓰지 마세요. {found.distinct:,}가지 가운데 {percent(once)}({found.once:,}가지)가 한 "
            "번만 나옵니다. 먼저 묶으세요."
            if ko
            else f"Do not use topics as classes: {percent(once)} of {found.distinct:,} ({found.once:,}) occur once. Group them first."
        )
        yield Advice("topics", 40, text)


def _tokenizers(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    for number, tokenizer in enumerate(analysis.tokenizers):
        special = sum(split.tokens[number].special.total() for split in analysis.splits)
        if special:
            text = (
                f"{tokenizer.name}: 디코딩에서 skip_special_tokens를 끄세요. 이모티콘 {len(tokenizer.special)}개가 "
                f"특수 토큰이라 이 자료의 {special:,}곳이 지워집니다."
                if ko
                else f"{tokenizer.name}: decode without skip_special_tokens: {len(tokenizer.special)} emoticons are "
                f"special tokens, {special:,} places "
                "of these data would be deleted."
            )
            yield Advice("tokenizers", 42, text)
        tag = tokenizer.tag_tokens()
        tagged = any(counts["#Person1#"] for counts in (split.tags for split in analysis.splits))
        if tagged and tag >= _COSTLY_TAG:
            spent = sum(int(ints(split.turns).sum()) for split in analysis.splits) * tag
            share = percent(min(1.0, spent / max(1, sum(split.tokens[number].plain for split in analysis.splits))))
            text = (
                f"{tokenizer.name}: 말하는 이 태그 하나가 {tag}토큰이라 대화 토큰의 {share}를 씁니다. 인코더-디코더를 "
                "배우게 할 때는 추가 토큰을 고려하세요."
                if ko
                else f"{tokenizer.name}: a speaker tag takes {tag} tokens, {share} of all tokens of the dialogues; "
                "consider added tokens when an "
                "encoder-decoder is trained."
            )
            yield Advice("tokenizers", 30, text)


def _personal(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    found: Counter[str] = Counter()
    for split in analysis.splits:
        found.update(split.personal)
    if found:
        listed = ", ".join(f"{kind.lstrip('@')} {count:,}" for kind, count in found.most_common(3))
        text = (
            f"공유하기 전에 가리세요. 개인정보로 보이는 값 {found.total():,}개: {listed} (yoyak data mask)."
            if ko
            else f"Mask before sharing: {found.total():,} values look like personal data: {listed} (yoyak data mask)."
        )
        yield Advice("tags", 60, text)


def _shift(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    first = analysis.splits[0]
    for split in analysis.splits[1:]:
        gap = distance(first.characters, split.characters)
        if gap > _SHIFT:
            a, b = (float(sorted(each.characters)[len(each.characters) // 2]) for each in (first, split))
            text = (
                f"{split.name}의 대화 길이는 {first.name}와 다릅니다: 중앙값 {b:,.0f}자와 {a:,.0f}자 (KS 거리 "
                f"{gap:.2f}). 길이별로 나누어 평가하세요."
                if ko
                else f"Score by length: dialogues of {split.name} differ from {first.name} (medians {b:,.0f} and "
                f"{a:,.0f} characters, KS distance "
                f"{gap:.2f})."
            )
            yield Advice("sizes", 35 + 40 * gap, text)


def _josa(analysis: Analysis, ko: bool) -> Iterator[Advice]:
    total: Counter[str] = Counter()
    for split in analysis.splits:
        total.update(split.josa)
    wrong, every = total["wrong"] + total["gap"], total.total() - total["none"]
    if every and wrong / every > 0.02:
        text = (
            f"요약의 태그 뒤 조사를 고치세요. {every:,}개 가운데 {wrong:,}개({percent(wrong / every)})가 맞지 않거나 "
            "띄어져 있습니다 (yoyak data clean --references)."
            if ko
            else f"Mend the josa after tags in summaries: {wrong:,} of {every:,} ({percent(wrong / every)}) do not fit or stand apart "
            "(yoyak data clean --references)."
        )
        yield Advice("tags", 38, text)


def _sizes(analysis: Analysis, measured: bool, ko: bool) -> Iterator[Advice]:
    """What is worth a sentence where little is wrong."""
    longest = max(max(split.characters) for split in analysis.splits)
    if not measured:
        text = (
            f"토크나이저를 주고 길이를 정하세요 (--tokenizer 폴더). 가장 긴 대화는 {longest:,}자입니다."
            if ko
            else f"Choose lengths with a tokenizer (--tokenizer DIR); the longest dialogue has {longest:,} characters."
        )
        yield Advice("lengths", 50, text)
    ratios = sorted(float(ratio) for split in analysis.splits for ratio in split.ratios())
    if ratios:
        middle = percent(ratios[len(ratios) // 2])
        text = (
            f"요약의 길이는 대화의 {middle}(중앙값)를 목표로 하고, 크게 벗어난 출력은 다시 보세요."
            if ko
            else f"Aim at summaries of {middle} of the dialogue's length (the median), and look again at outputs far from it."
        )
        yield Advice("sizes", 12, text)
    crowded = sum(count > 2 for split in analysis.splits for count in split.speakers) / max(analysis.dialogues, 1)
    text = (
        f"세 사람 이상이 나오는 대화({percent(crowded)})는 점수를 따로 보세요. 누가 했는지를 가장 자주 틀리는 곳입니다."
        if ko
        else f"Score dialogues of three or more speakers ({percent(crowded)}) apart: who did what goes wrong there most."
    )
    yield Advice("sizes", 10 if crowded else 1, text)
    found = sum(split.personal.total() for split in analysis.splits)
    if not found:
        yield Advice("tags", 3, "개인정보로 보이는 값은 0개입니다." if ko else "Nothing to mask: 0 values look like personal data.")
