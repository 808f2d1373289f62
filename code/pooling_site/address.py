"""What follows from the two addresses, each a setting of ``_config.yml`` and empty at first.

``repository: {url: ...}`` makes buttons that lead to the repository, to Colab and to Binder;
``html: {baseurl: ...}`` makes canonical addresses, the site map, and the card that other sites
show. What needs neither is in ``pages``.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from pooling_site import pages

CARD = "_static/explorer.png"
CARD_ALT = "An explorer of the book: a window of 3 by 3 cells on a padded plane of 6 by 6."


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
    config.notfound_context = pages.not_found(config.notfound_urls_prefix)
    config.sitemap_url_scheme = "{link}"
    config.sitemap_excludes = [f"{page}.html" for page in pages.OTHER_PAGES] + ["_modules/*"]
    # Without an address there is no site map, which is meant.
    config.suppress_warnings = [*config.suppress_warnings, "sitemap.configuration"]
    theme = config.html_theme_options
    theme["repository_url"] = repository_address(theme.get("repository_url") or "")
    theme["use_repository_button"] = theme["use_issues_button"] = bool(theme["repository_url"])
    if not theme["repository_url"]:
        theme["launch_buttons"] = {}


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


def setup(app: Sphinx) -> None:
    """Connect all of it around the extensions that it configures."""
    app.connect("config-inited", configure, priority=100)
    for extension in ("sphinxext.opengraph", "sphinx_sitemap", "notfound.extension"):
        app.setup_extension(extension)
    app.connect("doctree-resolved", say_where_to_get_it)
    app.connect("html-page-context", drop_empty_address, priority=900)
