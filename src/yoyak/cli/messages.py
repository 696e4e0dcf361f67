"""What the command line says, in Korean and in English."""

from __future__ import annotations

import locale
import os

from yoyak.errors import UsageError

_TEXTS = {
    "see-help": ("사용법은 --help를 보세요.", "See --help for usage."),
    "interrupted": ("중단했습니다.", "Interrupted."),
    "defect": (
        "예상하지 못한 오류({kind})입니다. --verbose를 붙여 다시 실행하면 자세한 내용이 나옵니다.",
        "An unexpected error ({kind}). Run again with --verbose for the details.",
    ),
    "written": ("{count}개 요약을 {path}에 썼습니다.", "Wrote {count} summaries to {path}."),
    "model-extractive": ("규칙으로 요약하며 가중치가 없습니다.", "Rules, no weights."),
    "model-gemma-3-270m": (
        "구글의 기반 모델 (extra [gemma]); 요약을 배우지 않은 상태입니다.",
        "Google's base model (extra [gemma]); it has not been taught to summarize.",
    ),
    "trimmed": (
        "어휘 {rows_before} -> {rows_after}, 매개변수 {parameters_before} -> {parameters_after}; "
        "글 {texts}개 가운데 {unchanged}개의 토큰이 그대로입니다.",
        "Vocabulary {rows_before} -> {rows_after}, parameters {parameters_before} -> {parameters_after}; "
        "{unchanged} of {texts} texts keep their tokens.",
    ),
    "shortlisted": (
        "{rows}개 가운데 {kept}개 토큰과 각 대화의 토큰만 쓰는 모델을 {path}에 만들었습니다.",
        "Wrote {path}: it computes {kept} of {rows} tokens and each dialogue's own.",
    ),
    "journal-kept": (
        "끝난 요약 {count}개는 {path}에 있습니다. 같은 명령에 --resume을 붙이면 이어서 합니다.",
        "{count} finished summaries are kept in {path}; the same command with --resume goes on from there.",
    ),
    "rejected": (
        "잘못된 행 {count}개를 {path}에 따로 두었습니다.",
        "{count} bad rows were set aside in {path}.",
    ),
    "rejected-shown": ("잘못된 행 {count}개를 건너뛰었습니다.", "{count} bad rows were skipped."),
    "failed-rows": ("{count}개 대화를 요약하지 못했습니다.", "{count} dialogues could not be summarized."),
    "keep-going": (
        "좋은 행만 처리하려면 --keep-going을 쓰세요.",
        "To process the good rows and set the bad ones aside, use --keep-going.",
    ),
    "language": ("ko", "en"),
    "checking": ("점검", "Checking"),
    "checked": ("오류 {errors}개, 경고 {warnings}개", "{errors} errors, {warnings} warnings"),
    "check-more": (
        "{file} [{rule}]: 모두 {count}개 (--all로 전부 보기)",
        "{file} [{rule}]: {count} in all (--all shows them)",
    ),
    "cleaning": ("정제", "Cleaning"),
    "cleaned": ("대화 {count}개 가운데 {changed}개를 고쳐 {path}에 썼습니다.", "Changed {changed} of {count} dialogues and wrote {path}."),
    "restored": ("원본을 {path}에 되돌렸습니다.", "Wrote the original to {path}."),
    "rules-legend": ("+ 기본으로 실행, - 요청할 때만 실행 (--select)", "+ runs by default, - only when selected (--select)"),
    "rule-default": ("기본으로 실행합니다.", "Runs by default."),
    "rule-on-request": ("--select로 고를 때만 실행합니다.", "Runs only when selected (--select)."),
    "rule-summaries": ("요약에만, --references를 줄 때 실행합니다.", "Runs on summaries only, with --references."),
    "splitting": ("나누기", "Splitting"),
    "style-count": ("대화 {count}개", "{count} dialogues"),
    "style-names": ("외국 이름 표기: {script} (로마자 {latin}, 한글 {hangul})", "foreign names {script} (Latin {latin}, Hangul {hangul})"),
    "style-endings": ("요약 문장의 {polite}가 ~니다로 끝남", "{polite} of summary sentences end in ~니다"),
    "style-topics": (
        "주제의 {gerunds}가 ~기로 끝남, 평균 {words}어절",
        "{gerunds} of topics end in ~기, {words} words each",
    ),
    "script-latin": ("로마자", "in Latin letters"),
    "script-hangul": ("한글", "in Hangul"),
    "script-mixed": ("섞임(두 번역?)", "in both scripts (two translations?)"),
    "script-none": ("없음", "absent"),
    "masking": ("가리기", "Masking"),
    "masked": ("대화 {count}개 가운데 {changed}개를 가려 {path}에 썼습니다.", "Masked {changed} of {count} dialogues and wrote {path}."),
    "vault-kept": (
        "값은 {path}에 있습니다. 나만 읽을 수 있게 두세요. yoyak data unmask로 되돌립니다.",
        "The values are in {path}: keep it to yourself. yoyak data unmask puts them back.",
    ),
    "unmasked": ("레코드 {count}개에 값을 되돌려 {path}에 썼습니다.", "Put values back into {count} records and wrote {path}."),
    "tag-left": (
        "{tag}: 값이 둘 이상이거나 없어 그대로 두었습니다. {count}개 레코드 ({ids})",
        "{tag} stayed: it could stand for several values or for none, in {count} records ({ids})",
    ),
    "password": ("금고 비밀번호: ", "Password of the vault: "),
    "password-again": ("다시 한번: ", "Once more: "),
    "summarizing": ("요약", "Summarizing"),
    "training": ("학습", "Training"),
    "step": ("{step}/{steps} 단계, 손실 {loss}, 초당 토큰 {speed}개", "step {step}/{steps}, loss {loss}, {speed} tokens/s"),
    "trained": ("어댑터를 {path}에 썼습니다.", "Wrote the adapter to {path}."),
    "tuned-on": (
        "주의: {system}은 {path}로 조정하거나 조기 종료한 모델이 만들었습니다. 이 파일의 점수는 실제보다 높습니다.",
        "warning: {system} comes from a model tuned or stopped early on {path}; its score there flatters it",
    ),
    "score-title": ("대화 {count}개, F1 x 100", "{count} dialogues, F1 x 100"),
    "score-system": ("시스템", "system"),
    "score-by": ("{what}별", "by {what}"),
    "score-suspicious": ("정답 없이 본 의심스러운 요약", "Suspicious without a reference"),
    "score-averages": (
        "길이 비율(요약/대화) {length}, 대화에서 그대로 옮긴 네 형태소 {copied} %",
        "length ratio (summary / dialogue) {length}, morpheme 4-grams copied from the dialogue {copied} %",
    ),
    "score-check": ("점검", "check"),
    "score-flagged": ("해당 요약 중", "of those that hold one"),
    "score-final": ("최종 점수: {value}", "final figure: {value}"),
    "verdict-real": (
        "실제 차이({first} 빼기 상대, Holm 보정 p < 0.05): {what}.",
        "Real differences ({first} minus the other, Holm-corrected p < 0.05): {what}.",
    ),
    "verdict-unclear": ("우연일 수 있는 차이: {what}.", "Could be chance: {what}."),
}

_language = 0


def set_language(asked: str | None) -> None:
    """Choose the language: `asked` (ko or en), else the locale's.

    Raises:
        UsageError: Neither ko nor en.
    """
    global _language
    if asked not in (None, "ko", "en"):
        raise UsageError(f"--lang takes ko or en, not {asked!r}")
    _language = 0 if (asked or _by_locale()) == "ko" else 1


def _by_locale() -> str:
    name = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "ko" if name.lower().startswith(("ko", "korean")) else "en"


def say(key: str, **values: object) -> str:
    """The message of that key in the chosen language, `{name}` filled in."""
    return _TEXTS[key][_language].format(**values)
