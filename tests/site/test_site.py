"""The site builds without a warning, and each of its pages stands on its own."""

import ast
import re
from pathlib import Path

import pytest
from notebook_checks import ROOT
from site_checks import CHECKS, Site, contents

GOOD = """<html><head><link rel="stylesheet" href="a.css"><link rel="canonical" href="https://a.b/">
</head><body><h1 id="here">Hi</h1><a href="#here">here</a><a href="/a.png">p</a>
<a href="https://a.b/">away</a>
<img src="a.png" alt="A point."></body></html>"""
BROKEN = {
    "script": ("foreign_requests", "</body>", '<script src="https://a.b/x.js"></script></body>'),
    "style": ("foreign_requests", 'href="a.css"', 'href="//a.b/a.css"'),
    "picture": ("foreign_requests", 'src="a.png"', 'src="https://a.b/a.png"'),
    "file": ("dead_links", 'href="#here"', 'href="gone.html"'),
    "file of the site": ("dead_links", 'href="#here"', 'href="/gone.html"'),
    "target": ("dead_links", 'href="#here"', 'href="#gone"'),
    "lost picture": ("dead_links", 'src="a.png"', 'src="gone.png"'),
    "no alternative": ("unnamed_pictures", ' alt="A point."', ""),
    "blank alternative": ("unnamed_pictures", "A point.", " "),
}


def test_build_has_no_warning(build):
    text = re.sub(r"\x1b\[[\d;]*m", "", build.output)
    problems = re.findall(r"^.*(?:WARNING|ERROR):.*$", text, re.M)
    assert not problems, "\n".join(problems)
    assert build.returncode == 0, text[-2000:]


def test_every_page_of_the_contents_is_built(site):
    assert [name for name in contents() if not (site.folder / f"{name}.html").is_file()] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_pages_have_no(site, check):
    faults = {str(page.relative_to(site.folder)): list(check(site, page)) for page in site.pages}
    assert {page: found for page, found in faults.items() if found} == {}


def test_library_reference_holds_every_public_name(site):
    anchors = site.anchors(site.folder / "chapters" / "d_library.html")
    public = [
        f"pooling.{path.stem}.{node.name}"
        for path in (ROOT / "code" / "pooling").glob("[!_]*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert "pooling.pool.max_pool2d" in public
    assert set(public) - anchors == set()


def test_modules_show_their_arguments(site):
    page = site.pages[site.folder / "chapters" / "d_library.html"]
    signature = page.find(id="pooling.layers.MaxPool2d").text
    assert "kernel_size" in signature and "*args" not in signature


def test_formulas_are_set_and_need_no_script(site):
    for page, soup in site.pages.items():
        formulas = soup.select(".math")
        assert all(one.select("math") and one.select(".katex-html") for one in formulas), page
        assert not soup.find_all(class_="katex-error"), page
        assert not soup.find_all("script", src=re.compile("(?i)mathjax|katex")), page
    fonts = site.folder / "_static/katex/fonts"
    named = set(re.findall(r"KaTeX_[\w-]+\.\w+", (site.folder / "_static/site.css").read_text()))
    assert named and named == {path.name for path in fonts.iterdir()}


def test_styles_load_nothing_from_another_host(site):
    for style in (site.folder / "_static").rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", text), style


def faults_of(folder: Path, html: str) -> set[str]:
    for name in ("a.css", "a.png"):
        (folder / name).touch()
    (folder / "index.html").write_text(html, encoding="utf-8")
    site = Site(folder)
    return {check.__name__ for check in CHECKS if list(check(site, folder / "index.html"))}


def test_good_page_has_no_faults(tmp_path):
    assert faults_of(tmp_path, GOOD) == set()


@pytest.mark.parametrize(("name", "old", "new"), BROKEN.values(), ids=BROKEN)
def test_checks_see_what_is_broken(tmp_path, name, old, new):
    assert old in GOOD
    assert name in faults_of(tmp_path, GOOD.replace(old, new))
