"""The book on paper: how its pages are joined, and what the PDF holds."""

import re
import shutil
import unicodedata
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from browser import chromium
from bs4 import BeautifulSoup
from notebook_checks import ROOT
from pypdf import PdfReader

from pooling_site import pdf
from pooling_site.pdf import Leaf

TOC = """format: jb-book
root: index
parts:
  - caption: First & last
    chapters:
      - file: one
      - file: more/two
        sections:
          - file: more/three
"""
LEAVES = [Leaf("index", 1), Leaf("one", 2, "First & last"), Leaf("more/two", 2)]
LEAVES += [Leaf("more/three", 3)]
PAGES = {
    "index": '<h1>Book &amp; all<a class="headerlink" href="#top">#</a></h1>'
    '<p id="here"><a href="one.html">one</a></p>',
    "one": """<section id="top"><h1><span class="section-number">1. </span>One</h1>
<section id="here"><h2>Sizes <code>n</code></h2>
<a id="to-self" href="#here">self</a><a id="to-other" href="more/two.html#here">other</a>
<a id="to-page" href="more/two.html">page</a><a id="away" href="https://a.b/c#d">away</a>
<a id="out" href="code.html">outside</a><p aria-labelledby="here top">x</p>
<p id="here">twice</p></section>
<section id="end"><h2>Summary</h2>
<img loading="lazy" src="_images/a.png"><img src="data:image/png;base64,AAAA"></section>
<details><summary>Fold</summary>inside</details>
<div class="highlight"><pre><span class="k">def</span> <span class="n">f</span></pre></div>
<window-explorer class="explorer" id="x" label="A"></window-explorer>
<window-explorer class="explorer" id="y" label="B"></window-explorer></section>""",
    "more/two": '<section id="here"><h1>Two</h1><img src="../_images/a.png">'
    f'<a href="../one.html#end">back</a><pre>{"x" * 188}</pre></section>',
    "more/three": '<section id="here"><h1>Three</h1>'
    '<section id="s"><h2>Part</h2></section></section>',
}
MODULE = '<script type="module">let explorer;</script><script>let theme;</script>'


@pytest.fixture
def site(tmp_path) -> Path:
    """Write a small site."""
    (tmp_path / "_images").mkdir()
    (tmp_path / "more").mkdir()
    for name in ("_images/a.png", "code.html"):
        (tmp_path / name).touch()
    for name, text in PAGES.items():
        html = f"<html>{MODULE}<nav>sidebar</nav><article>{text}</article></html>"
        (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    (tmp_path / "_toc.yml").write_text(TOC, encoding="utf-8")
    return tmp_path


def change(site: Path, page: str, old: str, new: str) -> None:
    file = site / f"{page}.html"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def joined(site: Path) -> BeautifulSoup:
    return BeautifulSoup(pdf.join(site, LEAVES), "html.parser")


def test_contents_are_those_of_the_book(site):
    assert pdf.contents(site / "_toc.yml") == LEAVES
    with pytest.raises(ValueError, match="toc must be a file, got .*none.yml"):
        pdf.contents(site / "none.yml")


def test_pages_stand_in_their_order_under_their_parts(site):
    book = joined(site)
    headings = [(tag.text, tag["aria-level"]) for tag in book.main.find_all(["h1", "h2"])]
    assert headings == [
        ("Book & all", "1"),
        ("First & last", "1"),
        ("1. One", "2"),
        ("Sizes n", "3"),
        ("Summary", "3"),
        ("Two", "2"),
        ("Three", "3"),
        ("Part", "4"),
    ]
    assert book.title.text == "Book & all" and "sidebar" not in book.text


def test_ids_are_unique_and_references_follow(site):
    book = joined(site)
    ids = [tag["id"] for tag in book.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert {"index", "one", "more-two", "one--here", "more-two--here"} <= set(ids)
    assert book.find(attrs={"aria-labelledby": True})["aria-labelledby"] == "one--here one--top"


def test_links_lead_into_the_book_or_away(site):
    book = joined(site)
    links = {
        name: book.find(id=f"one--{name}")["href"]
        for name in ("to-self", "to-other", "to-page", "away")
    }
    assert links == {
        "to-self": "#one--here",
        "to-other": "#more-two--here",
        "to-page": "#more-two",
        "away": "https://a.b/c#d",
    }
    assert not book.find(id="one--out") and "outside" in book.find(id="one").text
    ids = {tag["id"] for tag in book.find_all(id=True)}
    inner = {tag["href"][1:] for tag in book.find_all("a") if tag["href"].startswith("#")}
    assert inner and inner <= ids


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("two.html#here", "two.html#gone"),
        ("two.html#here", "gone.html"),
        ('"#here"', '"#gone"'),
        ("_images/a.png", "_images/gone.png"),
    ],
)
def test_a_dead_link_is_an_error(site, old, new):
    change(site, "one", old, new)
    with pytest.raises(ValueError, match=r"dead links: one\.html: .*gone"):
        joined(site)


def test_a_page_that_is_missing_or_empty_is_an_error(site):
    change(site, "more/three", "article", "main")
    with pytest.raises(ValueError, match="more/three.html has no <article>"):
        joined(site)
    (site / "more/three.html").unlink()
    with pytest.raises(ValueError, match="more/three.html is missing"):
        joined(site)


def test_what_only_a_screen_needs_is_gone(site):
    book = joined(site)
    images = [tag["src"] for tag in book.find_all("img")]
    assert images == ["_images/a.png", "data:image/png;base64,AAAA", "_images/a.png"]
    assert not book.find(loading=True) and not book.select(".headerlink")
    assert book.details.has_attr("open")
    assert [script.string for script in book.find_all("script")] == ["let explorer;"]
    assert [tag.name for tag in book.pre.find_all()] == ["span"] and book.pre.text == "def f"


def test_explorers_are_numbered_and_long_lines_set_smaller(site):
    book = joined(site)
    assert [tag["data-number"] for tag in book.select(".explorer")] == ["1.1", "1.2"]
    one, two = book.find_all("pre")
    assert not one.has_attr("style") and two["style"] == "font-size: 4.30pt !important"


def test_table_of_contents_lists_parts_pages_and_own_sections(site):
    lines = joined(site).select(".paper-contents p, .paper-contents a")
    assert [(line.get("href"), line.text.removesuffix("000")) for line in lines] == [
        ("#index", "Book & all"),
        (None, "First & last"),
        ("#one", "1. One"),
        ("#one--here", "Sizes n"),
        ("#more-two", "Two"),
        ("#more-three", "Three"),
    ]


def test_failures_are_told_and_leave_nothing_behind(site, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="looked for chromium"):
        pdf.browser()
    before = set(site.iterdir())
    words = ["--toc", site / "_toc.yml", "--site", site, "--out", site / "book.pdf"]
    assert pdf.main([str(word) for word in words]) == 1
    assert "no browser" in capsys.readouterr().err
    change(site, "one", "two.html", "gone.html")
    assert pdf.main([str(word) for word in words]) == 1
    assert "gone.html" in capsys.readouterr().err
    assert set(site.iterdir()) == before


def plain(text: str) -> str:
    """Return a text without spaces and ligatures, to find it wherever its lines break."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


class Chapter(NamedTuple):
    """What the site says of a page of the book, and where the PDF has it."""

    leaf: Leaf
    title: str
    html: str
    first: int
    texts: list[str]

    @property
    def text(self) -> str:
        return plain("".join(self.texts))


class Book(NamedTuple):
    """The PDF, its pages as text, and what is set there in the fonts of formulas."""

    reader: PdfReader
    size: int
    texts: list[str]
    formulas: list[str]
    chapters: list[Chapter]


def bookmarks(reader: PdfReader, level: list, depth: int = 1) -> Iterator[tuple[int, str, int]]:
    """Yield depth, title and page, both counted from 1, of each bookmark."""
    for entry in level:
        if isinstance(entry, list):
            yield from bookmarks(reader, entry, depth + 1)
        else:
            yield depth, entry.title, reader.get_destination_page_number(entry) + 1


def article(site: Path, leaf: Leaf) -> tuple[str, str]:
    """Return the title of a page, and what stands there when its scripts have run."""
    html = (site / f"{leaf.name}.html").read_text(encoding="utf-8")
    html = html[html.index("<article") : html.index("</article>")]
    html = re.sub(r"(<\w+-explorer\b[^>]*>).*?</\w+-explorer>", r"\1", html, flags=re.S)
    title = re.search(r"<h1>(.*?)<a class=\"headerlink", html, re.S)[1]
    return unescape(re.sub(r"<[^>]*>", "", title)), html


def beginnings(html: str) -> list[str]:
    """Return how paragraphs begin, as far as no page breaks there and no formula stands there."""
    return [plain(unescape(words)) for words in re.findall(r"<p[^>]*>([^<>]{40})", html)]


def places(outline: list[tuple[int, str, int]], wanted: list[tuple[int, str]]) -> list[int]:
    """Return the pages of some bookmarks, which have to stand in this order."""
    rest = iter([(depth, plain(title), page) for depth, title, page in outline])
    found = []
    for level, title in wanted:
        page = next((p for depth, text, p in rest if (depth, text) == (level, plain(title))), None)
        assert page, f"no bookmark, or not in its order: {title}"
        found.append(page)
    return found


@pytest.fixture(scope="module")
def book(build, tmp_path_factory) -> Book:
    """Print the whole book, once, from a copy of the site."""
    chromium()
    site = tmp_path_factory.mktemp("paper") / "html"
    shutil.copytree(build.folder, site)
    toc, out = ROOT / "_toc.yml", site.parent / "new" / "book.pdf"
    assert pdf.main(["--toc", str(toc), "--site", str(site), "--out", str(out)]) == 0
    reader = PdfReader(out)
    texts, formulas = [], []
    for page in reader.pages:
        found: list[str] = []

        def note(text, matrix, line, font, size, found=found):
            if font and "KaTeX" in font.get("/BaseFont", ""):
                found.append(text)

        texts.append(page.extract_text(visitor_text=note))
        formulas.append("".join(found))
    leaves = pdf.contents(toc)
    titles, pages = zip(*(article(site, leaf) for leaf in leaves), strict=True)
    levels = [leaf.level for leaf in leaves]
    outline = list(bookmarks(reader, reader.outline))
    starts = places(outline, list(zip(levels, titles, strict=True)))
    ends = [*starts[1:], len(texts) + 1]
    chapters = [
        Chapter(leaf, title, html, first, texts[first - 1 : end - 1])
        for leaf, title, html, first, end in zip(leaves, titles, pages, starts, ends, strict=True)
    ]
    parts = [(1, leaf.part) for leaf in leaves if leaf.part]
    assert len(parts) >= 4 and places(outline, parts)
    return Book(reader, out.stat().st_size, texts, formulas, chapters)


def test_every_chapter_begins_on_its_page_and_is_there(book):
    assert 300 < len(book.texts) < 600 and book.size < 30e6
    starts = [chapter.first for chapter in book.chapters]
    assert starts == sorted(set(starts))
    for chapter in book.chapters:
        assert plain(chapter.title) in plain(chapter.texts[0])[:120], chapter.title
        wanted = beginnings(chapter.html)
        assert wanted and [words for words in wanted if words not in chapter.text] == []


def test_pages_are_numbered_and_the_contents_say_where(book):
    wrong = [n for n, text in enumerate(book.texts[1:], 2) if text.split()[0] != str(n)]
    assert wrong == []
    front = "\n".join(book.texts[1 : book.chapters[0].first - 1])
    listed = {
        (plain(words), int(page)) for words, page in re.findall(r"(.*\D) (\d+)\n", f"{front}\n")
    }
    assert {(plain(chapter.title), chapter.first) for chapter in book.chapters} <= listed


def test_every_link_leads_somewhere(book):
    reader = book.reader
    places = {
        name: reader.get_destination_page_number(target) + 1
        for name, target in reader.named_destinations.items()
    }
    links = [link.get_object() for page in reader.pages for link in page.get("/Annots", [])]
    inner = {link["/Dest"] for link in links if "/Dest" in link}
    assert len(inner) > 400 and inner <= set(places) and None not in places.values()
    assert {link["/A"]["/URI"].split(":")[0] for link in links if "/A" in link} == {"https"}
    count = 0
    for chapter in book.chapters:
        html = re.sub(r"</?(?:strong|em|code)[^>]*>", "", chapter.html)
        figures = re.findall(
            r'<figure[^>]* id="([^"]+)".*?caption-number">([^<]*)</span>'
            r'<span class="caption-text">([^<]*)',
            html,
            re.S,
        )
        for name, number, words in figures:
            caption = plain(number + unescape(words))
            assert caption in chapter.text
            page = places.get("/" + pdf.anchor(chapter.leaf.name, name))
            assert page is None or caption in plain(book.texts[page - 1]), number
        count += len(figures)
    assert count > 90


def test_explorers_are_figures_without_controls(book):
    numbers = []
    for chapter in book.chapters:
        labels = re.findall(r"<\w+-explorer [^>]*label=\"([^\"]+)\"", chapter.html)
        for number, label in enumerate(labels, 1):
            number = f"{chapter.title.split()[0]}{number}"
            caption = f"Explorer {number}: {unescape(label)}. It can be moved on the site."
            assert plain(caption) in chapter.text
            numbers.append(number)
    assert len(numbers) == len(set(numbers)) == 6
    text = "".join(book.texts)
    unwanted = ["Where it starts; with scripts", "\nStart again\n", "\nPlay\n", "Click to show"]
    assert [words for words in [*unwanted, "Show code cell", ")[source]"] if words in text] == []


def test_fonts_are_in_the_file_and_formulas_are_text(book):
    fonts = {}
    for page in book.reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            fonts[font.get("/BaseFont", font["/Subtype"])] = font
    assert len(fonts) > 5
    for name, font in fonts.items():
        if font["/Subtype"] != "/Type3":  # whose letters are drawings in the file
            inner = font["/DescendantFonts"][0] if "/DescendantFonts" in font else font
            descriptor = inner.get_object()["/FontDescriptor"]
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), name
    assert sum("KaTeX_Math" in name for name in fonts)
    for chapter in book.chapters:
        pages = range(chapter.first - 1, chapter.first - 1 + len(chapter.texts))
        letters = plain("".join(book.formulas[page] for page in pages))
        formulas = chapter.html.count('class="katex-html"')
        assert len(letters) >= formulas, chapter.title


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_page_prints_white_and_open(chrome, build, scheme):
    page = chrome.new_page(color_scheme=scheme)
    page.goto((build.folder / "chapters/08_pyramid.html").as_uri())
    page.wait_for_selector(".solution.toggle-hidden")
    reader = PdfReader(BytesIO(page.pdf(print_background=True)))
    text = plain("".join(one.extract_text() for one in reader.pages))
    html = article(build.folder, Leaf("chapters/08_pyramid", 1))[1]
    assert [words for words in beginnings(html) if words not in text] == []
    assert text.startswith("8.Spatialpyramidpooling")
    assert plain("Explorer: Six rules, any size. It can be moved on the site.") in text
    assert "Contentsbyquestion" not in text and "Clicktohide" not in text
    page.emulate_media(media="print")
    shades = page.evaluate(SHADES)
    assert len(shades) > 300 and [name for name, light, dark in shades if light < 220] == []
    assert [name for name, light, dark in shades if dark > 150] == []
    page.close()


SHADES = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const grounds = [...document.querySelectorAll("html, body, article, article *:not(.katex *)")];
  return grounds.filter((e) => e.checkVisibility() && e.textContent.trim()).map((e) => {
    const { backgroundColor, color } = getComputedStyle(e);
    const ground = numbers(backgroundColor);
    const light = ground[3] === 0 ? 255 : Math.min(...ground.slice(0, 3));
    return [`${e.tagName}.${e.className}`, light, Math.min(...numbers(color).slice(0, 3))];
  });
}"""
"""The darkest part of each ground, and of each color of text, in the text of a page."""
