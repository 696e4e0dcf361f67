import stat
import sys
from pathlib import Path

import pytest

from yoyak._files import atomic, sha256


def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError), atomic(path) as file:
        file.write("new")
        raise RuntimeError
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_line_ends_are_written_as_given(tmp_path: Path) -> None:
    with atomic(tmp_path / "a.txt") as file:
        file.write("가\n나\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "가\n나\r\n".encode()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a POSIX notion")
def test_modes(tmp_path: Path) -> None:
    for name, private, expected in (("open", False, 0o666), ("closed", True, 0o600)):
        with atomic(tmp_path / name, private=private) as file:
            file.write("x")
        mode = stat.S_IMODE((tmp_path / name).stat().st_mode)
        assert mode == expected or (not private and mode & 0o600 == 0o600 and mode & ~0o666 == 0)


def test_sha256_of_a_known_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
