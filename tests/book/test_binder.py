"""What Binder installs, from the files in ``.binder``, in a clean environment."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from notebook_checks import ROOT
from site_checks import copy_tree


def test_python_is_one_that_the_book_takes():
    named = re.fullmatch(r"python-3\.(\d+)\n", (ROOT / ".binder/runtime.txt").read_text())
    assert int(named[1]) == 11


def test_files_named_there_exist():
    lines = (ROOT / ".binder/requirements.txt").read_text().splitlines()
    constraints = [line.removeprefix("-c ") for line in lines if line.startswith("-c ")]
    assert constraints and all((ROOT / ".binder" / name).is_file() for name in constraints)


@pytest.mark.skipif(
    not os.environ.get("REQUIRE_BINDER"),
    reason="installs torch once more (7 GB, some minutes); REQUIRE_BINDER=1 asks for it",
)
def test_a_chapter_runs_in_what_binder_installs(tmp_path):
    """As repo2docker does it: pip at the root of a copy of the repository."""
    book, venv = tmp_path / "book", tmp_path / "venv"
    copy_tree(book)
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = venv / "bin/python"
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    try:
        command = [*pip, "install", "--no-cache-dir", "-r", ".binder/requirements.txt"]
        indexes = ["PIP_EXTRA_INDEX_URL", "TORCH_INDEX"]
        indexes = " ".join(filter(None, map(os.environ.get, indexes)))
        environment = os.environ | ({"PIP_EXTRA_INDEX_URL": indexes} if indexes else {})
        subprocess.run(command, cwd=book, check=True, env=environment)
        subprocess.run([*pip, "check"], cwd=book, check=True)
        jupyter = [python, "-m", "jupyter"]
        subprocess.run([*jupyter, "lab", "--version"], cwd=book, check=True)
        execute = [*jupyter, "nbconvert", "--to", "notebook", "--execute", "--output", "run.ipynb"]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{venv}/bin:/usr/bin:/bin"}
        chapter = "chapters/02_windows.ipynb"
        subprocess.run([*execute, chapter], cwd=book, check=True, env=environment)
        ran = nbformat.read(book / "chapters/run.ipynb", as_version=4)
        assert all(cell.execution_count for cell in ran.cells if cell.cell_type == "code")
    finally:
        shutil.rmtree(venv, ignore_errors=True)
