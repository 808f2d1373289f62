"""The cell with which a chapter fetches the book in Colab, where it is opened alone.

``python -m pooling_site.colab NOTEBOOK...`` adds it, changes it or takes it out, as the
address of the repository in ``_config.yml`` wants it. ``make execute`` begins with that.
"""

import argparse
from pathlib import Path

import nbformat
import yaml

from pooling_site.address import repository_address

CELL_ID = "fetch-the-book"
SOURCE = """# In Colab this fetches the book. Elsewhere the book is installed, and nothing happens.
import importlib.util
import os

if importlib.util.find_spec("pooling_course") is None:
    !git clone --quiet --depth 1 {address} pooling-book
    %pip install --quiet "./pooling-book[explorers]"
if os.path.isdir("pooling-book/data"):  # also in a session begun anew
    os.environ["POOLING_COURSE_DATA"] = os.path.abspath("pooling-book/data")"""


def address_of(config: Path) -> str:
    """Return the address of the repository from the settings of the book."""
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    return repository_address((settings.get("repository") or {}).get("url") or "")


def with_cell(notebook: nbformat.NotebookNode, address: str) -> nbformat.NotebookNode:
    """Return a notebook with the cell as its first code cell, or without it.

    Parameters
    ----------
    notebook : NotebookNode
        A chapter; it is left as it is.
    address : str
        Where the book is cloned from. Without one there is no cell.
    """
    new = nbformat.from_dict(notebook)
    found = [cell for cell in new.cells if cell.id == CELL_ID]
    source = SOURCE.format(address=address)
    if address and found and found[0].source == source:
        return new
    new.cells = [cell for cell in new.cells if cell.id != CELL_ID]
    if address:
        cell = nbformat.v4.new_code_cell(source, id=CELL_ID, metadata={"tags": ["remove-cell"]})
        kinds = [one.cell_type for one in new.cells]
        new.cells.insert(kinds.index("code"), cell)
    return new


def main(arguments: list[str] | None = None) -> None:
    """Bring notebooks into line with the address."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("_config.yml"))
    parser.add_argument("notebooks", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    address = address_of(given.config)
    for path in given.notebooks:
        old = nbformat.read(path, as_version=4)
        new = with_cell(old, address)
        if new != old:
            nbformat.write(new, path)


if __name__ == "__main__":
    main()
