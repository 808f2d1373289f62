"""Icons come from the theme's font, cut down to those that a page shows.

The theme also brings a script of 1.5 MB that draws the same icons; ``repairs`` leaves it out.
"""

import re
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

_NAMED = re.compile(r"([^{}]+)\{content:\"\\(f[0-9a-f]{3})\"\}")
_DIRECT = re.compile(r"content:\s*[\"']\\(f[0-9a-f]{3})")


def used_codes(names: set[str], theme_style: str, other_styles: str) -> set[int]:
    r"""Return the code points of the icons of a site.

    Parameters
    ----------
    names : set of str
        Classes of the icons that stand in pages, such as ``fa-bars``.
    theme_style : str
        The style sheet that names the code of each icon: ``.fa-bars:before{content:"\f0c9"}``.
    other_styles : str
        Style sheets that show icons by their codes alone.

    Returns
    -------
    set of int
        Code points of the font.
    """
    named = {
        int(code, 16)
        for selectors, code in _NAMED.findall(theme_style)
        if names & set(re.findall(r"\.(fa-[a-z0-9-]+):{1,2}before", selectors))
    }
    return named | {int(code, 16) for code in _DIRECT.findall(other_styles)}


def subset(path: Path, codes: set[int]) -> None:
    """Leave in a font, at its place, the glyphs of some code points."""
    font = TTFont(path)
    options = Options()
    options.flavor = "woff2"
    options.timestamp = False
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.recalcTimestamp = False
    font.save(path)


def cut_fonts(app: Sphinx, failure: Exception | None) -> None:
    """Cut the fonts of icons down to what the pages and the styles use."""
    if failure or app.builder.name != "html":
        return
    out = Path(app.outdir)
    names = {
        name
        for page in out.rglob("*.html")
        for name in re.findall(r"\bfa-[a-z0-9-]+", page.read_text(encoding="utf-8"))
    }
    theme = out / "_static/styles/pydata-sphinx-theme.css"
    others = [path for path in (out / "_static").rglob("*.css") if path != theme]
    codes = used_codes(
        names,
        theme.read_text(encoding="utf-8"),
        "\n".join(path.read_text(encoding="utf-8") for path in others),
    )
    for font in (out / "_static/vendor/fontawesome/webfonts").glob("*.woff2"):
        subset(font, codes)


def setup(app: Sphinx) -> None:
    """Cut the fonts when the pages are there."""
    app.connect("build-finished", cut_fonts)
