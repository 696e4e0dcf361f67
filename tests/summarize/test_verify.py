"""Verifiers: what they are given they answer for, one verdict a sentence, and CTranslate2 says what the trained model says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import tiny_models
from yoyak.errors import ModelError
from yoyak.models.judgement import ANSWERS, opening, question
from yoyak.records import Dialogue, Turn
from yoyak.summarize.verification import verification
from yoyak.summarize.verify import ModelVerifier, RuleVerifier, around

TALK = Dialogue(
    "a",
    (
        Turn("#Person1#", "내일 세 시에 도서관 앞에서 만나자. 책값은 만오천 원이야."),
        Turn("#Person2#", "좋아, 지난번에 빌린 소설책을 가져갈게."),
    ),
)


def test_rules_doubt_what_nobody_said() -> None:
    told = [
        "#Person1#은 세 시에 도서관 앞에서 만나자고 한다.",
        "#Person1#은 다섯 시에 도서관 앞에서 만나자고 한다.",
        "#Person1#은 지난번에 빌린 소설책을 가져가겠다고 한다.",
        "할머니가 병원에서 수술을 받는다.",
    ]
    true, detail, speaker, invented = RuleVerifier().verify(TALK, told)
    assert true.true > 0.5 > max(invented.true, detail.true * 0.9)
    assert [v.kind for v in (detail, speaker, invented)] == ["detail", "speaker", "invented"]
    assert (true.evidence, speaker.evidence) == ((1,), (2,))
    assert [v.sentence for v in (true, detail, speaker, invented)] == told
    assert RuleVerifier().verify(TALK, []) == []


def test_summaries_of_unknown_dialogues_are_not_judged() -> None:
    found = verification(RuleVerifier(), {"a": TALK}, {"a": "#Person1#은 세 시에 만나자고 한다.", "b": "지훈은 웃는다."})
    assert set(found.verdicts) == {"a"}
    assert found.as_json()["summaries"] == 1


def test_turns_around_the_evidence_stay() -> None:
    turns = [Turn("A", str(n)) for n in range(20)]
    assert [int(t.text) for t in around(turns, [2, 15], count=len, budget=6)] == [1, 2, 3, 14, 15, 16]
    assert around(turns, [2], count=len, budget=20) == tuple(turns)
    assert [t.text for t in around(turns, [], count=len, budget=0)] == ["0"]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A tiny Gemma whose vocabulary holds the answers."""
    folder = tiny_models.tiny_gemma(tmp_path / "hf")
    path = folder / "tokenizer.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    vocab = value["model"]["vocab"]
    for answer, letter in zip(ANSWERS, "!$%&*", strict=True):  # characters that no test writes
        vocab[answer] = vocab.pop(letter)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    manifest = {"method": "verifier", "max_input_tokens": 300, "temperature": 2.0}
    (folder / "yoyak.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))


SENTENCES = ("내일 만나자고 한다.", "책을 가져간다.", "세 시에 만난다.", "도서관에서 책을 본다.", "책을 가져온다.")


def test_ctranslate2_says_what_the_model_says(checkpoint: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    verifier = ModelVerifier.load(checkpoint, quantization=None, threads=1)
    found = verifier.logits(TALK, SENTENCES)
    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint).eval()
    tokenizer = verifier._tokenizer
    answers = [tokenizer.token_to_id(answer) for answer in ANSWERS]
    prefix = [2, *tokenizer.encode(opening(TALK.turns), add_special_tokens=False).ids]
    for sentence, logits in zip(SENTENCES, found, strict=True):
        ids = [*prefix, *tokenizer.encode(question(sentence), add_special_tokens=False).ids]
        with torch.no_grad():
            expected = model(torch.tensor([ids])).logits[0, -1, answers].numpy()
        np.testing.assert_allclose(logits, expected, atol=1e-3)


def test_verdicts_do_not_depend_on_what_is_judged_beside(checkpoint: Path) -> None:
    verifier = ModelVerifier.load(checkpoint, quantization=None, threads=1)
    together = verifier.verify(TALK, SENTENCES)
    for sentence, verdict in zip(SENTENCES, together, strict=True):
        [alone] = verifier.verify(TALK, [sentence])
        assert alone.true == pytest.approx(verdict.true, abs=1e-5)
        assert (alone.kind, alone.evidence) == (verdict.kind, verdict.evidence)
    assert verifier.verify(TALK, []) == []


def test_the_states_of_past_dialogues_are_let_go(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = ModelVerifier.load(checkpoint, quantization=None, threads=1)
    expected = verifier.verify(TALK, SENTENCES)
    first = verifier._model
    assert verifier.verify(TALK, SENTENCES[:1])
    assert verifier._model is first
    monkeypatch.setattr("yoyak.summarize.verify._MOST_KEPT", 100)
    again = verifier.verify(TALK, SENTENCES)
    assert verifier._model is not first
    assert [v.true for v in again] == pytest.approx([v.true for v in expected], abs=1e-6)


def test_a_long_dialogue_keeps_the_evidence(checkpoint: Path) -> None:
    verifier = ModelVerifier.load(checkpoint, quantization=None, threads=1)
    filler = tuple(Turn("#Person1#", "안녕은 는 이를 만나 좋아요 안녕은 는 이를 만나 좋아요.") for _ in range(20))
    [verdict] = verifier.verify(Dialogue("b", (*filler, *TALK.turns, *filler)), ["세 시에 도서관에서 만나자고 한다."])
    assert verdict.evidence == (21,)
    assert 0 <= verdict.true <= 1
    assert verdict.note.startswith("read ")
    assert verdict.note.endswith(" of 42 turns")
    assert verifier.verify(TALK, SENTENCES[:1])[0].note == ""


def test_what_is_no_verifier_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    other = shutil.copytree(checkpoint, tmp_path / "other")
    (other / "yoyak.json").write_text(json.dumps({"method": "lora"}), encoding="utf-8")
    with pytest.raises(ModelError, match="is no verifier"):
        ModelVerifier.load(other)
    without = tiny_models.tiny_gemma(tmp_path / "without")
    shutil.copy(checkpoint / "yoyak.json", without)
    with pytest.raises(ModelError, match="lacks the answers"):
        ModelVerifier.load(without)
