"""Only what is a file of the right size is read."""

from pooling_class import files


def test_links_folders_and_what_is_too_large_count_as_empty(tmp_path, monkeypatch):
    path = tmp_path / "ada" / "hw" / "a.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"12")
    assert files.read(path) == b"12"
    (tmp_path / "bea").symlink_to("ada")
    (path.parent / "b.ipynb").symlink_to("a.ipynb")
    for other in ("bea/hw/a.ipynb", "ada/hw/b.ipynb", "ada/hw", "ada/hw/none.ipynb"):
        assert files.read(tmp_path / other) == b"", other
    monkeypatch.setattr(files, "LARGEST", 1)
    assert files.read(path) == b""
