"""What pages say of themselves to search engines, the page for addresses that lead nowhere (404),
and the first file of the site.
"""

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 200  # letters of a description
OTHER_PAGES = {
    "genindex": "Every function, class and term of the book on pooling, in the order of letters.",
    "py-modindex": "The Python modules of the book on pooling, with a line on what each one does.",
    "search": "Search the book on pooling: words of the text, names of functions and arguments.",
    "404": "There is no page of the book on pooling here; the contents and the search help.",
    "_modules/index": "The source code of the library of the book on pooling, module by module.",
}
LOST = """<h1>Page not found</h1>
<p>There is no page at this address. It may have moved: begin with the <a href="{0}index.html">first page</a>,
the <a href="{0}chapters/questions.html">contents by question</a> or the <a href="{0}search.html">search</a>.</p>
"""  # noqa: E501
ROOT = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>
    <meta name="description" content="The first page of the book is one step further.">
    <meta http-equiv="refresh" content="0; url={first}">{canonical}
  </head>
  <body>
    <main><h1>{title}</h1><p><a href="{first}">Begin to read</a></p></main>
  </body>
</html>
"""


def not_found(prefix: str) -> dict[str, str]:
    """Return the title and the body of the 404 page, with links that begin with a prefix."""
    return {"title": "Page not found", "body": LOST.format(prefix)}


def description(name: str, doctree: nodes.document | None) -> str:
    """Return what a page is about, in a sentence or two.

    Parameters
    ----------
    name : str
        Name of the page.
    doctree : document or None
        Its contents, if it comes from a file.
    """
    if doctree is None:
        module = name.removeprefix("_modules/").replace("/", ".")
        return OTHER_PAGES.get(name, f"The source code of the Python module {module}, as it runs.")
    text = ""
    for paragraph in doctree.findall(nodes.paragraph):
        if paragraph.astext().startswith("The question."):
            return " ".join(paragraph.astext().removeprefix("The question.").split())
        if isinstance(paragraph.parent, nodes.section) and len(text) < LONGEST / 3:
            text += " " + paragraph.astext()
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else words[:LONGEST].rpartition(" ")[0] + " …"


def describe(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put the description into a page, for search engines and for the card."""
    tags = context.get("metatags") or ""
    own = re.search(r'<meta content="([^"]*)" name="description"', tags)
    text = own[1] if own else escape(description(name, doctree))
    if not own:
        tags += f'\n<meta name="description" content="{text}" />'
    context["metatags"] = tags
    if doctree is not None:
        context["meta"] = dict(context.get("meta") or {}) | {"og:description": text}


def write_root(app: Sphinx, failure: Exception | None) -> None:
    """Write ``index.html``, which leads to the first page."""
    if failure or app.builder.name != "html":
        return
    first = app.builder.get_target_uri(app.config.root_doc)
    base = app.config.html_baseurl
    canonical = f'\n    <link rel="canonical" href="{escape(base + first)}">' if base else ""
    page = ROOT.format(title=escape(app.config.html_title), first=first, canonical=canonical)
    Path(app.outdir, "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Describe each page as it is written, and write the first file at the end."""
    app.connect("html-page-context", describe, priority=400)
    app.connect("build-finished", write_root, priority=100)
