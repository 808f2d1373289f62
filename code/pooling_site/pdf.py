"""The whole book as one PDF: the pages of the built site, joined and printed by chromium.

``python -m pooling_site.pdf --site _build/html --out _build/pooling.pdf``

Sphinx can build one page of a book by itself, but not with the extensions of Jupyter Book. So the
pages are joined after the build: each gives its article, ids get the page's name in front, and a
link to another page becomes a link within the book. How it looks is said in ``assets/print.css``,
which single pages printed from a browser follow, too; here stands what only the book needs.
"""

import argparse
import posixpath
import sys
from collections.abc import Iterator
from html import escape
from importlib.metadata import metadata
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, SoupStrainer, Tag
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from pypdf import PdfReader
from sphinx_external_toc.parsing import parse_toc_yaml

from pooling_course.files import write
from pooling_site.tools import ARGUMENTS, browser

LICENSES = "Text and figures: CC BY 4.0. Code: MIT License. The data have licenses of their own."
EVERYWHERE = {"Self-check", "Exercises", "Summary", "Further reading"}
"""Sections of every chapter, which the table of contents leaves out."""
NOT_ON_PAPER = ".headerlink, a:has(> .viewcode-link), .toctree-wrapper, .sd-summary-state-marker"
PLAIN = ".highlight :is(.n, .nn, .p, .w)"
"""Parts of code that have no color of their own: each would be an element of the PDF."""
COLUMNS = 94
"""How many columns of code fit between the margins; longer lines are set smaller."""
REFERRING = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "headers")

STYLE = """
@page { size: A4;
  @bottom-center { content: counter(page); font: 9pt sans-serif; color: #57606a; } }
@page first { @bottom-center { content: none; } }
html { --pst-font-family-base: "Liberation Sans", Arial, "Noto Sans", system-ui, sans-serif;
  --pst-font-family-heading: var(--pst-font-family-base); }
body { display: block; }
.first { page: first; display: flex; flex-direction: column; height: 245mm; }
.first p { margin: 0; }
.first .title { font-size: 32pt; font-weight: 600; line-height: 1.2; margin: 70mm 0 8mm; }
.first .summary { font-size: 14pt; margin-bottom: auto; }
.paper-contents { break-before: page; columns: 2; column-gap: 8mm; font-size: 8.5pt; }
.paper-contents h1 { column-span: all; }
.paper-contents p { font-size: 11pt; font-weight: 600; margin: 3mm 0 1mm; break-after: avoid; }
.paper-contents ol { list-style: none; margin: 0; padding: 0; }
.paper-contents ol ol { margin-left: 5mm; }
.paper-contents li { break-inside: avoid; }
.paper-contents li.chapter { font-weight: 600; margin-top: 1.2mm; break-inside: auto; }
.paper-contents li.chapter > ol { font-weight: 400; }
.paper-contents li a { color: inherit; display: flex; gap: 1.5mm; text-decoration: none; }
.paper-contents a::before { border-bottom: 1px dotted #8b949e; content: ""; flex: 1; order: 1;
  margin-bottom: .35em; min-width: 3mm; }
.paper-contents .page { order: 2; }
.paper-contents code { background: none; border: 0; color: inherit; }
.part { break-before: page; }
.part { color: #57606a; font-size: 14pt; margin: 0 0 4mm; text-align: right; }
article { break-before: page; }
.part + article { break-before: avoid; }
.explorer[data-number]::after {
  content: "Explorer " attr(data-number) ": " attr(label) ". It can be moved on the site."; }
"""


class Leaf(NamedTuple):
    """A page of the book: its name, its depth in the contents, the part that begins with it."""

    name: str
    level: int
    part: str | None = None


class Page(NamedTuple):
    """A leaf with its article, and the scripts that the article needs."""

    leaf: Leaf
    article: Tag
    scripts: list[str]


def contents(toc: Path) -> list[Leaf]:
    """Read the pages of the book, in their order.

    Parameters
    ----------
    toc : Path
        A ``_toc.yml``.

    Returns
    -------
    list of Leaf
        The root has level 1, as a part has; a chapter has level 2, and what is under it more.

    Raises
    ------
    ValueError
        If there is no such file.
    """
    if not toc.is_file():
        raise ValueError(f"toc must be a file, got {toc}")
    listed = parse_toc_yaml(toc)

    def under(name: str, level: int, parts: bool) -> Iterator[Leaf]:
        for tree in listed[name].subtrees:
            for number, item in enumerate(tree.items):
                yield Leaf(str(item), level, tree.caption if parts and not number else None)
                yield from under(str(item), level + 1, parts=False)

    root = listed.root.docname
    return [Leaf(root, 1), *under(root, 2, parts=True)]


def anchor(name: str, target: str = "") -> str:
    """Return the id, in the book, of a page or of a target on it.

    Examples
    --------
    >>> anchor("chapters/02_windows"), anchor("chapters/02_windows", "padding")
    ('chapters-02_windows', 'chapters-02_windows--padding')
    """
    return name.replace("/", "-") + (f"--{target}" if target else "")


def read(site: Path, leaf: Leaf) -> Page:
    """Read the article of a page.

    Raises
    ------
    ValueError
        If the page is not there, or has no article.
    """
    file = site / f"{leaf.name}.html"
    if not file.is_file():
        raise ValueError(f"site must hold every page of the contents, {leaf.name}.html is missing")
    wanted = SoupStrainer(["article", "script"])
    soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser", parse_only=wanted)
    if soup.article is None:
        raise ValueError(f"{leaf.name}.html has no <article>")
    scripts = [script.string for script in soup.find_all("script", type="module")]
    return Page(leaf, soup.article.extract(), scripts)


class Links:
    """Where the addresses on the pages lead to, once the pages are one."""

    def __init__(self, site: Path, pages: list[Page]) -> None:
        self.site = site
        self.dead: list[str] = []
        self.targets = {
            f"{page.leaf.name}.html": {tag["id"] for tag in page.article.find_all(id=True)}
            for page in pages
        }

    def file(self, page: str, address: str) -> str:
        """Return the path, seen from the site, of a file that a page names."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(address)))
        if not (self.site / path).is_file():
            self.dead.append(f"{page}: {address}")
        return path

    def link(self, page: str, address: str) -> str | None:
        """Return the address in the book; None for what the book does not hold."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return address
        path = self.file(page, parts.path) if parts.path else page
        if path not in self.targets:
            return None
        target = unquote(parts.fragment)
        if target and target not in self.targets[path]:
            self.dead.append(f"{page}: {address}")
        return "#" + anchor(path.removesuffix(".html"), target)


def settle(page: Page, links: Links) -> None:
    """Give an article its place in the book: ids, links, pictures, levels of headings."""
    leaf, article, _ = page
    name = f"{leaf.name}.html"
    for tag in article.select(NOT_ON_PAPER):
        tag.decompose()
    for tag in article.find_all("a", href=True):
        address = links.link(name, tag["href"])
        if address:
            tag["href"] = address
        else:
            tag.unwrap()
    for tag in article.find_all("img"):
        if not tag["src"].startswith("data:"):
            tag["src"] = links.file(name, tag["src"])
        del tag["loading"]
    for tag in article.select(PLAIN):
        tag.unwrap()
    for tag in article.find_all("pre"):
        columns = max(map(len, tag.text.splitlines()), default=0)
        if columns > COLUMNS:
            tag["style"] = f"font-size: {8.6 * COLUMNS / columns:.2f}pt !important"
    for tag in article.find_all("details"):
        tag["open"] = ""
    seen = set()
    for tag in article.find_all(id=True):
        if tag["id"] in seen:
            del tag["id"]  # the first is the one that links lead to
        else:
            seen.add(tag["id"])
            tag["id"] = anchor(leaf.name, tag["id"])
    for attribute in REFERRING:
        for tag in article.find_all(attrs={attribute: True}):
            values = tag[attribute] if isinstance(tag[attribute], list) else tag[attribute].split()
            tag[attribute] = " ".join(anchor(leaf.name, value) for value in values)
    for tag in article.find_all(["h1", "h2", "h3", "h4", "h5", "h6"]):
        tag["aria-level"] = str(int(tag.name[1]) + leaf.level - 1)
    article["id"] = anchor(leaf.name)
    chapter = article.select_one("h1 .section-number")
    for number, tag in enumerate(article.select(".explorer"), 1):
        tag["data-number"] = f"{chapter.text.strip() if chapter else ''}{number}"


def entry(tag: Tag, heading: Tag) -> str:
    """Return a line of the table of contents, with room for the number of its page."""
    words = BeautifulSoup(heading.decode_contents(), "html.parser")
    for inner in words.find_all(["a", "span"]):
        del inner["id"]
        if inner.name == "a":
            inner.unwrap()
    return f'<a href="#{tag["id"]}"><span>{words}</span><span class="page">000</span></a>'


def name_of(heading: Tag) -> str:
    """Return the words of a heading, without its number."""
    number = heading.select_one(".section-number")
    return heading.text.removeprefix(number.text if number else "").strip()


def table(pages: list[Page]) -> str:
    """Return the table of contents: parts, pages, and the sections that not every page has."""
    lines = []
    for leaf, article, _ in pages:
        if leaf.part:
            lines.append(f"<p>{escape(leaf.part)}</p>")
        sections = [
            f"<li>{entry(section, section.h2)}</li>"
            for section in article.select("section:has(> h2)")
            if leaf.level < 3 and name_of(section.h2) not in EVERYWHERE
        ]
        under = f"<ol>{''.join(sections)}</ol>" if sections else ""
        kind = "chapter" if leaf.level < 3 else "section"
        lines.append(f'<ol><li class="{kind}">{entry(article, article.h1)}{under}</li></ol>')
    return "\n".join(lines)


def join(site: Path, leaves: list[Leaf]) -> str:
    """Return the book as one page of HTML, to stand in the folder of the site.

    Parameters
    ----------
    site : Path
        Folder of the built site.
    leaves : list of Leaf
        Its pages, in the order of the book; the first is the root.

    Returns
    -------
    str
        HTML. Numbers of pages are not yet in it.

    Raises
    ------
    ValueError
        If a page is missing, or if a link or a picture leads nowhere.
    """
    pages = [read(site, leaf) for leaf in leaves]
    links = Links(site, pages)
    for page in pages:
        settle(page, links)
    if links.dead:
        raise ValueError(f"site has dead links: {', '.join(links.dead)}")
    about = metadata("pooling-course")
    title = pages[0].article.h1.text
    scripts = dict.fromkeys(script for page in pages for script in page.scripts)
    modules = "\n".join(f'<script type="module">{script}</script>' for script in scripts)
    body = "\n".join(
        (f'<h1 class="part" aria-level="1">{escape(leaf.part)}</h1>\n' if leaf.part else "")
        + str(article)
        for leaf, article, _ in pages
    )
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>{escape(title)}</title>
<link rel="stylesheet" href="_static/site.css">
<style>{STYLE}</style>
{modules}
</head>
<body>
<div class="bd-content">
<div class="bd-article-container">
<section class="first">
<p class="title">{escape(title)}</p>
<p class="summary">{escape(about["Summary"])}</p>
<p class="small">Version {escape(about["Version"])}</p>
<p class="small">{LICENSES}</p>
</section>
<nav class="paper-contents" aria-label="Contents">
<h1>Contents</h1>
{table(pages)}
</nav>
<main>
{body}
</main>
</div>
</div>
</body>
</html>
"""


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Return the page, counted from 1, of each target of a link in a PDF."""
    reader = PdfReader(BytesIO(pdf))
    return {
        name.removeprefix("/"): reader.get_destination_page_number(target) + 1
        for name, target in reader.named_destinations.items()
    }


NUMBER = """numbers => {
  for (const link of document.querySelectorAll(".paper-contents a")) {
    const number = numbers[link.getAttribute("href").slice(1)];
    if (!number) throw new Error(`no page in the PDF for ${link.textContent}`);
    link.querySelector(".page").textContent = number;
  }
}"""


def printed(file: Path) -> bytes:
    """Print a joined book, twice: the second time with the numbers that the first one found.

    Parameters
    ----------
    file : Path
        What `join` returns, in the folder of the site.

    Returns
    -------
    bytes
        The PDF.

    Raises
    ------
    RuntimeError
        If there is no browser, or if the numbers moved a page.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=ARGUMENTS)
        numbers = page_numbers(_print(chromium, file))
        pdf = _print(chromium, file, numbers)
        chromium.close()
    if page_numbers(pdf) != numbers:
        raise RuntimeError("the numbers in the table of contents moved a page")
    return pdf


def _print(chromium: Browser, file: Path, numbers: dict[str, int] | None = None) -> bytes:
    """Print a page that is opened for it: one that was printed before breaks in other places."""
    # As wide as the paper between its margins, so that scripts draw for that width.
    page = chromium.new_page(viewport={"width": 672, "height": 980})
    page.emulate_media(media="print")
    page.goto(file.resolve().as_uri(), timeout=120_000)
    page.evaluate("document.fonts.ready")
    page.wait_for_function("!document.querySelector('.explorer:not(:defined)')")
    if numbers:
        page.evaluate(NUMBER, numbers)
    last = numbers is not None
    pdf = page.pdf(prefer_css_page_size=True, print_background=True, tagged=last, outline=last)
    page.close()
    return pdf


def main(arguments: list[str] | None = None) -> int:
    """Write the PDF."""
    parser = argparse.ArgumentParser(prog="python -m pooling_site.pdf")
    parser.add_argument("--toc", type=Path, default="_toc.yml", help="contents of the book")
    parser.add_argument("--site", type=Path, default="_build/html", help="the built site")
    parser.add_argument("--out", type=Path, default="_build/pooling.pdf", help="the PDF")
    chosen = parser.parse_args(arguments)
    # Pictures and styles are named from there.
    file = chosen.site / "book-on-paper.html"
    try:
        file.write_text(join(chosen.site, contents(chosen.toc)), encoding="utf-8")
        pdf = printed(file)
        write(chosen.out, pdf)
    except (ValueError, RuntimeError, PlaywrightError) as fault:
        print(fault, file=sys.stderr)
        return 1
    finally:
        file.unlink(missing_ok=True)
    print(f"Open {chosen.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
