"""One style sheet in the place of fourteen, with the rules that some page or script can use.

PurgeCSS finds the rules; it takes each word of pages and scripts for a name that may be in use.
"""

import posixpath
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from rcssmin import cssmin
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from pooling_site.tools import node, package

STYLE = "_static/site.css"
_LINK = re.compile(r'\s*<link (?=[^>]*rel="stylesheet")[^>]*href="([^"?]*)[^"]*"[^>]*>')
_ADDRESS = re.compile(r"url\(\s*[\"']?(?!data:|#)([^)\"']+)[\"']?\s*\)")
_IMPORT = re.compile(r"@import\s+(?:url\()?[\"']?([^\"')]+)[\"']?\)?\s*;")


def linked_once(page: str, seen: dict[str, None]) -> str:
    """Return a page with a link to the one style sheet, and note those it had.

    Parameters
    ----------
    page : str
        HTML.
    seen : dict
        Gets the paths of the style sheets from the root of the site, in their order, as keys.
    """
    first = True

    def linked(match: re.Match) -> str:
        nonlocal first
        root, folder, rest = match[1].partition("_static/")
        if not folder:
            raise ExtensionError(f"a style sheet must stand in _static, got {match[1]}")
        seen[folder + rest] = None
        link = f'\n    <link rel="stylesheet" href="{root}{STYLE}">' if first else ""
        first = False
        return link

    return _LINK.sub(linked, page)


def joined(root: Path, path: str) -> str:
    """Return a style sheet with what it imports, its addresses seen from ``_static``.

    Parameters
    ----------
    root : Path
        Folder of the site.
    path : str
        The style sheet, from there.
    """
    text = (root / path).read_text(encoding="utf-8")
    folder = posixpath.dirname(path)

    def moved(match: re.Match) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1]))
        return f"url({posixpath.relpath(target, posixpath.dirname(STYLE))})"

    imported = [posixpath.normpath(posixpath.join(folder, one)) for one in _IMPORT.findall(text)]
    own = _ADDRESS.sub(moved, _IMPORT.sub("", text))
    return "\n".join([*(joined(root, one) for one in imported), own])


def purged(style: str, root: Path) -> str:
    """Return a style sheet without the rules that no page and no script of a site can use."""
    with TemporaryDirectory() as folder:
        source, result = Path(folder, "site.css"), Path(folder, "out")
        source.write_text(style, encoding="utf-8")
        tool = package("purgecss") / "bin/purgecss.js"
        command = [node(), tool, "--css", source, "--output", result]
        # These are patterns, so the path of the site, which may hold anything, is not in them.
        content = ["--content", "**/*.html", "_static/**/*.js"]
        run = subprocess.run([*command, *content], cwd=root, capture_output=True, text=True)
        if run.returncode or not (result / source.name).is_file():
            raise ExtensionError(f"PurgeCSS failed: {run.stderr or run.stdout}")
        text = (result / source.name).read_text(encoding="utf-8")
        if not text.strip():
            raise ExtensionError(f"PurgeCSS found no rule that the pages in {root} use")
        return text


def leftovers(static: Path) -> list[Path]:
    """List the files of extensions that no page asks for."""
    patterns = ("*.map", "*.ttf", "*.mo", "*.po", "fontawesome.js*", "*macros.html")
    return [path for pattern in patterns for path in static.rglob(pattern)]


def write_style(app: Sphinx, failure: Exception | None) -> None:
    """Write the one style sheet, and leave out of the site what no page asks for."""
    seen = getattr(app.builder, "linked_styles", {})
    if failure or not seen:
        return
    root = Path(app.outdir)
    style = "\n".join(joined(root, path) for path in seen)
    (root / STYLE).write_text(cssmin(purged(style, root)), encoding="utf-8")
    for path in [*map(root.joinpath, seen), *leftovers(root / "_static")]:
        path.unlink(missing_ok=True)


def setup(app: Sphinx) -> None:
    """Write the style sheet when the pages are there."""
    app.connect("build-finished", write_style, priority=900)
