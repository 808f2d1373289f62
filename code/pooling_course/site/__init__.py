"""The Sphinx extension of the site: what Jupyter Book and its theme leave to us.

``address`` holds what follows from the two addresses, ``formulas`` sets mathematics while the site
is built, ``icons`` keeps the icons that are used, ``repairs`` mends the markup of the theme,
``styles`` makes one small style sheet of many. The others are commands.
"""

from typing import Any

from sphinx.application import Sphinx

from pooling_course.site import address, formulas, icons, repairs, styles


def setup(app: Sphinx) -> dict[str, Any]:
    """Set up each part."""
    for part in (address, formulas, icons, repairs, styles):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
