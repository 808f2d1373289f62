"""Let nbval compare the pictures of the chapters, which it skips by itself.

It stands at the root, so that ``pytest chapters/02_windows.ipynb`` loads it as well.
"""

import io
import math
import os
from base64 import b64decode
from pathlib import Path

import numpy as np
from nbval.plugin import IPyNbCell
from PIL import Image

# Chapters are stored with one thread, which decides the last digits of a sum.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# nbgrader reads it; it is no module.
collect_ignore = ["code/pooling_class/nbgrader_config.py"]

TIMINGS = Path(__file__).parent / "tests" / "timings.cfg"

RMS_LIMIT = 1.0  # of 255: the pinned matplotlib draws the same bytes, a changed digit is above it


LONGEST = (
    *("class/test_hostile", "site/test_crawl", "class/test_classroom", "site/test_browser"),
    *("site/test_pdf", "site/test_address", "class/test_deploy", "course/test_experiments"),
    *("class/test_sandbox", "site/test_colab", "class/test_export", "site/test_site"),
    *("course/test_lab", "library/test_engine"),
)
"""Tests that take long begin early, so that two workers end together."""


def pytest_collection_modifyitems(items) -> None:
    """Bring the files of tests into the order of `LONGEST`; the others follow as they come."""
    places = {f"tests/{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


def pytest_configure(config) -> None:
    """Let nbval leave out times: nothing else differs from one run of a chapter to the next."""
    config.option.nbval_sanitize_with = str(TIMINGS)


def pictures(outputs: list[dict]) -> list[str]:
    """Return the PNGs of a cell's outputs, still in base64."""
    data = (output.get("data", {}) for output in outputs)
    return [bundle["image/png"] for bundle in data if "image/png" in bundle]


def rms_distance(stored: str, new: str) -> float:
    """Return the root mean square difference of two PNGs, infinite when their sizes differ."""
    a, b = (
        np.asarray(Image.open(io.BytesIO(b64decode(png))).convert("RGBA"), dtype=np.float64)
        for png in (stored, new)
    )
    return float(np.sqrt(np.mean((a - b) ** 2))) if a.shape == b.shape else math.inf


def picture_fault(stored: list[str], new: list[str]) -> str | None:
    """Say how the new pictures of a cell differ from the stored ones, or return None."""
    if len(stored) != len(new):
        return f"{len(stored)} picture(s) stored, {len(new)} drawn"
    for number, pair in enumerate(zip(stored, new, strict=True), start=1):
        distance = rms_distance(*pair)
        if distance > RMS_LIMIT:
            return f"picture {number} differs: RMS {distance:.1f} of 255, at most {RMS_LIMIT:g}"
    return None


_compare_text = IPyNbCell.compare_outputs


def _compare_text_and_pictures(cell, test, ref, skip_compare=None) -> bool:
    if not _compare_text(cell, test, ref, skip_compare):
        return False
    fault = picture_fault(pictures(ref), pictures(test))
    if fault:
        cell.comparison_traceback.append(f"{cell.parent.path.name}, {cell.name}: {fault}")
    return fault is None


IPyNbCell.compare_outputs = _compare_text_and_pictures
