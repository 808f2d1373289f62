"""The Sphinx extension of the site: all that makes pages of the book out of its sources.

``explorers``, ``exercises`` and ``reference`` put in what is ours; ``address`` holds what follows
from the two addresses, ``pages`` the descriptions, the 404 page and the first file; ``formulas``
sets mathematics while the site is built, ``icons`` keeps the icons that are used, ``repairs``
mends the markup of the theme, ``styles`` makes one small style sheet of many. ``colab``,
``lighthouse`` and ``pdf`` are commands.
"""

from typing import Any

from sphinx.application import Sphinx

from pooling_site import (
    address,
    exercises,
    explorers,
    formulas,
    icons,
    pages,
    reference,
    repairs,
    styles,
)

PARTS = (address, pages, formulas, reference, explorers, exercises, icons, repairs, styles)


def setup(app: Sphinx) -> dict[str, Any]:
    """Set up each part."""
    for part in PARTS:
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
