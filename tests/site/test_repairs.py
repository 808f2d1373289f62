"""The parts of the site's extension, one by one: repairs, sizes, style sheet, icons, formulas."""

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from sphinx.errors import ExtensionError

from pooling_site import icons, repairs, styles, tools

# From a page as the theme writes it, to the same page mended; each for one repair.
CASES = {
    "icon script": (
        '<p>a</p> <!-- x -->\n <script defer src="../fontawesome.js?digest=1"></script>',
        "<p>a</p>",
    ),
    "preloads": ('<a> <!-- x -->\n<link rel="preload" as="script" href="b.js" />', "<a>"),
    "search tools": ('<a>\n<script src="../searchindex.js"></script>', "<a>"),
    "search on a disk": (
        '<a>\n    <script src="_static/searchtools.js"></script>',
        '<a>\n    <script type="module">if (location.protocol === "file:") '
        "DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;</script>"
        '<script defer src="_static/searchtools.js"></script>',
    ),
    "scheme": (
        'theme = localStorage.getItem("theme") || "auto";',
        'theme = localStorage.getItem("theme") || '
        '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");',
    ),
    "arriving": (
        "<script>a;</script>\n<!--\n    this give us b -->",
        '<script>a;if (!location.hash && performance.getEntriesByType("navigation")[0]?.type'
        ' === "navigate") document.documentElement.classList.add("arriving");\n'
        "  </script>\n<!--\n    this give us b -->",
    ),
    "options": ("<a> <script>DOCUMENTATION_OPTIONS.pagename = 'b';</script>", "<a>"),
    "waiting": (
        '<script data-a="b" src="../_static/design-tabs.js"></script>',
        '<script data-a="b" defer src="../_static/design-tabs.js"></script>',
    ),
    "viewport": (
        '<meta name="viewport" content="a" /><meta name="viewport" content="b" />',
        '<meta name="viewport" content="a" />',
    ),
    "unnamed summary": (
        '<a class="reference internal" href="a.html">Exercises</a><details><summary>',
        '<a class="reference internal" href="a.html">Exercises</a><details>'
        '<summary aria-label="Pages under Exercises">',
    ),
    "side bar": (
        '<div id="pst-primary-sidebar" class="b">',
        '<div id="pst-primary-sidebar" role="complementary" aria-label="Book" class="b">',
    ),
    "logo": (
        '<img src="../_static/logo.svg" class="logo__image only-light" alt="a"/>',
        '<img width="182" height="80" src="../_static/logo.svg" class="logo__image only-light"'
        ' alt="a"/>',
    ),
    "print title": (
        '<b><div id="jb-print-docs-body"><div></div></div>\n<div id="searchbox"></div>',
        '<b><div id="searchbox"></div>',
    ),
    "margin note": (
        '<aside class="margin sidebar">',
        '<aside class="margin sidebar" role="note">',
    ),
    "entry": (
        '<div class="citation" id="a" role="doc-biblioentry">',
        '<div class="citation" id="a">',
    ),
    "summary": (
        '<summary> <p class="collapsed admonition-title">a</p> </summary>',
        '<summary> <span class="collapsed admonition-title">a</span> </summary>',
    ),
    "no scheme": ('<html lang="en" data-theme="auto">', '<html lang="en" data-theme="light">'),
    "summary name": ('<summary aria-label="Toggle hidden content">', "<summary>"),
    "solution title": (
        '<p class="admonition-title">Solution to<a href="#a"> Exercise 1 (<code>b</code>)</a></p>',
        '<p class="admonition-title">Solution to Exercise 1 (<code>b</code>)</p>',
    ),
    "listing": ("<div><pre><div>a</div></pre></div>", "<div><pre><span>a</span></pre></div>"),
}
PAGE_OF = {"search on a disk": "search", "listing": "_modules/pooling/pool"}


def test_every_repair_has_a_case():
    assert CASES.keys() | {"fonts"} == repairs.REPAIRS.keys()


def test_only_pages_with_formulas_ask_for_their_fonts():
    link = '<head>\n  <link rel="stylesheet" href="../_static/site.css">'
    assert repairs.repaired(link, "a") == link
    asking = repairs.repaired(f'{link}<b class="katex">', "a")
    assert asking.count("<script>") == 1
    assert asking.index("`../_static/katex/fonts/KaTeX_${font}.woff2`") < asking.index("site.css")


@pytest.mark.parametrize("title", CASES)
def test_repair_mends_once(title):
    wrong, right = CASES[title]
    done = set()
    name = PAGE_OF.get(title, "chapters/a")
    assert repairs.repaired(wrong, name, done) == right
    assert title in done


@pytest.mark.parametrize("title", PAGE_OF)
def test_repair_of_some_pages_leaves_others(title):
    done = set()
    repairs.repaired(CASES[title][0], "chapters/a", done)
    assert title not in done


@pytest.mark.parametrize("written", [{"a"}, {"a", "b"}])
def test_idle_repairs_are_reported_after_a_full_build(monkeypatch, written):
    said = []
    monkeypatch.setattr(repairs.LOGGER, "warning", lambda *words: said.append(words[-1]))
    done = set(repairs.REPAIRS) - {"logo"}
    builder = SimpleNamespace(repaired_pages=written, repairs_done=done)
    app = SimpleNamespace(builder=builder, env=SimpleNamespace(found_docs={"a", "b"}))
    repairs.report_idle_repairs(app, None)
    assert said == (["logo"] if written == {"a", "b"} else [])


def test_pictures_get_a_size_and_all_but_the_first_wait(tmp_path):
    Image.new("L", (30, 20)).save(tmp_path / "a.png")
    page = '<img alt="x" src="../_images/a.png" />'
    sized = repairs.with_sizes(page * 2, lambda address: tmp_path / address.rpartition("/")[2])
    first, second = sized.split("><")
    assert 'src="../_images/a.png" width="30" height="20"' in first and "lazy" not in first
    assert 'width="30" height="20" loading="lazy"' in second
    assert repairs.with_sizes(page, lambda address: None) == page
    (tmp_path / "b.svg").write_text("no picture")
    assert repairs.with_sizes(page, lambda address: tmp_path / "b.svg") == page


def test_page_gets_one_style_sheet():
    seen = {}
    page = (
        '<html data-content_root="../"><link rel="stylesheet" href="../_static/a.css?v=1" />'
        '<link rel="stylesheet" type="text/css" href="../_static/b/c.css" /><link rel="icon">'
    )
    once = styles.linked_once(page, seen)
    assert list(seen) == ["_static/a.css", "_static/b/c.css"]
    assert once.count("stylesheet") == 1 and 'href="../_static/site.css"' in once
    assert '<link rel="icon">' in once
    with pytest.raises(ExtensionError, match=r"_static, got https://a\.b/c\.css"):
        styles.linked_once('<link rel="stylesheet" href="https://a.b/c.css">', seen)
    absolute = styles.linked_once('<link href="/b/_static/a.css" rel="stylesheet">', seen)
    assert 'href="/b/_static/site.css"' in absolute and len(seen) == 2


def test_style_sheets_are_joined_with_their_addresses(tmp_path):
    (tmp_path / "_static/b").mkdir(parents=True)
    (tmp_path / "_static/a.css").write_text('p { background: url("x.png") }')
    (tmp_path / "_static/b/c.css").write_text(
        '@import url("../a.css");\nq { background: url(y.png), url(data:z), url(../w.png) }'
    )
    text = styles.joined(tmp_path, "_static/b/c.css")
    assert "@import" not in text
    assert [*re.findall(r"url\(([^)]*)\)", text)] == ["x.png", "b/y.png", "data:z", "w.png"]


def test_unused_rules_are_dropped_and_words_of_scripts_count(tmp_path):
    tmp_path = tmp_path / "a (1) [b]"
    (tmp_path / "_static").mkdir(parents=True)
    (tmp_path / "a.html").write_text('<p class="here">a</p>')
    (tmp_path / "_static/a.js").write_text('e.classList.add("later")')
    text = styles.purged(".here{top:0} .later{top:1px} .never{top:2px}", tmp_path)
    assert ".here" in text and ".later" in text and ".never" not in text
    with pytest.raises(ExtensionError, match="found no rule"):
        styles.purged(".never{top:2px}", tmp_path)


def test_icons_are_found_as_letters_and_as_escapes():
    style = '.fa-bars:before{content:"\\f0c9"}:root{--icon:"\uf05a";--plain:"\\201c"}'
    assert icons.used_codes(style) == {0xF0C9, 0xF05A}


def test_font_keeps_its_icons_and_loses_the_rest(build):
    folder = build.folder / "_static/vendor/fontawesome/webfonts"
    codes = set(TTFont(folder / "fa-solid-900.woff2").getBestCmap())
    assert {0xF0C9, 0xF002, 0xF05A} <= codes and len(codes) < 80  # bars, magnifying glass, info


def test_formulas_need_the_files_of_katex(monkeypatch, tmp_path):
    monkeypatch.setattr(tools.sys, "prefix", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="make book"):
        tools.package("katex")


@pytest.mark.parametrize(
    ("latex", "said"),
    [(r"\frac12", "<math"), (r"\undefined", "KaTeXError"), ("½", "KaTeXError")],
)
def test_formula_that_cannot_be_read_is_an_error(latex, said):
    program = (
        "import sys; from pooling_site import formulas; formulas.configure();"
        "from sphinxcontrib import katex; print(katex.render_latex(sys.argv[1]))"
    )
    run = subprocess.run([sys.executable, "-c", program, latex], capture_output=True, text=True)
    assert said in (run.stdout or run.stderr)
