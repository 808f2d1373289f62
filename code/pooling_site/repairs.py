"""What the theme and some extensions get wrong in a page, put right.

Each repair says what was wrong. One that finds nothing to mend in a whole build is reported with a
warning: it is no longer needed, or no longer works.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import imagesize
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

from pooling_site.styles import linked_once

LOGGER = getLogger(__name__)


class Repair(NamedTuple):
    """A pattern in a page and what stands there afterwards."""

    wrong: str
    right: str | Callable[[re.Match], str]
    pages: str = ""  # what the names of the pages it is for begin with, as a pattern


def _spans(block: re.Match) -> str:
    """Return a listing with spans in the place of divs."""
    return re.sub(r"<(/?)div\b", r"<\1span", block[0])


_SCRIPTS_THAT_WAIT = (
    "documentation_options|doctools|sphinx_highlight|clipboard\\.min|copybutton"
    "|sphinx-book-theme|course|togglebutton|design-tabs|searchtools|language_data|searchindex"
)

REPAIRS = {
    # 1.5 MB for a dozen icons, which the theme's font holds as well.
    "icon script": Repair(
        r'\s*<!--[^>]*-->\s*<script defer src="[^"]*fontawesome\.js[^>]*></script>', ""
    ),
    # They would come before the style sheets that the reader waits for.
    "preloads": Repair(r'\s*(?:<!--[^>]*-->\s*)?<link rel="preload" as="script"[^>]*>', ""),
    # Search as you type is off, so no page but that of the search needs the index.
    "search tools": Repair(
        r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>',
        "",
        pages="(?!search$)",
    ),
    # The lines around a result are read from its page, which a browser forbids on a disk.
    "search on a disk": Repair(
        r"(?=<script src=[^>]*searchtools\.js)",
        '<script type="module">if (location.protocol === "file:") '
        "DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;</script>",
    ),
    # The scheme is known before the first line is drawn, not when the theme's script has come.
    "scheme": Repair(
        r'localStorage\.getItem\("theme"\) \|\| "auto"',
        'localStorage.getItem("theme") || '
        '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")',
    ),
    # Without a script colors would belong to no scheme.
    "no scheme": Repair(r'(<html [^>]*data-theme=)"auto"', r'\1"light"'),
    # The fonts of formulas are asked for at once: lines would break anew when they come. On a disk
    # browsers complain of it, and there is no need.
    "fonts": Repair(
        r'(?=<link rel="stylesheet" href="([^"]*)_static/site\.css")(?=.*class="katex")',
        r"""<script>
      if (location.protocol !== "file:") for (const font of ["Main-Regular", "Math-Italic"]) {
        const href = `\1_static/katex/fonts/KaTeX_${font}.woff2`;
        const early = { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href };
        document.head.append(Object.assign(document.createElement("link"), early));
      }
    </script>
    """,
    ),
    # Before the first line is drawn: see assets/course.js. Who comes back, or loads again, is put
    # where he was, and this place needs the true heights.
    "arriving": Repair(
        r"(?=</script>\s*<!--\s*this give us)",
        'if (!location.hash && performance.getEntriesByType("navigation")[0]?.type === "navigate") '
        'document.documentElement.classList.add("arriving");\n  ',
    ),
    # These two lines make all scripts wait for the first. The theme reads one for a switch of
    # versions, which the site has not, and takes the other for false by itself.
    "options": Repair(r"\s*<script>DOCUMENTATION_OPTIONS\.[^<]*</script>", ""),
    # Scripts that nothing waits for do not hold up the page.
    "waiting": Repair(
        rf'<script((?: data-[^>]*)?) (?=src="[^"]*(?:{_SCRIPTS_THAT_WAIT})\.js)',
        r"<script\1 defer ",
    ),
    # Once is enough.
    "viewport": Repair(r'(<meta name="viewport"[^>]*>)(?:\s*<meta name="viewport"[^>]*>)+', r"\1"),
    # A button that opens a part of the contents has a name.
    "unnamed summary": Repair(
        r'(<a class="[^"]*reference internal" href="[^"]*">)([^<]*)(</a><details[^>]*>)<summary>',
        r'\1\2\3<summary aria-label="Pages under \2">',
    ),
    # The side bar, with the logo, is a landmark.
    "side bar": Repair(
        r'<div id="pst-primary-sidebar"',
        '<div id="pst-primary-sidebar" role="complementary" aria-label="Book"',
    ),
    # The contents below the logo stay where they are when it comes.
    "logo": Repair(
        r'<img (?=src="[^"]*logo\.svg" class="logo__image)', '<img width="182" height="80" '
    ),
    # Print needs no second title and contents, which are headings without text on some pages.
    "print title": Repair(r'<div id="jb-print-docs-body".*?(?=<div id="searchbox">)', ""),
    # A note in the margin is no landmark: these are for finding one's way.
    "margin note": Repair(
        r'<aside class="margin sidebar"', '<aside class="margin sidebar" role="note"'
    ),
    # One role was taken out of the standard, the other wants children that are not there.
    "entry": Repair(r' role="doc-biblioentry"|(?<=<div) role="list"(?= class="citation-list")', ""),
    # A paragraph cannot stand in a summary.
    "summary": Repair(
        r'<p class="((?:collapsed|expanded) admonition-title)">([^<]*)</p>(?=\s*(?:<p|</summary>))',
        r'<span class="\1">\2</span>',
    ),
    # It has a text, which is its name.
    "summary name": Repair(r'(<summary) aria-label="Toggle hidden content"', r"\1"),
    # The title of a solution opens it, and a link in it would not.
    "solution title": Repair(
        r'(<p class="admonition-title">Solution to)<a [^>]*>(.*?)</a></p>', r"\1\2</p>"
    ),
    # A box cannot stand in a listing.
    "listing": Repair(r"<pre>.*?</pre>", _spans, pages="_modules/"),
}


def repaired(page: str, name: str, done: set[str] | None = None) -> str:
    """Return a page with all repairs.

    Parameters
    ----------
    page : str
        HTML as the theme writes it.
    name : str
        Name of the page, such as ``chapters/02_windows``.
    done : set of str, optional
        Gets the names of the repairs that mended something.
    """
    for title, repair in REPAIRS.items():
        if re.match(repair.pages, name):
            before = page
            page = re.sub(repair.wrong, repair.right, page, flags=re.S)
            if done is not None and page != before:
                done.add(title)
    return page


def with_sizes(page: str, file_of: Callable[[str], Path | None]) -> str:
    """Return a page whose pictures have a size, and wait until they are near.

    Parameters
    ----------
    page : str
        HTML.
    file_of : callable
        From the address of a picture to its file, None where it is unknown.
    """
    count = 0

    def sized(match: re.Match) -> str:
        nonlocal count
        file = file_of(match[2])
        if file is None:
            return match[0]
        width, height = map(round, imagesize.get(file))
        if width < 1:
            return match[0]
        count += 1
        late = ' loading="lazy"' if count > 1 else ""
        return f'{match[1]}src="{match[2]}" width="{width}" height="{height}"{late}{match[3]}'

    return re.sub(r'(<img (?![^>]*\bwidth=)[^>]*?)src="([^"]*_images/[^"]*)"([^>]*>)', sized, page)


def repair_pages(app: Sphinx) -> None:
    """Let each page pass through the repairs after the theme has written it."""
    if app.builder.name != "html":
        return
    render = app.builder.templates.render
    app.builder.linked_styles = {}
    app.builder.repaired_pages = set()
    app.builder.repairs_done = set()

    def render_and_repair(template: str, context: dict[str, Any]) -> str:
        page = render(template, context)
        if "pagename" not in context:
            return page
        files = {name: source for source, name in app.builder.images.items()}

        def file_of(address: str) -> Path | None:
            source = files.get(address.rpartition("/")[2])
            return Path(app.srcdir, source) if source else None

        name = context["pagename"]
        page = linked_once(page, app.builder.linked_styles)
        page = repaired(page, name, app.builder.repairs_done)
        app.builder.repaired_pages.add(name)
        return with_sizes(page, file_of)

    app.builder.templates.render = render_and_repair


def report_idle_repairs(app: Sphinx, failure: Exception | None) -> None:
    """Warn of repairs that did nothing, after a build of all pages."""
    if failure or not app.env.found_docs <= getattr(app.builder, "repaired_pages", set()):
        return
    for title in sorted(REPAIRS.keys() - app.builder.repairs_done):
        LOGGER.warning("the repair %r found nothing to mend on any page", title)


def drop_shared_ids(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Take the ids from the contents of exercises, solutions and theorems: all have the same."""
    shared = {"exercise-content", "solution-content", "proof-content"}
    for section in doctree.findall(nodes.section):
        section["ids"] = [one for one in section["ids"] if one not in shared]


def setup(app: Sphinx) -> None:
    """Connect the repairs."""
    app.connect("builder-inited", repair_pages)
    app.connect("doctree-resolved", drop_shared_ids)
    app.connect("build-finished", report_idle_repairs)
