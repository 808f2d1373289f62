"""The pages are valid HTML, as html-validate sees it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pooling_course.site.formulas import node

TOOL = Path(sys.prefix) / "node_modules/html-validate/bin/html-validate.mjs"
RULES = {
    "root": True,
    "extends": ["html-validate:standard"],
    "rules": {
        # Sphinx names a function by its path: `pooling.pool.max_pool2d`.
        "valid-id": ["error", {"relaxed": True}],
        "missing-doctype": "error",
        "unique-landmark": "error",
        "heading-level": ["error", {"sectioningRoots": ["dialog"]}],
        "no-implicit-close": "error",
        "no-redundant-for": "error",
        "wcag/h30": "error",
        "wcag/h36": "error",
        "wcag/h37": "error",
        "wcag/h63": "error",
        "wcag/h67": "error",
        "wcag/h71": "error",
    },
}
GOOD = """<!DOCTYPE html>
<html lang="en"><head><title>Good</title></head>
<body><main><h1>One</h1><h2 id="a.b">Two</h2><img src="a.png" alt="A point."></main></body></html>
"""
BROKEN = {
    "no-dup-id": ("<h1>", '<h1 id="a.b">'),
    "element-required-attributes": (' lang="en"', ""),
    "heading-level": ("<h2 id=\"a.b\">Two</h2>", "<h3>Two</h3>"),
    "wcag/h37": (' alt="A point."', ""),
    "element-permitted-content": ("Two", "<div>Two</div>"),
    "close-order": ("</h1>", "</h2>"),
    "missing-doctype": ("<!DOCTYPE html>\n", ""),
}  # fmt: skip


def faults(folder: Path, work: Path) -> list[str]:
    """Return what html-validate finds in the pages of a folder."""
    rules = work / "rules.json"
    rules.write_text(json.dumps(RULES))
    pages = sorted(folder.rglob("*.html"))
    report = work / "report.json"
    report.unlink(missing_ok=True)
    command = [node(), TOOL, "--config", rules, "--formatter", f"json={report}", *pages]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode in (0, 1) and report.is_file(), run.stderr
    return [
        f"{Path(page['filePath']).name}:{fault['line']} {fault['ruleId']}: {fault['message']}"
        for page in json.loads(report.read_text())
        for fault in page["messages"]
    ]


def test_pages_are_valid(build, tmp_path):
    assert faults(build.folder, tmp_path) == []


def test_good_page_is_valid(tmp_path):
    (tmp_path / "good.html").write_text(GOOD)
    assert faults(tmp_path, tmp_path) == []


@pytest.mark.parametrize("rule", BROKEN)
def test_broken_pages_are_not(tmp_path, rule):
    old, new = BROKEN[rule]
    assert old in GOOD
    (tmp_path / "bad.html").write_text(GOOD.replace(old, new))
    assert any(f" {rule}:" in fault for fault in faults(tmp_path, tmp_path))
