"""What follows from the two addresses, each a setting of ``_config.yml`` and empty at first.

``repository: {url: ...}`` makes buttons that lead to the repository, to Colab and to Binder;
``html: {baseurl: ...}`` makes canonical addresses, the site map, and the card that other sites
show. The descriptions of the pages need neither.
"""

import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

LONGEST = 200  # letters of a description
CARD = "_static/explorer.png"
CARD_ALT = "An explorer of the book: a window of 3 by 3 cells on a padded plane of 6 by 6."
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


def base_address(url: str) -> str:
    """Return the address of the site with a slash at its end, or nothing for nothing.

    Parameters
    ----------
    url : str
        The setting ``baseurl``.

    Raises
    ------
    ConfigError
        If it is not an address of the web.
    """
    parts = urlsplit(url)
    sound = parts.scheme in ("http", "https") and parts.netloc and not re.search(r"[\s?#]", url)
    if url and not sound:
        raise ConfigError(
            f"html.baseurl must be https://<host>/<folder>/, without ? and #, got {url!r}"
        )
    return url.rstrip("/") + "/" if url else ""


def repository_address(url: str) -> str:
    """Return the address of the repository without a slash at its end, or nothing for nothing.

    Parameters
    ----------
    url : str
        The setting ``url`` of ``repository``.

    Raises
    ------
    ConfigError
        If it is not a repository on GitHub: Colab opens no others.
    """
    url = url.rstrip("/").removesuffix(".git")
    if url and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", url, re.ASCII):
        raise ConfigError(f"repository.url must be https://github.com/<owner>/<name>, got {url!r}")
    return url


def configure(app: Sphinx, config: Config) -> None:
    """Derive the settings of the theme and of the extensions from the two addresses."""
    base = config.html_baseurl = base_address(config.html_baseurl or "")
    config.ogp_site_url = base
    config.ogp_site_name = config.html_title
    config.ogp_image = CARD if base else None
    config.ogp_image_alt = CARD_ALT
    config.ogp_social_cards = {"enable": False}  # they would need matplotlib
    config.notfound_urls_prefix = urlsplit(base).path or "/"
    lost = LOST.format(config.notfound_urls_prefix)
    config.notfound_context = {"title": "Page not found", "body": lost}
    config.sitemap_url_scheme = "{link}"
    config.sitemap_excludes = [f"{page}.html" for page in OTHER_PAGES] + ["_modules/*"]
    # Without an address there is no site map, which is meant.
    config.suppress_warnings = [*config.suppress_warnings, "sitemap.configuration"]
    theme = config.html_theme_options
    theme["repository_url"] = repository_address(theme.get("repository_url") or "")
    theme["use_repository_button"] = theme["use_issues_button"] = bool(theme["repository_url"])
    if not theme["repository_url"]:
        theme["launch_buttons"] = {}


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


def say_where_to_get_it(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Say of the project where it can be cloned, if it has an address, in the place marked so."""
    url = app.config.html_theme_options.get("repository_url")
    for place in doctree.findall(nodes.inline):
        if url and "get-the-project" in place["classes"]:
            clone, learn = (nodes.literal(text=text) for text in (f"git clone {url}", "make learn"))
            text = map(nodes.Text, ("Get the project with ", ", and type ", " in its folder."))
            first, second, third = text
            place.children = []
            place.extend([first, clone, second, learn, third])


def drop_empty_address(app: Sphinx, name: str, template: str, context: dict, doctree: Any) -> None:
    """Take out the address of a page on a site that has none."""
    if not app.config.html_baseurl:
        tags = re.sub(r'<meta property="og:url"[^>]*>\n?', "", context.get("metatags") or "")
        context["metatags"] = tags


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
    """Connect all of it around the extensions that it configures."""
    app.connect("config-inited", configure, priority=100)
    for extension in ("sphinxext.opengraph", "sphinx_sitemap", "notfound.extension"):
        app.setup_extension(extension)
    app.connect("doctree-resolved", say_where_to_get_it)
    app.connect("html-page-context", describe, priority=400)
    app.connect("html-page-context", drop_empty_address, priority=900)
    app.connect("build-finished", write_root, priority=100)
