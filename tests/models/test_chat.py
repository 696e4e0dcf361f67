"""Chat templates rendered once are the bytes that transformers renders for each dialogue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yoyak.checkpoints.manifest import update_manifest
from yoyak.checkpoints.prompts import prompt_form
from yoyak.errors import ModelError
from yoyak.models.chat import INSTRUCTION, chat_form, choose, template_of
from yoyak.models.inputs import PLAIN, PromptForm, prompt, source
from yoyak.records import Turn

LLAMA = (
    "{{ bos_token }}{% if strftime_now is defined %}{% set day = strftime_now('%d %b %Y') %}"
    "{% else %}{% set day = '26 Jul 2024' %}{% endif %}"
    "{{ '<|start_header_id|>system<|end_header_id|>\n\nToday Date: ' + day + '<|eot_id|>' }}"
    "{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim "
    "+ '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{%- for message in messages -%}"
    "{%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}"
)
CHATML = """
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<|im_start|>assistant\n' }}{% generation %}{{ message.content + '<|im_end|>' }}{% endgeneration %}{{ '\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
"""
SPECIAL = {
    LLAMA: ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    GEMMA: ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"],
    CHATML: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
}
ENDS = {LLAMA: "<|eot_id|>", GEMMA: "<end_of_turn>", CHATML: "<|im_end|>"}
TURNS = [Turn("#Person1#", "내일  세 시에\n만나자."), Turn("지훈", "좋아 {{ 7 * 7 }} {% raw %}!")]


def variables(template: str) -> dict[str, str]:
    return {"bos_token": "" if template is CHATML else SPECIAL[template][0], "eos_token": SPECIAL[template][1]}


@pytest.mark.parametrize("template", [LLAMA, GEMMA, CHATML], ids=["llama", "gemma", "chatml"])
def test_the_form_is_what_transformers_renders(template: str) -> None:
    utils = pytest.importorskip("transformers.utils.chat_template_utils")
    form = chat_form(template, variables=variables(template), special=SPECIAL[template])
    content = INSTRUCTION + source(TURNS)
    # transformers' own day would change; everything else is its rendering.
    fixed = template.replace("strftime_now is defined", "false")
    rendered, _ = utils.render_jinja_template(
        [[{"role": "user", "content": content}]], chat_template=fixed, add_generation_prompt=True, **variables(template)
    )
    assert form(TURNS) == rendered[0]
    assert form.ends == (ENDS[template],)


def test_the_day_of_training_is_not_in_the_prompt() -> None:
    form = chat_form(LLAMA, variables=variables(LLAMA), special=SPECIAL[LLAMA])
    assert "Today Date: 26 Jul 2024" in form.head


def test_a_template_that_writes_the_first_token_keeps_the_tokenizer_from_doing_so() -> None:
    assert chat_form(LLAMA, variables=variables(LLAMA), special=SPECIAL[LLAMA]).prefix == ()
    assert chat_form(GEMMA, variables=variables(GEMMA), special=SPECIAL[GEMMA]).prefix == ()
    # ChatML begins with a control, and its tokenizers put nothing before it.
    assert chat_form(CHATML, variables=variables(CHATML), special=SPECIAL[CHATML]).prefix == ()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
        ("hello", "exactly once"),
        ("{% for m in messages %}{{ m.content }}{% endfor %}", "no special token"),
        ("{{ ''.__class__.__mro__ }}", "cannot be rendered"),
    ],
)
def test_a_template_that_is_no_use_says_why(template: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        chat_form(template, variables={}, special=["<end>"])


def test_base_models_get_the_plain_prompt_though_they_carry_a_template() -> None:
    assert choose("auto", name="google/gemma-3-1b-it", template="x")[0] == "chat"
    assert choose("auto", name="EXAONE-3.5-2.4B-Instruct", template="x")[0] == "chat"
    assert choose("auto", name="Qwen2.5-0.5B", template="x")[0] == "plain"
    assert choose("chat", name="Qwen2.5-0.5B", template="x")[0] == "chat"
    with pytest.raises(ModelError, match="no chat template"):
        choose("chat", name="gemma-3-270m", template=None)


def folder_of(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    added = [{"id": i, "content": token, "special": True} for i, token in enumerate(SPECIAL[GEMMA])]
    (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": added}), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": {"content": "<bos>"}, "chat_template": GEMMA}), encoding="utf-8")
    return folder


def test_what_yoyak_json_recorded_holds_before_the_template(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "some-model-it")
    form, _ = prompt_form(folder)
    assert form.name == "chat"
    assert form.head.startswith("<bos><start_of_turn>user\n")
    update_manifest(folder, PromptForm("chat", "before ", " after", ("<eos>",), None).to_json())
    assert prompt_form(folder)[0](TURNS) == f"before {source(TURNS)} after"
    update_manifest(folder, {"input": "plain"})
    assert prompt_form(folder)[0] == PLAIN


def test_a_template_file_holds_before_the_one_in_the_configuration() -> None:
    assert template_of({"chat_template": "old"}, "new") == "new"
    assert template_of({}) is None
    assert PLAIN(TURNS) == prompt(TURNS)
