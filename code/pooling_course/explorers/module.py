"""One file an explorer: its module and the modules it imports, joined and without comments."""

import re
from functools import cache
from pathlib import Path

import rjsmin

FOLDER = Path(__file__).parent / "js"
NAMES = ("window", "bins", "shift")
"""The explorers."""

_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"\./([\w-]+)\.mjs";\n', re.M)


@cache
def module(name: str) -> str:
    """Return an explorer as one ES module that imports nothing.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    str
        The module. Its default export is what anywidget wants; importing it defines the
        custom element.

    Raises
    ------
    ValueError
        If there is no such explorer.

    Examples
    --------
    >>> len(module("window").encode()) < 40_000
    True
    """
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, got {name!r}")
    parts: dict[str, str] = {}
    _collect(name, parts)
    return re.sub(r"\n\s+", "\n", rjsmin.jsmin("".join(parts.values())))  # indented styles, too


def _collect(name: str, parts: dict[str, str]) -> None:
    """Add a module after those it imports, each once and without the words that join them."""
    text = (FOLDER / f"{name}.mjs").read_text(encoding="utf-8")
    for other in _IMPORT.findall(text):
        if other not in parts:
            _collect(other, parts)
    parts[name] = re.sub(r"^export (?!default)", "", _IMPORT.sub("", text), flags=re.M)
