from hypothesis import given
from hypothesis import strategies as st

from yoyak.models.inputs import fit, prompt
from yoyak.records import Dialogue, Turn

TURNS = st.lists(
    st.builds(Turn, st.sampled_from(["#Person1#", "#Person2#"]), st.text("가나다 ", min_size=1, max_size=30)), min_size=1, max_size=20
)


@given(TURNS, st.integers(20, 400))
def test_only_whole_turns_are_left_out_and_order_is_kept(turns: list[Turn], budget: int) -> None:
    kept, left_out = fit(Dialogue("a", tuple(turns)), count=len, budget=budget)
    assert len(kept) + left_out == len(turns)
    assert kept
    places = iter(turns)
    assert all(turn in places for turn in kept)  # a subsequence
    assert len(kept) == 1 or len(prompt(kept)) <= budget


def test_the_middle_goes_first() -> None:
    turns = tuple(Turn("가", str(n) * 10) for n in range(9))
    kept, left_out = fit(Dialogue("a", turns), count=len, budget=90)
    assert left_out > 0
    assert (kept[0], kept[-1]) == (turns[0], turns[-1])


def test_a_turn_is_a_line() -> None:
    assert prompt([Turn("가", "나\n다  라")]).count("\n") == 3
