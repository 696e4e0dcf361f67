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
    "model-yoyak-gemma-270m": (
        "Gemma 3 270M에 이 프로젝트의 말뭉치로 학습한 어댑터를 더한 요약 모델입니다(추가 설치: yoyak[gemma]).",
        "Gemma 3 270M with an adapter trained on this project's corpus: the summarizer that comes with yoyak (extra: yoyak[gemma]).",
    ),
    "model-yoyak-verifier-270m": (
        "요약 문장이 대화와 맞는지 판정하는 어댑터입니다(추가 설치: yoyak[gemma]).",
        "Judges whether a summary's sentence is true of its dialogue (extra: yoyak[gemma]).",
    ),
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
    "looking": ("살펴보기", "Looking"),
    "eda-written": ("보고서를 {path}에 썼습니다. 브라우저로 여세요.", "Wrote the report to {path}: open it in a browser."),
    "eda-no-tokenizer": (
        "--tokenizer 폴더를 붙이면 토큰 길이와 추천 길이가 나옵니다.",
        "With --tokenizer DIR the report shows tokens and recommends lengths.",
    ),
    "eda-no-tokenizers-package": (
        "토큰 길이를 보려면 pip install 'yoyak[ct2]' 뒤에 --tokenizer 폴더를 붙이세요.",
        "For lengths in tokens: pip install 'yoyak[ct2]', then --tokenizer DIR.",
    ),
    "eda-no-images": ("PNG 그림은 pip install 'yoyak[eda]' 뒤에 나옵니다.", "For the figures as PNG: pip install 'yoyak[eda]'."),
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
    "flagged": ("{count}개 요약은 사람이 확인해야 합니다 (needs_review).", "{count} summaries need review (needs_review)."),
    "doubt": ("{sentence}번째 문장: {what} ({percent} % 확실{where})", "sentence {sentence} {what} ({percent} % sure{where})"),
    "doubt-turns": ("; 발화 {turns}", "; turns {turns}"),
    "doubt-speaker": ("다른 사람의 말이나 일일 수 있음", "may be said of the wrong person"),
    "doubt-negation": ("반대로 말했을 수 있음", "may say the opposite"),
    "doubt-detail": ("숫자, 이름, 장소 등이 틀릴 수 있음", "may hold a wrong detail"),
    "doubt-invented": ("대화에 없는 말일 수 있음", "may not have been said"),
    "doubt-incomplete": ("요점이 빠졌을 수 있음", "may leave out the main point"),
    "doubt-doubtful": ("확실하지 않음", "is doubtful"),
    "combining": ("합치기", "Combining"),
    "combined": ("{count}개 요약을 {path}에 썼습니다. 출처: {taken}", "Wrote {count} summaries to {path}. Taken from: {taken}"),
    "combine-two": (
        "파일이 둘이면 첫 파일의 요약이 늘 이깁니다(빈 요약만 둘째에서 옵니다). 셋째 파일이나 --dialogues를 주세요.",
        "Of two files the first always wins (the second fills in what is empty): give a third, or --dialogues.",
    ),
    "tune-step": (
        "{number}/{trials} {setting}: {score} (최고 {best}), 대화당 {seconds}초{reused}",
        "{number}/{trials} {setting}: {score} (best {best}), {seconds} s a dialogue{reused}",
    ),
    "tune-reused": (", 앞의 탐색에서 얻음", ", follows from earlier searches"),
    "tune-title": (
        "조정에 쓴 절반 (대화 {count}개), ROUGE-1, -2, -L의 평균 F1 x 100",
        "The half that was tuned on ({count} dialogues), mean of ROUGE-1, -2 and -L F1 x 100",
    ),
    "tune-setting": ("설정", "setting"),
    "tune-score": ("점수 [95 %]", "score [95 %]"),
    "tune-gain": ("지금 설정 대비 [95 %]", "against today's [95 %]"),
    "tune-seconds": ("초/대화", "s / dialogue"),
    "tune-front": ("전선", "front"),
    "tune-legend": (
        "전선 *: 더 좋으면서 더 빠르지도 느리지도 않은 다른 설정이 없습니다. 초는 프로세서 시간입니다.",
        "front *: no other setting is as good and as quick, and better in one of them. Seconds are processor time.",
    ),
    "tune-honest": ("선택한 설정의 이득, 두 절반에서", "The gain of the chosen setting, on both halves"),
    "tune-half": ("절반", "half"),
    "tune-here": ("고르는 데 쓴 절반", "where it was chosen"),
    "tune-there": ("고르는 데 쓰지 않은 절반", "where it was not"),
    "tune-default": (
        "지금 설정보다 나은 설정이 없습니다. 그대로 두세요.",
        "No setting beat today's on the half that was tuned on: leave it as it is.",
    ),
    "tune-better": (
        "‘{setting}’은 고르는 데 쓰지 않은 절반에서도 지금 설정보다 {gain} 낫습니다 (p = {p}): 실제 차이입니다.",
        "‘{setting}’ is better than today's by {gain} on the half that had no say in it (p = {p}): a real difference.",
    ),
    "tune-worse": (
        "‘{setting}’은 고르는 데 쓰지 않은 절반에서 지금 설정보다 {gain}로 못합니다 (p = {p}): 쓰지 마세요.",
        "‘{setting}’ is worse than today's, {gain}, on the half that had no say in it (p = {p}): do not use it.",
    ),
    "tune-unclear": (
        "‘{setting}’의 이득은 고르는 데 쓰지 않은 절반에서 {gain}입니다 (p = {p}): 우연일 수 있습니다.",
        "The gain of ‘{setting}’ on the half that had no say in it is {gain} (p = {p}): it could be chance.",
    ),
    "tune-today": ("지금 설정", "today's setting"),
    "tune-page": ("보고서: {path}", "Page: {path}"),
    "tune-saved": (
        "{path}에 저장했습니다. summarize가 이 설정을 쓰고, score는 이 개발 데이터로 잰 점수에 주의를 줍니다.",
        "Saved in {path}: summarize obeys it, and score warns about figures on these dev dialogues.",
    ),
    "tune-saved-unsure": (
        "주의: 저장한 설정이 지금 설정보다 낫다는 것은 확인되지 않았습니다.",
        "warning: the saved setting is not known to be better than today's",
    ),
    "topics-written": ("주제 모델을 {path}에 썼습니다.", "Wrote the topic model to {path}."),
    "topics-chosen": (
        "주제 묶음 {groups}개. 시작점에 따라 달라지지 않는 정도(1이면 같음): {tried}",
        "{groups} groups. How alike groupings from other starts are (1: equal): {tried}",
    ),
    "topics-fitted": (
        "대화 {count}개로 학습, 따로 둔 대화의 정확도 {share} % ({left}개는 주제가 없거나 묶음이 작아 제외)",
        "Fitted on {count} dialogues; {share} % of held-out ones are told right ({left} left out: no topic, or too small a group)",
    ),
    "topics-predicted": ("대화 {count}개의 주제를 {path}에 썼습니다.", "Wrote the topics of {count} dialogues to {path}."),
    "training": ("학습", "Training"),
    "step": ("{step}/{steps} 단계, 손실 {loss}, 초당 토큰 {speed}개", "step {step}/{steps}, loss {loss}, {speed} tokens/s"),
    "positions": ("위치 {count}개", "{count} positions"),
    "no-positions": ("위치 제한 없음", "no position limit"),
    "trained-to": ("{count}토큰까지 학습", "trained to {count}"),
    "trained": ("결과를 {path}에 썼습니다.", "Wrote the result to {path}."),
    "plan-device": ("장치: {device}", "Device: {device}"),
    "plan-parameters": ("매개변수 {total}개 가운데 {learned}개를 학습합니다.", "{learned} of {total} parameters are learned."),
    "plan-batch": (
        "가장 큰 배치의 메모리 (행 {rows}개 x 입력 {source} + 출력 {target} 토큰):",
        "Memory at the largest batch ({rows} rows x {source} tokens read + {target} learned):",
    ),
    "plan-process": ("프로세스", "process"),
    "plan-weights": ("가중치", "weights"),
    "plan-gradients": ("기울기", "gradients"),
    "plan-optimizer": ("옵티마이저", "optimizer"),
    "plan-activations": ("활성값", "activations"),
    "plan-logits": ("로짓", "logits"),
    "plan-total": ("합계", "total"),
    "plan-evaluation": (
        "평가는 로짓을 모으지 않고 가중치 사본({size})만 더 씁니다.",
        "an evaluation keeps no logits; it needs a copy of the weights ({size}) in place of activations",
    ),
    "plan-fits": ("들어갑니다.", "It fits."),
    "plan-fits-in-parts": (
        "들어가지 않습니다. 배치를 {parts}번에 나누어 계산하면 들어갑니다 (자동, 실제 배치 크기는 그대로).",
        "It does not fit whole; computed in {parts} parts it does (done by itself, the effective batch stays).",
    ),
    "plan-never-fits": (
        "한 행도 들어가지 않습니다. batches.max_input_tokens를 줄이거나 gradient_checkpointing=true, 또는 더 작은 모델을 쓰세요.",
        "Not even one row fits: lower batches.max_input_tokens, set gradient_checkpointing=true, or take a smaller model.",
    ),
    "plan-steps": (
        "{steps}단계 (에폭마다 {first}단계, {rows}행, 패딩 포함 {tokens} 토큰)",
        "{steps} steps ({first} an epoch: {rows} rows, {tokens} tokens with padding)",
    ),
    "plan-time": ("단계마다 약 {step}초, 모두 약 {all}", "about {step} s a step, {all} in all"),
    "plan-no-time": ("여기 없는 장치라 시간은 알 수 없습니다.", "No time: the device is not here to be measured."),
    "plan-disk": (
        "디스크: 체크포인트 하나 {one}, 최대 {all} (남은 공간 {free})",
        "Disk: {one} a checkpoint, {all} at most ({free} free)",
    ),
    "plan-disk-full": ("디스크 공간이 모자랍니다.", "The disk has not the space."),
    "plan-cut": ("길이 제한 때문에 발화가 잘린 대화: {count}개", "Dialogues that lose turns to the length limit: {count}"),
    "plan-nothing-learned": ("학습할 토큰이 없습니다!", "Nothing in it is learned!"),
    "doctor-device": ("장치", "Device"),
    "doctor-memory": ("메모리 {total}, 남은 메모리 {free}", "Memory {total}, free {free}"),
    "doctor-disk": ("캐시 디스크의 남은 공간 {free}", "Disk of the caches, free {free}"),
    "doctor-extras": ("추가 기능(extra)", "Extras"),
    "doctor-missing": ("없음", "missing"),
    "doctor-error": ("오류", "error"),
    "doctor-warning": ("주의", "warning"),
    "doctor-note": ("참고", "note"),
    "doctor-why": ("이유", "why"),
    "doctor-fix": ("고치기", "fix"),
    "doctor-healthy": ("이상이 없습니다.", "Nothing is wrong."),
    "doctor-needs": ("보지 못함: {what}", "not looked at; needs {what}"),
    "doctor-tags-lost": ("태그는 {stage} 단계에서 처음 사라집니다: {code}", "Tags are lost first at: {stage} ({code})"),
    "doctor-tags-kept": (
        "태그를 잃는 단계가 없습니다. {stages}단계 가운데 {looked}단계를 보았습니다.",
        "No stage loses tags; {looked} of {stages} stages could be looked at.",
    ),
    "doctor-fixed": ("결함 {count}개를 고친 사본을 {path}에 썼습니다.", "Wrote {path}, a copy with {count} faults corrected."),
    "doctor-left": ("고치지 못한 오류: {codes}", "Errors that are left: {codes}"),
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
    "score-verified": (
        "문장 {sentences}개 가운데 {doubtful}개, 요약 {summaries}개 가운데 {doubtful_summaries}개가 의심스럽습니다 "
        "(가장 낮은 문장의 평균 {mean}; 종류: {kinds}).",
        "{doubtful} of {sentences} sentences and {doubtful_summaries} of {summaries} summaries are doubtful "
        "(mean of each summary's least probable sentence {mean}; kinds: {kinds}).",
    ),
    "verifying": ("검증", "Verifying"),
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
