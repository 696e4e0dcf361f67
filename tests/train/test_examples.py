"""Examples: the prompt of inference, whole turns left out to fit, the summary never cut, padding never an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")

from tiny_models import tiny_gemma
from yoyak.checkpoints.convert import form_of, read_config
from yoyak.errors import ModelError
from yoyak.models.inputs import TAIL, PromptForm
from yoyak.records import Dialogue, Turn
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.tokens import Codec
from yoyak.train.examples import end_and_padding, examples

LONG = Dialogue(
    "long", tuple(Turn("가", f"{n} 내일 세시에 도서관에서 만나자") for n in range(30)), references=("도서관에서 만나자", "내일")
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gemma(tmp_path_factory.mktemp("gemma"))


def fed(folder: Path, prompt: PromptForm | None = None) -> tuple[Codec, Any]:
    form = form_of(folder, read_config(folder), prompt=prompt)
    return Codec(folder / "tokenizer.json", form, DecodeConfig()), form


@pytest.mark.parametrize("limit", [40, 100, 260])
def test_turns_are_left_out_until_the_prompt_fits(folder: Path, limit: int) -> None:
    codec, form = fed(folder)
    rows, cut = examples([LONG], codec, form, end=1, max_input_tokens=limit)
    assert [row.start <= limit for row in rows] == [True, True]
    assert cut.turns == ("long",)
    for row, reference in zip(rows, LONG.references, strict=True):
        assert row.ids[row.start :] == (*codec.encode(reference), 1)
        text = codec.shown(row.ids[: row.start])
        assert ":\n가: 0 " in text  # openings and endings stay
        assert text.endswith(codec.shown(codec.encode(TAIL)))


def test_prompt_and_summary_share_the_positions(folder: Path) -> None:
    codec, form = fed(folder)  # 512 positions
    rows, cut = examples([LONG], codec, form, end=1, max_input_tokens=10_000)
    assert cut.turns == ("long",)
    assert all(len(row.ids) <= 512 for row in rows)
    huge = Dialogue("huge", (Turn("가", "내일" * 400),), references=("내일",))
    rows, cut = examples([huge, LONG], codec, form, end=1, max_input_tokens=10_000)
    assert cut.left_out == ("huge",)
    assert {row.id for row in rows} == {"long"}


def test_padding_is_never_an_end(folder: Path) -> None:
    codec, form = fed(folder)
    config = read_config(folder)
    assert end_and_padding(folder, config, codec, form) == ([1], 0)
    ends, pad = end_and_padding(folder, config | {"pad_token_id": 1}, codec, form)  # the usual trick
    assert pad not in ends
    assert end_and_padding(folder, config | {"pad_token_id": None, "eos_token_id": [1, 0]}, codec, form)[1] not in (0, 1)
    with pytest.raises(ModelError, match="eos_token_id"):
        end_and_padding(folder, config | {"eos_token_id": None}, codec, form)


def test_the_end_of_a_template_comes_before_the_models_own(folder: Path) -> None:
    codec, form = fed(folder, PromptForm("chat", "a", "b", ("<unk>",), ()))
    assert end_and_padding(folder, read_config(folder), codec, form)[0] == [3, 1]
    codec, form = fed(folder, PromptForm("chat", "a", "b", ("<absent>",), ()))
    with pytest.raises(ModelError, match="absent"):
        end_and_padding(folder, read_config(folder), codec, form)
