"""Icons come from the theme's fonts, cut down to those that the style sheet shows.

The theme also brings a script of 1.5 MB that draws the same icons; ``repairs`` leaves it out.
"""

import re
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

from pooling_site.styles import STYLE


def used_codes(style: str) -> set[int]:
    r"""Return the code points of the icons in a style sheet.

    Parameters
    ----------
    style : str
        CSS without rules that no page needs. An icon is a letter for private use, as itself or as
        an escape such as ``\f0c9``.

    Returns
    -------
    set of int
        Code points of the fonts.
    """
    escaped = re.findall(r"\\([ef][0-9a-f]{3})\b", style)
    plain = re.findall("[\ue000-\uf8ff]", style)
    return {int(code, 16) for code in escaped} | set(map(ord, plain))


def subset(path: Path, codes: set[int]) -> None:
    """Leave in a font, at its place, the glyphs of some code points."""
    font = TTFont(path, recalcTimestamp=False)
    subsetter = Subsetter(Options())
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.save(path)


def cut_fonts(app: Sphinx, failure: Exception | None) -> None:
    """Cut the fonts of icons down to what the style sheet shows."""
    style = Path(app.outdir, STYLE)
    if failure or app.builder.name != "html" or not style.is_file():
        return
    codes = used_codes(style.read_text(encoding="utf-8"))
    for font in Path(app.outdir, "_static/vendor/fontawesome/webfonts").glob("*.woff2"):
        subset(font, codes)


def setup(app: Sphinx) -> None:
    """Cut the fonts when the style sheet is there."""
    app.connect("build-finished", cut_fonts, priority=950)
