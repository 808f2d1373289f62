"""What Binder installs, from the files in ``.binder``, in a clean environment."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from importlib.metadata import distribution, files, version
from pathlib import Path

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
    reason="asks the package index what Binder would install; REQUIRE_BINDER=1 asks for it",
)
def test_a_chapter_runs_with_what_binder_installs(tmp_path):
    """As repo2docker does it: pip at the root of a copy of the repository.

    The packages, gigabytes, are not installed once more: they are those of this environment, of
    which the clean one gets what pip says that it would install, and nothing else.
    """
    book, venv, report = tmp_path / "book", tmp_path / "venv", tmp_path / "report.json"
    copy_tree(book)
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = venv / "bin/python"
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    indexes = filter(None, map(os.environ.get, ["PIP_EXTRA_INDEX_URL", "TORCH_INDEX"]))
    environment = os.environ | {"PIP_EXTRA_INDEX_URL": " ".join(indexes)}
    ask = [*pip, "install", "--dry-run", "--report", report, "-r", ".binder/requirements.txt"]
    subprocess.run(ask, cwd=book, check=True, env=environment)
    wanted = {
        item["metadata"]["name"]: item["metadata"]["version"]
        for item in json.loads(report.read_text())["install"]
    }
    assert wanted.pop("pooling-course") and {"torch", "jupyterlab", "anywidget"} <= {*wanted}
    assert {name: version(name) for name in wanted} == wanted
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(venv)}))
    for name in wanted:
        for top in {Path(file).parts[0] for file in files(name)} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                (packages / top).symlink_to(distribution(name).locate_file(top))
    subprocess.run([*pip, "install", "--no-deps", "-e", "."], cwd=book, check=True)
    subprocess.run([*pip, "check"], cwd=book, check=True)
    assert subprocess.run([python, "-c", "import pytest"], capture_output=True).returncode
    subprocess.run([python, "-m", "jupyterlab", "--version"], cwd=book, check=True)
    execute = [python, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", "run.ipynb"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{venv}/bin:/usr/bin:/bin"}
    chapter = "chapters/02_windows.ipynb"
    subprocess.run([*execute, chapter], cwd=book, check=True, env=environment)
    ran = nbformat.read(book / "chapters/run.ipynb", as_version=4)
    assert all(cell.execution_count for cell in ran.cells if cell.cell_type == "code")
