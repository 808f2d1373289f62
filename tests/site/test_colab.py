"""A chapter opened alone, as Colab does: its first cell fetches the book, and it runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
from notebook_checks import ROOT
from site_checks import copy_tree

from pooling_site.colab import CELL_ID, SOURCE, address_of, main, with_cell

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
ADDRESS = "https://github.com/somebody/pooling-book"


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def bare(path: Path) -> nbformat.NotebookNode:
    """Return a chapter without the cell, which it has once the repository has an address."""
    return with_cell(read(path), "")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> str:
    """A repository with the files of the tree as they are: its address."""
    folder = tmp_path_factory.mktemp("origin") / "book"
    copy_tree(folder)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All")
    return folder.as_uri()


@pytest.fixture(scope="module")
def colab(tmp_path_factory) -> Path:
    """An environment with our libraries and without this project: the path of its Python.

    Colab has libraries of its own choice. What the cell has to bring is the same.
    """
    folder = tmp_path_factory.mktemp("colab") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin/python"
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    here, there = (
        Path(subprocess.check_output([one, "-c", script], text=True).strip())
        for one in (sys.executable, python)
    )
    for entry in here.iterdir():
        ours = re.match(r"__editable__|pooling|anywidget|_?r(css|js)min|distutils", entry.name)
        if not ours and not (there / entry.name).exists():
            (there / entry.name).symlink_to(entry)
    for name in ("pooling_course", "anywidget", "rcssmin", "rjsmin"):
        absent = subprocess.run([python, "-c", f"import {name}"], capture_output=True)
        assert absent.returncode, f"{name} is in the clean environment"
    return python


def run_there(notebook: nbformat.NotebookNode, python: Path, folder: Path) -> None:
    """Run a notebook with the Python of another environment, in a folder."""
    kernel = python.parents[1] / "share/jupyter/kernels/colab"
    kernel.mkdir(parents=True, exist_ok=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Colab", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    environment |= {"PATH": f"{python.parent}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    environment |= {key: os.environ[key] for key in os.environ if key.startswith("PIP_")}
    # So that pip renews nothing: it would write through the links.
    environment |= {"PIP_CONSTRAINT": str(ROOT / "requirements/all.txt")}
    from jupyter_client.kernelspec import KernelSpecManager

    found = KernelSpecManager(kernel_dirs=[str(kernel.parent)])
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="colab", resources={"metadata": {"path": str(folder)}}
    )
    client.create_kernel_manager()
    client.km.kernel_spec_manager = found
    client.execute(env=environment)


def probe(*names: str) -> nbformat.NotebookNode:
    """Return a cell that prints where modules come from."""
    lines = [f"import {name}; print({name}.__file__)" for name in names]
    return nbformat.v4.new_code_cell("\n".join(lines))


def test_chapters_have_the_cell_that_the_setting_wants():
    address = address_of(ROOT / "_config.yml")
    differing = [path.name for path in CHAPTERS if with_cell(read(path), address) != read(path)]
    assert differing == [], "run `make execute`"


def test_cell_comes_first_changes_and_goes():
    old = bare(CHAPTERS[0])
    new = with_cell(old, ADDRESS)
    first = next(cell for cell in new.cells if cell.cell_type == "code")
    assert first.id == CELL_ID and ADDRESS in first.source
    assert first.metadata == {"tags": ["remove-cell"]}
    assert with_cell(new, ADDRESS) == new
    assert [cell for cell in new.cells if cell.id != CELL_ID] == old.cells
    other = with_cell(new, ADDRESS + "2")
    assert sum(ADDRESS in cell.source for cell in other.cells) == 1 and other != new
    assert with_cell(other, "") == old


def test_command_reads_the_setting_and_changes_nothing_else(tmp_path):
    config = tmp_path / "_config.yml"
    chapter = tmp_path / "chapter.ipynb"
    nbformat.write(bare(CHAPTERS[0]), chapter)
    before = chapter.read_bytes()
    for address, present in (("", False), (ADDRESS, True), (ADDRESS, True), ("", False)):
        config.write_text(f'repository: {{url: "{address}"}}')
        main(["--config", str(config), str(chapter)])
        assert (ADDRESS in chapter.read_text(encoding="utf-8")) == present
    assert chapter.read_bytes() == before


def test_cell_does_nothing_where_the_book_is_installed():
    shell = "import sys; from IPython.core.inputtransformer2 import TransformerManager as T;"
    shell += "exec(T().transform_cell(sys.argv[1]))"
    command = [sys.executable, "-c", shell, SOURCE.format(address="https://nowhere.invalid")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_chapter_opened_alone_runs(repository, colab, tmp_path):
    notebook = with_cell(read(ROOT / "chapters/02_windows.ipynb"), repository)
    notebook.cells.append(probe("pooling", "pooling_course"))
    run_there(notebook, colab, tmp_path)
    printed = notebook.cells[-1].outputs[0].text.split()
    assert len(printed) == 2
    assert all(Path(path).is_relative_to(colab.parents[1]) for path in printed)


def test_the_other_chapters_find_what_they_import(repository, colab, tmp_path):
    """In a session begun anew: the book was fetched, and only imports and data can be missing."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells.append(nbformat.v4.new_code_cell(SOURCE.format(address=repository)))
    for path in CHAPTERS:
        first = next(cell for cell in bare(path).cells if cell.cell_type == "code")
        notebook.cells.append(nbformat.v4.new_code_cell(first.source))
    data = (
        "from pooling_course import data, experiments; data.photo('coffee'); data.fashion_mnist()"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(f"{data}; experiments.load('pyramid')"))
    git(tmp_path, "clone", "--quiet", repository, "pooling-book")
    run_there(notebook, colab, tmp_path)
