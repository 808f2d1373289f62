"""One file an explorer: its module and what it imports, joined and without comments.

The import of `settings.mjs` stands for what `settings.py` says of that explorer.
"""

import json
import re
from pathlib import Path

import rcssmin
import rjsmin

from pooling_course.explorers.settings import SETTINGS

FOLDER = Path(__file__).parent / "js"
_SCRIPT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+)\.mjs";\n', re.M)
_SHEET = re.compile(r'^import (\w+) from "\./([\w-]+)\.css" with \{ type: "css" \};\n', re.M)


def module(name: str) -> str:
    """Return an explorer as one ES module that imports nothing.

    Parameters
    ----------
    name : str
        A key of `SETTINGS`.

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
    return rjsmin.jsmin(joined(name))


def joined(name: str) -> str:
    """Return an explorer as one module, with its comments."""
    if name not in SETTINGS:
        raise ValueError(f"name must be one of {', '.join(SETTINGS)}, got {name!r}")
    parts = {"settings": settings(name).removeprefix("export ")}
    _collect(name, parts)
    return "".join(parts.values())


def settings(name: str) -> str:
    """Return the module `settings.mjs` of an explorer."""
    facts = {key: setting.facts() for key, setting in SETTINGS[name].items()}
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    text = re.sub(r'"(\w+)":', r"\1:", text)  # JavaScript needs no quotes there
    return f"export const SETTINGS = {text};\n"


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
