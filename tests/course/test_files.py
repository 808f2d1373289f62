"""A file is written whole or not at all."""

import pytest

from pooling_course import files


def test_a_file_is_written_with_its_folder_and_its_time(tmp_path):
    path = tmp_path / "new" / "a.csv"
    files.write(path, b"1", time=1_000_000_000)
    assert (path.read_bytes(), path.stat().st_mtime) == (b"1", 1_000_000_000)
    files.write(path, b"2")
    assert path.read_bytes() == b"2" and path.stat().st_mtime > 1_000_000_000
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "a.csv"
    files.write(path, b"1")

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(f"pathlib.Path.{step}", fails)
    with pytest.raises(OSError, match="disk full"):
        files.write(path, b"2")
    monkeypatch.undo()
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.csv", b"1")]
