"""The pages are valid HTML, as html-validate sees it."""

import pytest
from site_checks import invalid

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


def test_pages_are_valid(build, tmp_path):
    assert invalid(build.folder, tmp_path) == []


def test_good_page_is_valid(tmp_path):
    (tmp_path / "good.html").write_text(GOOD)
    assert invalid(tmp_path, tmp_path) == []


@pytest.mark.parametrize("rule", BROKEN)
def test_broken_pages_are_not(tmp_path, rule):
    old, new = BROKEN[rule]
    assert old in GOOD
    (tmp_path / "bad.html").write_text(GOOD.replace(old, new))
    assert any(f" {rule}:" in fault for fault in invalid(tmp_path, tmp_path))
