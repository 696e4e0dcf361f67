"""The check names every problem with file, row, rule and remedy, and tells errors from warnings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.data.check import check_files
from yoyak.records import Problem

Make = Callable[..., Path]
GOOD = (
    '{id},"#Person1#: {what} 같이 보러 갈래? 내가 예매할게.\n#Person2#: 좋아, 몇 시에 만날까?",'
    "#Person1#은 #Person2#와 {what}을 보기로 한다.,약속\n"
)
HEADER = "fname,dialogue,summary,topic\n"
WHAT = [
    "영화 한 편",
    "뮤지컬 공연",
    "야구 결승전",
    "사진 전시회",
    "불꽃 축제",
    "서커스 공연",
    "오페라 무대",
    "벼룩시장 물건",
    "동네 마라톤",
    "고양이 카페",
    "새로운 식물원",
]


def found(*paths: Path) -> dict[tuple[str, str], list[Problem]]:
    problems: dict[tuple[str, str], list[Problem]] = {}
    for problem in check_files(paths):
        assert problem.remedy
        problems.setdefault((problem.severity, problem.rule), []).append(problem)
    return problems


def rows(start: int = 0, count: int = 11) -> str:
    return "".join(GOOD.format(id=f"dev_{n + start}", what=WHAT[n]) for n in range(count))


def test_good_files_have_no_problem(make: Make) -> None:
    assert found(make("dev.csv", HEADER + rows())) == {}


@pytest.mark.parametrize(
    ("row", "severity", "rule"),
    [
        ("x,,요약이다.,주제\n", "error", "empty-dialogue"),
        ("x,말한 사람이 없다,요약이다.,주제\n", "error", "no-speaker"),
        ("x,#Person1#: ,요약이다.,주제\n", "error", "empty-dialogue"),
        ('x,"#Person1#: 네\n#Person2#: ",요약,주제\n', "warning", "empty-turn"),
        ('x,"#Person1#: 여보세요?\n#Person1#: 아무도 없어요?",요약,주제\n', "warning", "one-sided"),
        (
            'x,"#Person1#: 네\n#Person2#: 응",이 요약은 대화보다 훨씬 길어서 무언가 잘못되었음이 틀림없다고 본다.,주제\n',
            "error",
            "long-summary",
        ),
        ('x,"#Person1#: 내일 봐요\n#Person2#: 네",#Person3#은 간다.,주제\n', "error", "unknown-tag"),
        ('x,"#Person1#: 내일 봐요\n#Person2#: 네",,주제\n', "error", "no-summary"),
        ('x,"#Person1#: 배경ㅇ로\n#Person2#: 네",요약,주제\n', "warning", "N1"),
        ("x,#Person1#: 왔어요.#Person2#: 네,요약,주제\n", "warning", "N6"),
        ('x,"#Person1#: 네\n#Person#: 응",요약,주제\n', "warning", "N11"),
        ('x,"#Person1#: 값은 $#,000\n#Person2#: 네",요약,주제\n', "warning", "N12"),
        ('x,"#Person1#: 내일 봐요\n#Person2#: 네\n#Person2#: 네",요약,주제\n', "warning", "N28"),
        ('x,"#Person1#: 내일 봐요\n#Person2#: 네",#Person1#은(는) 간다.,주제\n', "warning", "N23"),
        ('dev_3,"#Person1#: 완전히 다른 이야기를 하는 대화\n#Person2#: 네",요약,주제\n', "error", "duplicate-id"),
        ('x,"#Person1#: 네",요약\n', "error", "cells"),
    ],
)
def test_each_problem_is_found_where_it_is(make: Make, row: str, severity: str, rule: str) -> None:
    problems = found(make("dev.csv", HEADER + rows() + row))
    assert (severity, rule) in problems
    assert problems[severity, rule][0].row == 12


def test_gaps_in_ids(make: Make) -> None:
    lines = [GOOD.format(id=f"dev_{n:03d}", what=what) for n, what in enumerate(WHAT) if n != 4]
    [problem] = found(make("dev.csv", HEADER + "".join(lines)))["warning", "N26"]
    assert "dev_004" in problem.message


@pytest.mark.parametrize("row", ["dev_4,,요약,주제\n", "dev_4,말한 사람이 없다,요약,주제\n", "dev_4,요약\n"])
def test_a_rejected_row_is_no_gap(make: Make, row: str) -> None:
    lines = [GOOD.format(id=f"dev_{n}", what=what) if n != 4 else row for n, what in enumerate(WHAT)]
    lines.append(rows(start=11))
    assert ("warning", "N26") not in found(make("dev.csv", HEADER + "".join(lines)))
    [problem] = found(make("dev.csv", HEADER + "".join(lines[:7] + lines[8:])))["warning", "N26"]
    assert problem.message.startswith("1 ids are missing")
    assert problem.message.endswith(": dev_7")


def test_duplicates_within_and_leaks_between(make: Make) -> None:
    text = "#Person1#: 내일 세 시에 도서관 앞에서 만나서 발표 자료를 같이 만들자.\n#Person2#: 좋아, 노트북은 내가 가져갈게."
    close = text.replace("세 시", "네 시")
    train = make("train.csv", HEADER + f'a,"{text}",요약,주제\nb,"{text}",요약,주제\nc,"{close}",요약,주제\n')
    dev = make("dev.csv", HEADER + f'd,"{text}!",요약,주제\n')
    problems = found(train, dev)
    assert [problem.id for problem in problems["warning", "duplicate"]] == ["b"]
    assert [problem.id for problem in problems["warning", "near-duplicate"]] == ["c"]
    [leak] = problems["error", "leak"]
    assert (leak.file, leak.row, leak.id) == (str(dev), 1, "d")
    assert f"{train}:1 (a)" in leak.message


def test_a_missing_column_is_one_problem(make: Make) -> None:
    [(key, [problem])] = found(make("a.csv", "이름,값\n1,2\n")).items()
    assert key[0] == "error"
    assert "column" in problem.message or "format" in problem.message


def test_no_problem_quotes_what_was_said(make: Make) -> None:
    path = make("dev.csv", HEADER + 'x,"#Person1#: 비밀번호는 배경ㅇ로 1234 #사람\n비밀ㅋㅋ",비밀이다 #Person5#,비밀\ny,비밀,비밀,비밀\n')
    assert not any("비밀" in str(problem) for problem in check_files([path]))


def test_several_cores_find_what_one_finds(make: Make) -> None:
    path = make("dev.csv", HEADER + "".join(rows(11 * n) for n in range(20)))
    assert list(check_files([path], workers=2)) == list(check_files([path]))
