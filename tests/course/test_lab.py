"""The explorers in JupyterLab, booted for real: what is moved is seen by Python, and back."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest
from browser import Watched
from notebook_checks import KERNELSPEC
from playwright.sync_api import expect

CELLS = [
    "from pooling_course import explorers\n"
    "explorer = explorers.window([[1, 2, 1], [2, 5, 0], [3, 1, 1]], kernel_size=2, stride=1)\n"
    "explorer",
    "print('kernel', explorer.kernel_size, 'sum', explorer.output.sum())",
    "explorer.kernel_size = 1; explorer.values = [[7, 8]]",
    "bins = explorers.bins(13, levels=(6,)); bins",
    "print('size', bins.size, bins.counts['adaptive'])",
    "shift = explorers.shift([0, 0, 1, 1], shift=1); shift",
    "print('shift', shift.shift)",
    "from pathlib import Path; from shutil import copytree\n"
    "from pooling_course.explorers import module\n"
    "module.FOLDER = Path(copytree(module.FOLDER, 'js')); ring = module.FOLDER / 'ring.mjs'\n"
    "ring.write_text(ring.read_text().replace('every second cell', 'edited'))\n"
    "explorers.shift()",
]


@pytest.fixture
def lab(tmp_path):
    """Boot JupyterLab on a notebook with explorers, and end it."""
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})
    nbformat.write(notebook, tmp_path / "try.ipynb")
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    own = {name: str(tmp_path / name.lower()) for name in folders}
    arguments = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    settings = ["--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path}"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [Path(sys.executable).with_name("jupyter"), "lab", *arguments, *settings],
            stdout=log,
            stderr=log,
            env=os.environ | own,
        )
        try:
            yield address_of(server, tmp_path / "jupyter_runtime_dir")
        finally:
            server.terminate()
            server.wait(30)


def address_of(server: subprocess.Popen, folder: Path) -> str:
    """Wait until the server says where it listens, and answers."""
    for _ in range(300):
        assert server.poll() is None, "JupyterLab has ended"
        for file in folder.glob("jpserver-*.json"):
            try:
                address = json.loads(file.read_text())["url"]
                urlopen(address + "api").close()
                return address
            except (OSError, ValueError):
                pass  # written halfway, or not listening yet
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not start")


def run(page, index: int) -> str:
    """Run a cell with Shift and Enter, and return its output."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(index)
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"), timeout=30_000)
    return cell.locator(".jp-OutputArea").inner_text() if "print" in CELLS[index] else ""


def prints(page, index: int, text: str) -> bool:
    """Run a cell until it prints a text: a message from the view takes a moment to arrive."""
    for _ in range(20):
        if text in run(page, index):
            return True
        page.wait_for_timeout(250)
    return False


def move(page, tag: str, name: str | None = None) -> None:
    """Move a slider of an explorer by one step to the right, by keyboard."""
    sliders = page.locator(f"{tag} input[type=range]")
    slider = page.locator(tag).get_by_role("slider", name=name, exact=True) if name else sliders
    slider.first.focus()
    page.keyboard.press("ArrowRight")


def test_view_and_kernel_follow_each_other(chrome, lab):
    context = chrome.new_context(viewport={"width": 1400, "height": 1000})
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(lab + "lab/tree/try.ipynb")
    page.locator(".jp-Notebook .jp-CodeCell").nth(7).wait_for(timeout=60_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    run(page, 0)
    page.locator("window-explorer").wait_for(timeout=60_000)
    output = page.locator("window-explorer [role=grid][aria-label=Output] td")
    expect(output).to_have_text(["5", "5", "5", "5"])
    assert prints(page, 1, "kernel (2, 2) sum 20.0")

    move(page, "window-explorer", "kernel_size")
    expect(output).to_have_text(["5"])
    assert prints(page, 1, "kernel (3, 3) sum 5.0")

    run(page, 2)
    expect(output).to_have_text(["7", "8"])

    run(page, 3)
    page.locator("bin-explorer").wait_for()
    assert prints(page, 4, "size 13 {6: 6}")
    move(page, "bin-explorer")
    assert prints(page, 4, "size 14 {6: 6}")

    run(page, 5)
    page.locator("shift-explorer").wait_for()
    assert prints(page, 6, "shift (0, 1)")
    move(page, "shift-explorer", "Right")
    assert prints(page, 6, "shift (0, 2)")

    run(page, 7)  # a module edited since the kernel began
    again = page.locator("shift-explorer-").get_by_role("heading", name="edited")
    expect(again).to_be_visible(timeout=10_000)
    first = page.locator("shift-explorer").get_by_role("heading", name="every second cell")
    expect(first).to_be_attached()
    foreign = [fault for fault in watched.faults if "another host" in fault]
    errors = [fault for fault in watched.faults if "script error" in fault or "explorer" in fault]
    assert (foreign, errors) == ([], [])
    context.close()
