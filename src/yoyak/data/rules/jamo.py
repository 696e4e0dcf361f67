"""Lone jamo: typos (N1), emotions (N2, N3) and abbreviations (N2b), told apart by what stands around them."""

from __future__ import annotations

import re

from yoyak.data.rules.base import Context, Rule, guarded, has_words

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_COMPOUNDS = {"ㅗㅏ": "ㅘ", "ㅗㅐ": "ㅙ", "ㅗㅣ": "ㅚ", "ㅜㅓ": "ㅝ", "ㅜㅔ": "ㅞ", "ㅜㅣ": "ㅟ"}
_EMOTIVE = frozenset("ㅋㅎㅠㅜㅡ")
_JAMO = re.compile("[ㄱ-ㅣ]")
_ONLY_JAMO = re.compile(r"[ㄱ-ㅣ\s.,!?~^;:·…_-]+")
_RUN = re.compile(r"([ㄱ-ㅣ])\1{2,}")


def _parts(syllable: str) -> tuple[int, int, int]:
    """Indices of initial, vowel and final."""
    code = ord(syllable) - 0xAC00
    return code // 588, code // 28 % 21, code % 28


def _syllable(initial: int, vowel: int, final: int = 0) -> str:
    return chr(0xAC00 + initial * 588 + vowel * 28 + final)


# --- N1 ---------------------------------------------------------------------------------------------------------------------------

_WITH_FINAL_H = frozenset("러떠조이저그")  # 그러ㅎ게 -> 그렇게, 어떠ㅎ게, 조ㅎ아
_BEFORE_EU = frozenset("로면며려")  # 배경ㅇ로 -> 배경으로
_FINALS_AT_THE_END = frozenset("ㄴㄹㅁㅂㅆ")


def _mend_typo(match: re.Match[str]) -> str:
    before, run = match["before"] or "", match["run"]
    following = match.string[match.end() : match.end() + 1]
    after = following if "가" <= following <= "힣" else ""
    if run == "ㅎ" and before in _WITH_FINAL_H and after and after in "게고지네습다은아":
        return _with_final(before, run)
    if _EMOTIVE.issuperset(run):
        return match[0]
    if len(run) > 1:
        return before + (_composed(run) or run)
    if run in _VOWELS:
        return _vowel(before, run, after) if before else run
    return _consonant(before, run, after)


def _composed(run: str) -> str | None:
    """The syllables that a run of jamo spells when all of it does: ㅇㅏㄴㄴㅕㅇ -> 안녕."""
    out, place = [], 0
    while place < len(run):
        if place + 1 >= len(run) or run[place] not in _INITIALS or run[place + 1] not in _VOWELS:
            return None
        initial, vowel, final = _INITIALS.index(run[place]), _VOWELS.index(run[place + 1]), 0
        place += 2
        ends = place + 1 >= len(run) or run[place + 1] not in _VOWELS
        if place < len(run) and run[place] in _FINALS and ends:
            final = _FINALS.index(run[place])
            place += 1
        out.append(_syllable(initial, vowel, final))
    return "".join(out)


def _with_final(before: str, consonant: str) -> str:
    initial, vowel, _ = _parts(before)
    return _syllable(initial, vowel, _FINALS.index(consonant))


def _consonant(before: str, run: str, after: str) -> str:
    if after and run in _INITIALS and _parts(after)[0] == _INITIALS.index(run):
        return before  # the next syllable's consonant typed twice
    if not before:
        return run  # "ㄱ자 모양", "ㄴ."
    final = _parts(before)[2]
    if final == 0:
        fits = run in _FINALS and (after or run in _FINALS_AT_THE_END)
        return _with_final(before, run) if fits else before + run
    if run == "ㅇ" and after in _BEFORE_EU and _FINALS[final] != "ㄹ":
        return before + "으"
    if after or run == _FINALS[final]:
        return before
    return before + run


def _vowel(before: str, run: str, after: str) -> str:
    initial, vowel, final = _parts(before)
    if final == 0:
        if _VOWELS[vowel] == run:
            return before
        compound = _COMPOUNDS.get(_VOWELS[vowel] + run)
        if compound:
            return _syllable(initial, _VOWELS.index(compound))
        if not after and run in "ㅏㅔ":
            return before + ("가" if run == "ㅏ" else "에")
        return before + run
    if run == "ㅓ" and _FINALS[final] == "ㅆ":
        return before + "어"
    if not after and run in "ㅔㅣ":
        return before + ("에" if run == "ㅔ" else "이")
    return before + run


_typo = guarded(r"(?P<before>[가-힣])?(?P<run>[ㄱ-ㅣ]+)", _mend_typo)


def mend_typos(text: str, context: Context) -> str:
    """N1."""
    return _typo(text)


# --- N2b --------------------------------------------------------------------------------------------------------------------------

#: Interjections stand alone; nouns may go on (ㄱㅅ합니다).
INTERJECTIONS = {
    "ㅇㅇ": "응",
    "ㄴㄴ": "아니",
    "ㄱㄱ": "가자",
    "ㅇㅋ": "오케이",
    "ㅇㅎ": "아하",
    "ㅂㅂ": "잘 가",
    "ㅂㅇ": "잘 가",
    "ㅎㅇ": "안녕",
    "ㄱㄷ": "기다려",
    "ㅁㄹ": "몰라",
}
NOUNS = {"ㄱㅅ": "감사", "ㅈㅅ": "죄송", "ㅊㅋ": "축하", "ㅇㅈ": "인정", "ㅅㄱ": "수고", "ㄹㅇ": "진짜", "ㅇㄷ": "어디"}
_SENTENCE_ENDS = frozenset("아어여해야요다네지죠자까니라음임함군나래대게")
_WINDOW = 40
_BLANKS = " \t\"'“”‘’"
_CLAUSE_MARKS = frozenset(".,!?~…;:)\n")
#: What a name left out (ㅇㅇ) is never followed by: an ending of a verb, or a word that begins an answer.
_ANSWER = re.compile(
    r"(?:나도|나는|난|내가|저도|저는|제가|우리|그래|그럼|그렇|근데|그런데|그리고|그때|그거|이거|거기|여기|내일|오늘|지금|이따|아까|금방|바로|곧|이미|아직"
    r"|알았|알겠|알아|맞아|맞는|좋아|좋지|괜찮|고마|안|못|잘|다|꼭|갈게|가자|보자|하자)(?![가-힣])"
    r"|(?:알았|알겠|맞아|좋아|괜찮|고마|그렇)[가-힣]{1,4}(?![가-힣])"
    r"|[가-힣]{0,6}(?:[갔았었했됐왔봤겠있없졌렸냈줬썼렀]|갑|합|습|됩)(?:어요|어|다|네|지|죠|니다|니까)(?![가-힣])"
    r"|[가-힣]{0,6}[갈할볼올줄될을둘놀살알물걸낼샐](?:게|게요|까|까요|래|래요|거야)(?![가-힣])"
    r"|[가-힣]{0,6}(?:[아어해세네데봐와돼줘가]요|[은는]데|니까)(?![가-힣])"
)
_COPULA = re.compile(r"(?:입니다|이에요|예요|이야|이다|이라|라고|이고|인데|이었|였)")
_PLACEHOLDER = re.compile(
    r" ?(?:씨|님|군|양|동|시|구|역|읍|면|도|로|대|대학|회사|은행|병원|학교|호텔|이|가|은|는|을|를|의|에)(?![가-힣]{3})"
)


def _spell_out(match: re.Match[str]) -> str:
    run = match["run"]
    text, start, end = match.string, match.start(), match.end()
    before, following = text[start - 1 : start], text[end : end + 1]
    if run[0] == run[-1] and len(run) > 2:
        run = run[:2]  # ㅇㅇㅇ
    halves = len(match["run"]) == 4 and match["run"][:2] == match["run"][2:] and run not in INTERJECTIONS
    key = match["run"][:2] if halves else run
    word = INTERJECTIONS.get(key) or NOUNS.get(key)
    if word is None:
        return match[0]
    hangul_before = "가" <= before <= "힣"
    if _is_masked(text, start, end, key):
        return match[0]
    if key in INTERJECTIONS:
        if "가" <= following <= "힣" or _PLACEHOLDER.match(text, end):
            return match[0]  # ㅇㅇ동, ㅇㅇ 씨: a name left out
        if hangul_before and before not in _SENTENCE_ENDS:
            return match[0]  # 김ㅇㅇ
    elif hangul_before and before not in _SENTENCE_ENDS:
        return match[0]
    blank_before = " " if hangul_before or before in _EMOTIVE else ""
    blank_after = " " if following in _EMOTIVE and following else ""
    return f"{blank_before}{word}{blank_after}"


def _is_masked(text: str, start: int, end: int, key: str) -> bool:
    """Whether it may stand for a name or a number that was left out (이름은 ㅇㅇ 입니다, 010-ㅇㅇㅇㅇ): it is no clause of its own."""
    left = text[max(0, start - _WINDOW) : start].rstrip(_BLANKS + _INITIALS_ALONE)
    right = text[end : end + _WINDOW].lstrip(_BLANKS + _INITIALS_ALONE)
    if left[-1:] == "-" or left[-1:].isdigit() or right[:1] == "-" or right[:1].isdigit() or _COPULA.match(right):
        return True
    if key not in INTERJECTIONS:
        return False
    begins = not left or left[-1] in _CLAUSE_MARKS or left[-1] in _EMOTIVE or left[-1] in _SENTENCE_ENDS
    ends = not right or right[0] in _CLAUSE_MARKS or right[0] in _EMOTIVE
    if not begins or (right[:1] in (".", ":") and right[1:2].isalnum()):
        return True
    return not ends and key[0] == key[-1] and not _ANSWER.match(right)


_INITIALS_ALONE = "".join(letter for letter in _INITIALS if letter not in _EMOTIVE)
_SHORT = "|".join(sorted((*INTERJECTIONS, *NOUNS), key=len, reverse=True))
_abbreviation = guarded(
    rf"(?<![ㄱ-ㅊㅌㅍㅏ-ㅞㅟㅢㅣ])(?P<run>ㅇ{{2,}}|ㄴ{{2,}}|ㄱ{{2,}}|(?:ㅊㅋ){{2}}|{_SHORT})(?![ㄱ-ㅊㅌㅍㅏ-ㅞㅟㅢㅣ])", _spell_out
)


def spell_out(text: str, context: Context) -> str:
    """N2b."""
    return _abbreviation(text)


# --- N2, N3 -----------------------------------------------------------------------------------------------------------------------

_EMOTION = (
    r"(?<![ㄱ-ㅣ])(?:[ㅋㅎㅠㅜㅡ]++|ㅎ?ㄷ{2,}+|(?:ㅂㄷ){2,}+|(?:ㅋㄷ)++|ㅉ{2,}+|ㄲ{2,}+|ㅗ{2,}+|[ㅡㅠㅜㅇ][.,_][ㅡㅠㅜㅇ])(?![ㄱ-ㅣ])[ \t]*"
)
_BEFORE_NOTHING = frozenset(" \t\n([\"'“‘")
_AFTER_NOTHING = frozenset("\n.,!?~…)]\"'”’;:")


def _leave_out(match: re.Match[str]) -> str:
    if match[0].rstrip() == "ㅡ":
        return match[0]  # a dash as some type it
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    if not before or before in _BEFORE_NOTHING or not after or after in _AFTER_NOTHING:
        return ""
    return " "


_emotion = guarded(_EMOTION, _leave_out)


def leave_out_emotions(text: str, context: Context) -> str:
    """N2. A line that says nothing else keeps them."""
    cleaned = _emotion(text)
    if cleaned == text:
        return text
    cleaned = cleaned.strip(" \t")
    return cleaned if has_words(cleaned) else text


def shorten_alone(text: str, context: Context) -> str:
    """N3."""
    return _RUN.sub(r"\1\1", text) if _ONLY_JAMO.fullmatch(text) else text


RULES = (
    Rule(
        "N2b",
        ("jamo abbreviations that carry meaning are spelt out", "뜻이 있는 초성 줄임말을 풀어 쓴다"),
        "ㅇㅇ means 응 and ㄱㅅ means 감사: a model that never saw them loses an answer. ㅇㅇ in place of a name (김ㅇㅇ, ㅇㅇ동, ㅇㅇ 씨) "
        ""
        "and ㅇㅇ in a number stay: it is spelt out only as a clause of its own.",
        (
            ("이름은 ㅇㅇ 입니다", "이름은 ㅇㅇ 입니다"),
            ("010-ㅇㅇㅇㅇ", "010-ㅇㅇㅇㅇ"),
            ("ㅇㅇ 초등학교 다녀", "ㅇㅇ 초등학교 다녀"),
            ("ㅇㅇ 갈게", "응 갈게"),
            ("좋아ㅇㅇ", "좋아 응"),
            ("ㄱㅅ합니다", "감사합니다"),
            ("ㅇㅋㅋㅋ", "오케이 ㅋㅋ"),
            ("김ㅇㅇ 씨", "김ㅇㅇ 씨"),
        ),
        spell_out,
        _JAMO,
    ),
    Rule(
        "N1",
        ("jamo typos inside words", "낱말 속의 자모 오타"),
        "Lone jamo break words apart for every tokenizer. Decided by the syllables on both sides: a consonant typed twice goes, a detached "
        "final is put back, a lost 으 or 가 is restored; what cannot be decided stays.",
        (
            ("배경ㅇ로", "배경으로"),
            ("제ㅏ 할게요", "제가 할게요"),
            ("아닌 척했ㄷ거든", "아닌 척했거든"),
            ("그러ㄴ데", "그런데"),
            ("ㄱ자 책상", "ㄱ자 책상"),
        ),
        mend_typos,
        _JAMO,
    ),
    Rule(
        "N2",
        ("emotive jamo", "감정을 나타내는 자모(ㅋㅋ, ㅠㅠ)"),
        "ㅋㅋㅋ, ㅎㅎ, ㅠㅠ, ㄷㄷ take the room of words in a model's input. A turn that is nothing else keeps them (N3).",
        (("아ㅠㅠ!", "아!"), ("진짜ㅋㅋㅋ대박", "진짜 대박"), ("ㅎㅎ 네", "네"), ("ㅎㅎ", "ㅎㅎ")),
        leave_out_emotions,
        _JAMO,
    ),
    Rule(
        "N3",
        ("a turn that is nothing but jamo is shortened, never emptied", "자모뿐인 발화는 비우지 않고 짧게 한다"),
        "A laugh is an answer; without it the turn would be empty and the turns before and after would run together.",
        (("ㅋㅋㅋㅋㅋㅋ", "ㅋㅋ"), ("ㅎㅎ", "ㅎㅎ"), ("ㅠㅠㅠㅠ!", "ㅠㅠ!")),
        shorten_alone,
        _JAMO,
    ),
)
