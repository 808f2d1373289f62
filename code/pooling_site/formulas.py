"""Formulas are set while the site is built, by KaTeX: pages carry no script for them.

``sphinxcontrib.katex`` does it; this names the node and the KaTeX of the environment, and puts
KaTeX's style sheet and fonts, which that package leaves to another host, into the site.
"""

import re
import shutil
import socket
from pathlib import Path
from subprocess import Popen
from time import sleep

from sphinx.application import Sphinx
from sphinxcontrib import katex

from pooling_site.tools import node, package

STYLE = "katex/katex.min.css"
_OTHER_FONTS = re.compile(r',url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)')


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


def start(rundir: Path, timeout: float) -> tuple[Popen, socket.socket]:
    """Start KaTeX, and connect to it as soon as it listens at its socket.

    The file of a socket is there a moment before anyone listens, when a connection is refused.

    Raises
    ------
    KaTeXError
        If KaTeX ends before it listens.
    """
    path = rundir / "katex.sock"
    process = Popen(katex.KaTeXServer.build_command(socket=path), cwd=rundir)
    while process.poll() is None:
        connection = socket.socket(socket.AF_UNIX)
        if connection.connect_ex(str(path)) == 0:
            return process, connection
        connection.close()
        sleep(0.001)
    raise katex.KaTeXError(f"KaTeX ended with code {process.returncode} before it listened")


def configure() -> None:
    """Let ``sphinxcontrib.katex`` use our node, and stop at a formula that it cannot read."""
    katex.NODEJS_BINARY = node()
    katex.KaTeXServer.start_server_process = start
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 600.0  # a busy machine is no error
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
