"""Small files for the tests of EDA."""

from __future__ import annotations

PHONE = "010-2345-6789"


def rows(name: str, count: int, *, start: int = 0, ending: str = "만난다.") -> str:
    lines = ["fname,dialogue,summary,topic"]
    for n in range(start, start + count):
        words = " ".join(f"{name}{chr(0xAC00 + 7 * n + k)}" for k in range(12))
        talk = f"#Person1#: {words} 세 시에 도서관에서 보자ㅋㅋ\n#Person2#: 좋아, 책도 가져갈게."
        lines.append(f'{name}_{n},"{talk}",#Person1#은 #Person2#를 세 시에 {ending},주제 {n % 3}')
    return "\n".join(lines) + "\n"
