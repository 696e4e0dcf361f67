"""Figures: valid SVG, escaped text, known coordinates, and PNG with Hangul where no Korean font is."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from yoyak.report.figures import (
    Bars,
    Curves,
    Density,
    Figure,
    Histogram,
    Panel,
    font_face,
    font_path,
    percent,
    root_ticks,
    svg,
    ticks,
)

PANELS: list[Panel] = [
    Histogram("대화 <글자> & 뷁 $5$", [0, 10, 20], [3, 1], [("중앙값 8", 8), ("99% 19", 19)], "글자"),
    Histogram("없음", [0, 1], [0]),
    Curves("한도", [128, 512, 1024], [("잘리는 글", [0.8, 0.02, 0]), ("숫자", [0.3, 0.01, 0])], [("추천 512", 512)], "토큰"),
    Density("관계", [0, 10, 20], [0, 5, 10], [[1, 0], [2, 3]], [2.0, None], "대화", "요약"),
    Bars("주제", [("음식 주문 <b>", 12), ("길 안내", 3)]),
    Bars("없음", []),
]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{type(panel).__name__}-{panel.title[:3]}")
def test_a_panel_is_valid_svg_with_its_title(panel: Panel) -> None:
    root = ET.fromstring(svg(panel))
    assert root.get("aria-label") == panel.title
    assert root.get("role") == "img"


def test_bars_of_a_histogram_are_as_high_as_their_shares() -> None:
    root = ET.fromstring(svg(Histogram("a", [0, 10, 20], [3, 1])))
    first, second = (float(rect.get("height", "0")) for rect in root.iter("rect"))
    assert first / second == pytest.approx(3, rel=0.02)


def test_panels_that_are_compared_share_their_axis() -> None:
    one, other = (ET.fromstring(svg(Histogram("a", [0, 10, 20], counts, top=0.75))) for counts in ([3, 1], [1, 1]))
    assert float(next(one.iter("rect")).get("height", "0")) > float(next(other.iter("rect")).get("height", "0"))


def test_ticks_are_round() -> None:
    assert ticks(0, 7.3) == [0, 2, 4, 6]
    assert root_ticks(0.6) == [0.0, 0.01, 0.05, 0.2, 0.5]


@pytest.mark.parametrize(("share", "shown"), [(0, "0%"), (1, "100%"), (0.99999, "99.9%"), (0.05, "5%"), (0.123, "12%"), (0.0123, "1.2%")])
def test_shares_read_as_people_write_them(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_the_font_is_packaged_with_its_licence_and_small() -> None:
    assert 200_000 < font_path().stat().st_size < 400_000
    licence = (font_path().parent / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "PERMISSION & CONDITIONS" in licence
    assert font_face().startswith('@font-face { font-family: "yoyak"')


def test_the_font_holds_every_syllable_of_ks_x_1001() -> None:
    pytest.importorskip("matplotlib")
    from yoyak.report.png import drawable

    rows = (bytes([row, cell]) for row in range(0xB0, 0xC9) for cell in range(0xA1, 0xFF))
    syllables = "".join(pair.decode("euc_kr") for pair in rows)
    assert len(syllables) == 2350
    assert drawable(syllables) == syllables
    assert drawable("뷁") == "□"


def test_every_panel_is_drawn_without_a_glyph_missing(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from yoyak.report.png import write_png

    write_png(tmp_path / "a.png", Figure("a", "가", PANELS, 2))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
