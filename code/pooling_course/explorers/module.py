"""One file an explorer: its module and what it imports, joined and without comments."""

import json
import re
from functools import cache
from pathlib import Path

import rcssmin
import rjsmin

FOLDER = Path(__file__).parent / "js"
NAMES = ("window", "bins", "shift")
"""The explorers."""

_SCRIPT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+)\.mjs";\n', re.M)
_SHEET = re.compile(r'^import (\w+) from "\./([\w-]+)\.css" with \{ type: "css" \};\n', re.M)


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
    return rjsmin.jsmin("".join(parts.values()))


def _collect(name: str, parts: dict[str, str]) -> None:
    """Add a module after those it imports, each once and without the words that join them."""
    text = (FOLDER / f"{name}.mjs").read_text(encoding="utf-8")
    for other in _SCRIPT.findall(text):
        if other not in parts:
            _collect(other, parts)
    text = _SHEET.sub(_sheet, _SCRIPT.sub("", text))
    parts[name] = re.sub(r"^export (?!default)", "", text, flags=re.M)


def _sheet(found: re.Match) -> str:
    """Turn the import of a style sheet into what it stands for."""
    name, file = found.groups()
    style = rcssmin.cssmin((FOLDER / f"{file}.css").read_text(encoding="utf-8"))
    rules = json.dumps(style, ensure_ascii=False)
    return f"const {name} = new CSSStyleSheet();\n{name}.replaceSync({rules});\n"
