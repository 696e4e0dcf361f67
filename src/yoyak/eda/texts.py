"""What the page says, in Korean and in English."""

from __future__ import annotations

from yoyak.eda.decision import Language

_TEXTS = {
    "title": ("데이터를 보고 정하기", "A look at the data, and what to do"),
    "counts": ("대화 {dialogues}개, 요약 {summaries}개", "{dialogues} dialogues, {summaries} summaries"),
    "rejected": ("읽지 못한 행 {count}개", "{count} rows could not be read"),
    "five": ("이 자료로 할 일", "What to do about these data"),
    "why": ("근거", "why"),
    "lengths": ("길이 정하기", "Choosing the lengths"),
    "pair": ("대화(인코더) {encoder} · 요약(디코더) {decoder}", "dialogue (encoder) {encoder} · summary (decoder) {decoder}"),
    "usual": (
        "흔히 쓰는 {encoder}/{decoder}는 대화 {cut}와 요약 {summaries}를 자르고, 정답의 숫자 {numbers}와 이름 "
        "{names}가 잘린 뒤에만 있게 됩니다. "
        "모두 그 길이로 채우면 한 단계가 추천 길이의 {time}배 시간, {memory}배 메모리를 씁니다. "
        "길이가 비슷한 것끼리 묶어 배우면 {grouped}배여서, 한도를 올려도 시간은 거의 더 들지 않습니다.",
        "The usual {encoder}/{decoder} cuts {cut} of the dialogues and {summaries} of the summaries, and {numbers} of "
        "the numbers and {names} of the "
        "names in references stand behind the cut. Padded to it, a step takes {time} times the time and {memory} times the memory of the "
        "recommended pair; with batches by length {grouped} times the time: the limit then costs next to nothing.",
    ),
    "touched": (
        "{encoder}에서 한도를 더 올려도 달라질 수 있는 대화는 {touched}뿐입니다. 길이를 바꾸어도 점수가 오르지 않는 이유가 이것입니다.",
        "Raising the limit above {encoder} can change {touched} of the dialogues at most: that is why changing it brings no gain.",
    ),
    "model-known": (
        "비용은 config.json의 모델(매개변수 {parameters}M, {learned})로 계산했습니다. {rows}행, fp32.",
        "Cost is worked out for the model of config.json ({parameters} M parameters, {learned}), {rows} rows, fp32.",
    ),
    "model-assumed": (
        "토크나이저 옆에 config.json이 없어 비용은 KoBART 크기(매개변수 {parameters}M, {learned})로 계산했습니다. {rows}행, fp32.",
        "No config.json lies beside the tokenizer, so cost is worked out for KoBART's size ({parameters} M "
        "parameters, {learned}), {rows} rows, fp32.",
    ),
    "learned-all": ("전체 학습", "all weights"),
    "learned-lora": ("LoRA", "LoRA"),
    "limit": ("한도", "limit"),
    "cut": ("잘리는 글", "texts cut"),
    "tokens-lost": ("잃는 토큰", "tokens lost"),
    "tag": ("태그", "tags"),
    "number": ("숫자", "numbers"),
    "name": ("이름", "names"),
    "padded": ("시간: 채울 때", "time: padded"),
    "grouped": ("시간: 묶을 때", "time: by length"),
    "memory": ("메모리", "memory"),
    "encoder-table": ("대화(인코더)의 한도", "Limits on dialogues (encoder)"),
    "decoder-table": ("요약(디코더)의 한도", "Limits on summaries (decoder)"),
    "lost-note": (
        "태그·숫자·이름: 정답에 나오는데 대화에서는 잘린 뒤에만 나오는 것의 비율. 시간은 추천 한도를 1로 본 값.",
        "Tags, numbers, names: share of those in references that the dialogue says only behind the cut. Time: the recommended limit is 1.",
    ),
    "recommended": ("추천", "take this"),
    "usual-mark": ("흔히 씀", "usual"),
    "no-tokenizer": (
        "토크나이저를 주지 않아 글자로만 보았습니다. --tokenizer 폴더를 붙이면 토큰 길이와 추천 한도가 나옵니다.",
        "No tokenizer was given, so lengths are in characters. With --tokenizer DIR the page shows tokens and recommends limits.",
    ),
    "no-tokenizers-package": (
        "토큰을 세려면 pip install 'yoyak[ct2]'가 필요합니다.",
        "To count tokens: pip install 'yoyak[ct2]'.",
    ),
    "sizes": ("크기", "Sizes"),
    "dialogue-characters": ("대화 (글자)", "dialogue, characters"),
    "summary-characters": ("요약 (글자)", "summary, characters"),
    "turns": ("발화 수", "turns"),
    "speakers": ("화자 수", "speakers"),
    "ratio": ("요약/대화 길이", "summary / dialogue"),
    "dialogue-tokens": ("대화 ({name} 토큰)", "dialogue, {name} tokens"),
    "summary-tokens": ("요약 ({name} 토큰)", "summary, {name} tokens"),
    "characters": ("글자", "characters"),
    "tokens": ("토큰", "tokens"),
    "none": ("없음", "none"),
    "histogram-note": (
        "세로축은 비율, 파일끼리 축이 같습니다. 점선은 중앙값과 95·99번째 백분위수. 마지막 칸은 그보다 긴 것을 모두 담습니다.",
        "Shares on axes that the files have in common. Broken lines: median, 95th and 99th percentile. The last bin "
        "holds all that is longer.",
    ),
    "split": ("파일", "file"),
    "measure": ("무엇", "measure"),
    "mean": ("평균", "mean"),
    "sd": ("표준편차", "sd"),
    "median": ("중앙값", "median"),
    "max": ("최대", "max"),
    "relation": ("요약은 대화 길이를 얼마나 따라가는가", "Does a summary's length follow the dialogue's?"),
    "relation-note": (
        "상관: 피어슨 {pearson}, 스피어만 {spearman}. 선은 중앙값. 요약은 대화의 {ratio} 길이(중앙값)입니다.",
        "Correlation: Pearson {pearson}, Spearman {spearman}. The line is the median. A summary is {ratio} as long as "
        "its dialogue (median).",
    ),
    "tags-title": ("태그, 조사, 개인정보", "Tags, josa, personal data"),
    "in-dialogues": ("나오는 대화", "dialogues with it"),
    "in-summaries": ("나오는 요약", "summaries with it"),
    "josa": ("요약에서 태그 뒤에 오는 조사", "What follows tags in summaries"),
    "josa-wrong": ("맞지 않는 조사", "josa that does not fit"),
    "josa-gap": ("띄어쓴 조사", "blank before the josa"),
    "josa-none": ("조사 없음", "no josa"),
    "personal": ("개인정보로 보이는 값 (개수만)", "What looks like personal data (counts only)"),
    "topics": ("주제와 낱말", "Topics and words"),
    "topics-note": (
        "대화 {dialogues}개에 서로 다른 주제 {distinct}가지, 그 가운데 {once}가지({share})는 한 번만 나옵니다.",
        "{dialogues} dialogues have {distinct} different topics; {once} of them ({share}) occur once.",
    ),
    "no-topics": ("주제가 없습니다.", "There are no topics."),
    "head": ("자주 나오는 주제", "Most frequent topics"),
    "split-words": ("파일을 가르는 낱말", "Words that mark a file"),
    "topic-words": ("주제를 가르는 낱말", "Words that mark a topic"),
    "words-note": (
        "조사를 뗀 어절. 괄호는 그 낱말이 나오는 대화의 비율과 나머지에서의 비율. 다섯 대화 이상에 나오는 것만.",
        "Eojeol without josa. In brackets: share of dialogues with the word, and elsewhere. Only words of at least five dialogues.",
    ),
    "no-words": ("뚜렷이 다른 낱말이 없습니다.", "No word stands out."),
    "noise": ("잡음, 중복, 누출", "Noise, duplicates, leaks"),
    "rule": ("규칙", "rule"),
    "what": ("내용", "what"),
    "records": ("대화 수", "records"),
    "example": ("예", "example"),
    "no-noise": ("알려진 잡음이 없습니다.", "No known noise."),
    "leak": ("두 파일에 함께 있는 대화", "dialogues in two files"),
    "duplicate": ("한 파일 안에서 같은 대화", "equal dialogues in one file"),
    "near-duplicate": ("한 파일 안에서 거의 같은 대화", "nearly equal dialogues in one file"),
    "repeated-turn": ("앞 발화를 되풀이하는 발화가 있는 대화", "dialogues in which a turn repeats the one before"),
    "empty-turn": ("빈 발화", "empty turns"),
    "empty-dialogue": ("빈 대화", "empty dialogues"),
    "one-sided": ("한 사람만 말하는 대화", "one-sided dialogues"),
    "long-summary": ("대화보다 긴 요약", "summaries longer than the dialogue"),
    "unknown-tag": ("대화에 없는 태그가 나오는 요약", "summaries that name a tag the dialogue lacks"),
    "no-summary": ("빈 요약", "empty summaries"),
    "duplicate-id": ("되풀이되는 id", "ids that occur twice"),
    "shared-id": ("두 파일에 있는 id", "ids in two files"),
    "other": ("그 밖에 점검이 찾은 것", "What else the check found"),
    "style": ("문체", "Style"),
    "endings": ("요약 문장의 끝", "How summary sentences end"),
    "ending-other": ("기타", "other"),
    "scripts": ("외국 이름: 로마자 / 한글이 나오는 대화", "foreign names: dialogues with Latin / Hangul ones"),
    "gerunds": ("~기로 끝나는 주제", "topics that end in ~기"),
    "messages": ("파일마다 알릴 것", "Notes on files"),
    "tokenizers": ("토크나이저 건강", "Health of the tokenizers"),
    "vocabulary": ("어휘", "vocabulary"),
    "per-character": ("글자당 토큰", "tokens per character"),
    "unknown": ("모르는 토큰", "unknown tokens"),
    "bytes": ("바이트 조각", "byte pieces"),
    "specials": ("특수 토큰으로 등록된 이모티콘", "emoticons registered as special"),
    "specials-met": ("이 자료에서 지워질 곳", "places deleted here"),
    "tag-cost": ("#Person1#의 토큰", "tokens of #Person1#"),
    "round-trip": ("skip_special_tokens로 되돌리면 달라지는 글", "texts that change when decoded with skip_special_tokens"),
    "made": (
        "yoyak {version}이(가) 만든 쪽입니다. 모든 숫자는 stats.json에 있습니다.",
        "Made by yoyak {version}. Every figure is in stats.json.",
    ),
    "quantile": ("중앙값", "median"),
    "topics-bars": ("자주 나오는 주제 (대화 수)", "Most frequent topics (dialogues)"),
    "noise-bars": ("잡음 (대화 수)", "Noise (records)"),
    "limits-encoder": ("대화의 한도와 잃는 것", "What a limit on dialogues loses"),
    "limits-decoder": ("요약의 한도와 잃는 것", "What a limit on summaries loses"),
    "no-noise-example": ("규칙의 예", "the rule's own example"),
    "fig-characters": ("대화와 요약의 길이 (글자)", "Length of dialogues and summaries, in characters"),
    "fig-tokens": ("대화와 요약의 길이 ({name} 토큰)", "Length of dialogues and summaries, in {name} tokens"),
    "fig-shape": ("발화 수와 압축 비율", "Turns, and how far summaries compress"),
}


def text(key: str, lang: Language, **values: object) -> str:
    """The text of that key, `{name}` filled in."""
    return _TEXTS[key][0 if lang == "ko" else 1].format(**values)


def known(key: str) -> bool:
    """Whether there is such a text."""
    return key in _TEXTS
