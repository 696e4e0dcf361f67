"""Chat templates: what an instruct model was taught to be spoken to in, rendered once into what stands before and after the turns.

A template is a program (Jinja) that comes with the model. It is run in a sandbox, once, when a model is prepared; its result travels in
yoyak.json, so that training and inference give the same bytes and no template is needed to run the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn

from yoyak.errors import ModelError
from yoyak.models.inputs import PLAIN, PromptForm

#: What the user says before the turns.
INSTRUCTION = "다음 대화를 요약하세요. 말하는 사람의 이름과 표시는 그대로 씁니다.\n\n대화:\n"

PromptChoice = Literal["auto", "plain", "chat"]

# Private-use characters: no template knows or trims them.
_TURNS, _SUMMARY = "\ue000TURNS\ue000", "\ue000SUMMARY\ue000"
# A template that prints the day would change the prompt from day to day: it gets this one (the default of Llama 3's own template).
_DAY = datetime(2024, 7, 26, tzinfo=UTC)
_INSTRUCT = re.compile(r"(^|[-_.])(instruct|chat|it|rlhf|dpo|sft)([-_.]|$)", re.IGNORECASE)


def choose(asked: PromptChoice, *, name: str, template: str | None) -> tuple[Literal["plain", "chat"], str]:
    """The form for a model of that name, and why.

    A template alone says little: many base models carry their instruct sibling's.

    Raises:
        ModelError: `chat` was asked for and the model has no template.

    Example:
        >>> choose("auto", name="Llama-3.2-1B-Instruct", template="{{ messages }}")[0]
        'chat'
        >>> choose("auto", name="Llama-3-Open-Ko-8B", template="{{ messages }}")
        ('plain', 'its name does not say that it is an instruct model')
    """
    if asked == "plain":
        return "plain", "asked for"
    if asked == "chat":
        if template is None:
            raise ModelError(f"{name} has no chat template, so prompt: chat is not possible; use prompt: plain")
        return "chat", "asked for"
    if template is None:
        return "plain", "it has no chat template"
    if _INSTRUCT.search(name):
        return "chat", "its name says that it is an instruct model, and it has a chat template"
    return "plain", "its name does not say that it is an instruct model"


def chat_form(template: str, *, variables: Mapping[str, Any], special: Collection[str]) -> PromptForm:
    """The template as a prompt form: one user message that holds the instruction and the turns, then the model's answer.

    Args:
        template: Jinja source.
        variables: What templates expect besides the messages: `bos_token`, `eos_token`.
        special: Contents of the tokenizer's special tokens; the first that follows the answer ends it.

    Raises:
        ModelError: The template cannot be rendered, leaves the user's text out, or ends an answer with no special token.

    Example:
        >>> form = chat_form(
        ...     "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}<end>{% endfor %}"
        ...     "{% if add_generation_prompt %}<assistant>{% endif %}",
        ...     variables={"bos_token": "<s>"}, special=["<s>", "<end>"],
        ... )
        >>> form.head[:12], form.tail, form.ends
        ('<s><user>다음 ', '<end><assistant>', ('<end>',))
    """
    user = {"role": "user", "content": INSTRUCTION + _TURNS}
    asked = _render(template, [user], variables, add_generation_prompt=True)
    head, turns, tail = asked.partition(_TURNS)
    if not turns or _TURNS in tail:
        raise ModelError("the chat template does not show the user's text exactly once; use prompt: plain")
    answered = _render(template, [user, {"role": "assistant", "content": _SUMMARY}], variables, add_generation_prompt=False)
    rest = answered.rpartition(_SUMMARY)[2]
    found = [(rest.index(token), -len(token), token) for token in special if token and token in rest]
    if not found:
        raise ModelError(
            "the chat template ends an answer with no special token, so the model could not say when it is done; use prompt: plain"
        )
    opens = next((token for token in sorted(special, key=len, reverse=True) if token and head.startswith(token)), None)
    # Where the template writes the first token itself, the tokenizer must not put it there a second time.
    return PromptForm("chat", head, tail, (min(found)[2],), () if opens is not None else None)


def template_of(config: Mapping[str, Any], file: str | None = None) -> str | None:
    """The chat template of a tokenizer: the text of its chat_template.jinja, or what its tokenizer_config.json holds.

    Example:
        >>> template_of({"chat_template": [{"name": "tool_use", "template": "a"}, {"name": "default", "template": "b"}]})
        'b'
    """
    if file is not None:
        return file
    found = config.get("chat_template")
    if isinstance(found, list):
        named = {entry["name"]: entry["template"] for entry in found}
        found = named.get("default")
    return found if isinstance(found, str) and found else None


def form_for(
    asked: PromptChoice, *, name: str, template: str | None, variables: Mapping[str, Any], special: Collection[str]
) -> tuple[PromptForm, str]:
    """The prompt form for a model, and why. Arguments as in :func:`choose` and :func:`chat_form`."""
    chosen, why = choose(asked, name=name, template=template)
    if chosen == "plain" or template is None:
        return PLAIN, why
    return chat_form(template, variables=variables, special=special), why


def _render(template: str, messages: Sequence[Mapping[str, str]], variables: Mapping[str, Any], *, add_generation_prompt: bool) -> str:
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # The settings of transformers' apply_chat_template: a template means other bytes under others.
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"], autoescape=False
    )
    environment.filters["tojson"] = _to_json
    environment.globals |= {"raise_exception": _refuse, "strftime_now": _DAY.strftime}
    # transformers' own tags around what the assistant says mean nothing here.
    source = re.sub(r"\{%(-?)\s*generation\s*(-?)%\}", r"{%\1 if true \2%}", template)
    source = re.sub(r"\{%(-?)\s*endgeneration\s*(-?)%\}", r"{%\1 endif \2%}", source)
    try:
        return environment.from_string(source).render(
            messages=messages, add_generation_prompt=add_generation_prompt, tools=None, documents=None, **variables
        )
    except (TemplateError, TypeError, KeyError) as error:
        raise ModelError(f"the model's chat template cannot be rendered ({type(error).__name__}: {error}); use prompt: plain") from error


def _to_json(value: object, indent: int | None = None, **_: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> NoReturn:
    from jinja2 import TemplateError

    raise TemplateError(message)
