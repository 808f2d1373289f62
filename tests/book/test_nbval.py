"""Proof that a changed number or picture in a chapter fails, naming chapter and cell."""

import io
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from copy import deepcopy

import nbclient
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from notebook_checks import KERNELSPEC, ROOT
from PIL import Image

NUMBER = "6 * 7"
TIMES = "print('loops    9.125 ms\\nviews  120.250 ms\\n1.500 ms, 3 times')"
PICTURE = """\
import io
from IPython.display import Image as Show
from PIL import Image
buffer = io.BytesIO()
Image.new("L", (40, 30), 200).save(buffer, "PNG")
Show(buffer.getvalue())"""


def png(gray: int, size: tuple[int, int] = (40, 30)) -> str:
    buffer = io.BytesIO()
    Image.new("L", size, gray).save(buffer, "PNG")
    return b64encode(buffer.getvalue()).decode()


def store_text(old: str, new: str):
    def tamper(cells):
        assert old in cells[2].outputs[0].text
        cells[2].outputs[0].text = cells[2].outputs[0].text.replace(old, new)

    return tamper


def store_picture(picture: str):
    return lambda cells: cells[1].outputs[0].data.update({"image/png": picture})


TAMPERED = {
    "same": (None, lambda cells: None),
    "rounding": (None, store_picture(png(201))),
    "number": ("Cell 0", lambda cells: cells[0].outputs[0].data.update({"text/plain": "43"})),
    "no_output": ("Cell 0", lambda cells: cells[0].outputs.clear()),
    "picture": ("Cell 1", store_picture(png(120))),
    "size": ("Cell 1", store_picture(png(200, size=(41, 30)))),
    "missing": ("Cell 1", lambda cells: cells[1].outputs[0].data.pop("image/png")),
    "time": (None, store_text(" 120.250 ms", "   7.500 ms")),
    "contestant": ("Cell 2", store_text("views", "slices")),
    "unit": ("Cell 2", store_text("120.250 ms", "120.250 s")),
    "within a line": ("Cell 2", store_text("1.500 ms", "2.500 ms")),
    "extra": ("Cell 0", lambda cells: cells[0].outputs[0].data.update({"image/png": png(200)})),
}


@pytest.fixture(scope="module")
def failures(tmp_path_factory) -> str:
    """Run pytest, set up as for the chapters, over a notebook and its tampered copies."""
    folder = tmp_path_factory.mktemp("chapters")
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "timings.cfg", folder / "tests")
    cells = [new_code_cell(source) for source in (NUMBER, PICTURE, TIMES)]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    for name, (_, tamper) in TAMPERED.items():
        tampered = deepcopy(notebook)
        tamper(tampered.cells)
        nbformat.write(tampered, folder / f"{name}.ipynb")
    options = ["-q", "-c", ROOT / "pyproject.toml", "--rootdir", folder, "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "."], cwd=folder, capture_output=True, text=True
    )
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stderr
    return run.stdout


@pytest.mark.parametrize(("name", "cell"), [(name, cell) for name, (cell, _) in TAMPERED.items()])
def test_tampering_is_seen(failures, name, cell):
    assert re.findall(rf"^FAILED {name}\.ipynb::(.*?)(?: - .*)?$", failures, re.M) == (
        [cell] if cell else []
    )


def test_message_names_notebook_and_cell(failures):
    assert "picture.ipynb, Cell 1: picture 1 differs: RMS 69.3 of 255, at most 1" in failures
    assert "missing.ipynb, Cell 1: 0 picture(s) stored, 1 drawn" in failures
