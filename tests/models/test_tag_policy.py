"""Three ways to write tags: what is added, where new rows start, and the gate that every tag with every josa comes back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tiny_kobart import tokenizer_config, tokenizer_json
from yoyak.errors import ModelError
from yoyak.models import tag_policy
from yoyak.models.tag_policy import TAGS, TagPolicy, apply, broken, controls, initial_rows, keeping, probes, require_round_trip, tags_in

tokenizers = pytest.importorskip("tokenizers")


def opened(value: dict[str, Any]) -> Any:
    import json

    return tokenizers.Tokenizer.from_str(json.dumps(value))


def encoder(tokenizer: Any) -> Callable[[str], Sequence[int]]:
    return lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids)


@pytest.fixture(scope="module")
def kobart() -> dict[str, Any]:
    return tokenizer_json()


def test_the_gate_asks_for_every_tag_with_every_josa() -> None:
    texts = [text for _, text in probes()]
    for tag in TAGS:
        assert any(f"{tag}에게 " in text for text in texts)
    assert any("#Person1#은 " in text for text in texts)
    assert any("#Person2#는 " in text for text in texts)
    assert any("#PhoneNumber#로 " in text for text in texts)
    assert {tag for tag, _ in probes()} == set(TAGS)


@pytest.mark.parametrize("policy", ["text", "tokens", "special"])
def test_every_policy_passes_the_gate_with_a_decoding_that_keeps(policy: TagPolicy, kobart: dict[str, Any]) -> None:
    made = apply(policy, kobart, encode=encoder(opened(kobart)))
    tokenizer = opened(made.tokenizer)
    require_round_trip(encoder(tokenizer), keeping(tokenizer.decode, controls(made.tokenizer)))
    assert bool(made.added) == (policy != "text")


def test_special_tags_are_dropped_by_the_usual_decoding_and_the_gate_says_so(kobart: dict[str, Any]) -> None:
    made = apply("special", kobart, encode=encoder(opened(kobart)))
    tokenizer = opened(made.tokenizer)

    def usual(ids: Sequence[int]) -> str:
        return str(tokenizer.decode(list(ids), skip_special_tokens=True))

    assert len(broken(encoder(tokenizer), usual)) == len(probes())
    with pytest.raises(ModelError, match=f"{len(probes())} of {len(probes())} texts"):
        require_round_trip(encoder(tokenizer), usual)


def test_a_naive_addition_breaks_josa_and_ours_mends_the_tokenizer(kobart: dict[str, Any]) -> None:
    made = apply("tokens", kobart, encode=encoder(opened(kobart)))
    naive = copy.deepcopy(made.tokenizer)
    naive["pre_tokenizer"]["prepend_scheme"] = "always"
    tokens = opened(naive).encode("#Person1#은 말한다.", add_special_tokens=False).tokens
    assert tokens[:2] == ["#Person1#", "▁은"]  # noise N25
    assert broken(encoder(opened(naive)), opened(naive).decode)
    assert opened(made.tokenizer).encode("#Person1#은 말한다.", add_special_tokens=False).tokens[:2] == ["#Person1#", "은"]
    assert made.notes


def test_ids_of_other_tokens_do_not_move_and_texts_without_tags_keep_theirs(kobart: dict[str, Any]) -> None:
    before, made = opened(kobart), apply("tokens", kobart, encode=encoder(opened(kobart)))
    after = opened(made.tokenizer)
    rows = len(kobart["model"]["vocab"])
    assert sorted(made.added.values()) == list(range(rows, rows + len(TAGS)))
    assert made.rows == rows + len(TAGS)
    for text in ("내일 세 시에 도서관에서 만나자.", "은행에 갔다", "a #1 b"):
        assert encoder(before)(text) == encoder(after)(text)


def test_new_rows_start_as_the_mean_of_their_pieces(kobart: dict[str, Any]) -> None:
    tokenizer = opened(kobart)
    made = apply("tokens", kobart, encode=encoder(tokenizer), names=["#Person1#", "#Email#"])
    table = np.random.default_rng(0).normal(size=(made.rows - 2, 8)).astype(np.float32)
    rows = initial_rows(table, [made.pieces[tag] for tag in made.added])
    assert rows.shape == (2, 8)
    assert np.allclose(rows[0], table[encoder(tokenizer)("#Person1#")].mean(axis=0))
    assert initial_rows(table, [()]).tolist() == [table.mean(axis=0).tolist()]
    assert initial_rows(table, []).shape == (0, 8)


def test_a_tag_that_is_a_token_already_keeps_its_id_and_takes_the_kind(kobart: dict[str, Any]) -> None:
    first = apply("special", kobart, tokenizer_config(), encode=encoder(opened(kobart)), names=["#Person1#"])
    second = apply("tokens", first.tokenizer, first.config, encode=encoder(opened(first.tokenizer)), names=["#Person1#", "#Person2#"])
    entries = {entry["content"]: entry for entry in second.tokenizer["added_tokens"]}
    assert entries["#Person1#"]["id"] == first.added["#Person1#"]
    assert not entries["#Person1#"]["special"]
    assert list(second.added) == ["#Person2#"]
    assert first.config["extra_special_tokens"] == ["#Person1#"]
    assert second.config["extra_special_tokens"] == []


def test_tags_cannot_be_text_where_they_are_tokens(kobart: dict[str, Any]) -> None:
    made = apply("tokens", kobart, encode=encoder(opened(kobart)))
    with pytest.raises(ModelError, match="already holds #Person1#"):
        apply("text", made.tokenizer, encode=encoder(opened(made.tokenizer)))


def test_inputs_stay_as_they_are(kobart: dict[str, Any]) -> None:
    config = tokenizer_config()
    before = copy.deepcopy((kobart, config))
    apply("special", kobart, config, encode=encoder(opened(kobart)))
    assert (kobart, config) == before


def test_lists_of_special_tokens_in_either_form_keep_what_they_held(kobart: dict[str, Any]) -> None:
    encode = encoder(opened(kobart))
    named = apply("special", kobart, {"extra_special_tokens": {"topic_token": "<topic>"}}, encode=encode, names=["#Email#"])
    assert named.config["extra_special_tokens"] == {"topic_token": "<topic>", "tag_token_0": "#Email#"}
    old = apply("special", kobart, {"additional_special_tokens": ["<topic>"]}, encode=encode, names=["#Email#"])
    assert old.config["additional_special_tokens"] == ["<topic>", "#Email#"]


def test_controls_are_neither_emoticons_nor_tags(kobart: dict[str, Any]) -> None:
    made = apply("special", kobart, encode=encoder(opened(kobart)))
    assert controls(made.tokenizer) == frozenset(range(7))


def test_an_older_metaspace_is_mended_too() -> None:
    value = tokenizer_json()
    value["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [{"type": "Metaspace", "replacement": "▁", "add_prefix_space": True, "prepend_scheme": "always"}],
    }
    made = apply("tokens", value, encode=encoder(opened(value)))
    assert not broken(encoder(opened(made.tokenizer)), opened(made.tokenizer).decode)


def test_tags_in_texts_come_in_order() -> None:
    assert tags_in(["#Email# #Person3#", "#Person1# #@이름#", ""]) == ["#Person1#", "#Person3#", "#@이름#", "#Email#"]
    assert tag_policy.TAGS[0] == "#Person1#"
