import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.text import tags

KNOWN = ["#Person1#", "#Person12#", "#PhoneNumber#", "#Email2#", "#@이름#", "#@URL#", "#@소속1#"]


@pytest.mark.parametrize("tag", KNOWN)
def test_each_tag_is_found_whole(tag: str) -> None:
    [found] = tags.find(f"그래서 {tag}이 왔다")
    assert (str(found), found.start, found.end) == (tag, 4, 4 + len(tag))
    assert tags.is_tag(tag)


@pytest.mark.parametrize("text", ["#Person1:", "Person1#", "#작은", "#수도공항#", "회사 #에서", "#Alex#", "# Person1 #", "$#,000", "##"])
def test_what_only_looks_like_a_tag_is_none(text: str) -> None:
    assert tags.find(text) == []


def test_adjacent_tags_share_no_hash() -> None:
    assert [t.text for t in tags.find("#Person1##Person2#")] == ["#Person1#", "#Person2#"]


def test_numbers_are_read_apart_from_the_kind() -> None:
    assert [(t.kind, t.number) for t in tags.find("#Person10##@이름3##SSN#")] == [("Person", 10), ("@이름", 3), ("SSN", None)]


@given(st.lists(st.sampled_from([*KNOWN, "가나다", " ", "#", "Person1", "은"])).map("".join))
def test_protect_then_restore_changes_nothing(text: str) -> None:
    safe, found = tags.protect(text)
    assert tags.restore(safe, found) == text
    assert tags.find(safe) == []
    assert len(found) == len(tags.find(text))


def test_restore_follows_a_moved_and_a_doubled_placeholder() -> None:
    safe, found = tags.protect("#Person1#이 #Person2#를")
    assert tags.restore(safe[3] + safe[0] + safe[0], found) == "#Person2##Person1##Person1#"


def test_text_that_holds_placeholders_is_refused() -> None:
    with pytest.raises(ValueError, match="private-use"):
        tags.protect("\U000f0000")
