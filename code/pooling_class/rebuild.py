"""What a student wrote, put into the release as it was handed out.

Nothing else of a submission counts: neither the cells that grade, nor points, nor metadata.
"""

import ast
import copy
import json
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from pooling_class.files import LARGEST

MOST_CODE = 300_000  # characters

_MAGICS = 200_000  # magics of a cell times its characters: IPython starts over after each
_MAGIC = re.compile(r"[%!?]")
# Filters of warnings belong to all threads; and before Python 3.11.8 two of them at `ast.parse`
# raise SystemError.
_ONE_AT_A_TIME = threading.Lock()


class Unreadable(ValueError):
    """A file that is no notebook."""


def read_submitted(data: bytes) -> NotebookNode:
    """Return a notebook in format 4 from a file that may hold anything.

    Raises
    ------
    Unreadable
        If it is no notebook, or too large.
    """
    if not data:
        raise Unreadable("the file is empty, too large, or a link")
    if len(data) > LARGEST:
        raise Unreadable(f"the file has {len(data):,} bytes, more than {LARGEST:,}")
    try:
        raw = json.loads(data.decode("utf-8-sig"))
        # What the format asks for beyond this does not matter here: a cell is taken as it is.
        notebook = nbformat.from_dict(raw) if raw["nbformat"] == 4 else _upgraded(raw)
        cells = [_clean(cell) for cell in notebook["cells"]]
    except Exception as error:
        raise Unreadable(f"the file is no notebook ({type(error).__name__})") from None
    return NotebookNode(cells=cells)  # not validated: names of cells may be double, or odd


def rebuild(submitted: NotebookNode, release: NotebookNode, function: str | None) -> NotebookNode:
    """Return the release with the student's answers and own cells in it.

    Parameters
    ----------
    submitted : NotebookNode
        Any notebook.
    release : NotebookNode
        What students got.
    function : str or None
        The name that the answer must define. If the answer's cell lost its metadata, the cell
        that defines this name is taken for it.

    Returns
    -------
    NotebookNode
        The release's cells, in order. Answers are the student's. Cells of the student's own
        follow the release's cell that they followed, with the metadata ``{"pooling_course":
        {"own": true}}``.

    Raises
    ------
    Unreadable
        If there is more code than anybody writes.
    """
    kept = [_clean(cell) for cell in submitted.cells]
    if sum(len(cell.source) for cell in kept if cell.cell_type == "code") > MOST_CODE:
        raise Unreadable(f"the notebook has more than {MOST_CODE:,} characters of code")
    places = _places(kept, release.cells)
    if function and _place(release.cells, "answer") not in places:
        _adopt_code(kept, places, _place(release.cells, "answer"), function)
    _adopt_text(kept, places, release.cells)
    own: dict[int, list[NotebookNode]] = {}
    answers: dict[int, NotebookNode] = {}
    last = -1
    for cell, place in zip(kept, places, strict=True):
        if place is None:
            own.setdefault(last, []).append(cell)
        else:
            last = place
            if is_answer(release.cells[place]):
                answers[place] = cell
    cells = [*_own(own.get(-1, []))]
    for place, pristine in enumerate(release.cells):
        cell = copy.deepcopy(pristine)
        if place in answers:
            cell.source = answers[place].source
            if answers[place].get("attachments"):
                cell.attachments = answers[place].attachments
        cells += [cell, *_own(own.get(place, []))]
    for number, cell in enumerate(cells, start=1):
        if is_own(cell):
            cell.id = f"own-{number}"
    whole = copy.deepcopy(NotebookNode({**release, "cells": []}))
    whole.cells = cells
    return whole


def program(rebuilt: NotebookNode) -> list[tuple[str, str]]:
    """Return the code to run, each cell with a name: the setup, then the student's, in order.

    Magics become calls of ``get_ipython()``, as in a notebook. Locked cells other than the setup
    stay out.
    """
    transformer = TransformerManager()
    cells = []
    own = 0
    for cell in rebuilt.cells:
        if cell.cell_type != "code" or not (
            is_own(cell) or is_answer(cell) or name(cell) == "setup"
        ):
            continue
        own += is_own(cell)
        label = f"your own cell {own}" if is_own(cell) else f"the cell {name(cell)}"
        source = cell.source
        if not _is_plain(source) and len(source) * len(_MAGIC.findall(source)) <= _MAGICS:
            with suppress(Exception):  # what IPython cannot take apart, Python will refuse too
                source = transformer.transform_cell(source)
        cells.append((label, source))
    return cells


def untouched(cell: NotebookNode, pristine: NotebookNode) -> bool:
    """Whether an answer says no more than the release's cell: comments and space do not count."""
    if cell.cell_type == "markdown":
        return not cell.source.strip() or _words(cell.source) == _words(pristine.source)
    try:
        return ast.dump(_parse(cell.source)) == ast.dump(_parse(pristine.source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return cell.source.strip() == pristine.source.strip()


def _parse(source: str) -> ast.AST:
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about invalid escapes
        return ast.parse(source)


def _is_plain(source: str) -> bool:
    """Whether a cell is Python as it is, without magics."""
    try:
        _parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def name(cell: NotebookNode) -> str | None:
    """Return nbgrader's name of a cell."""
    nbgrader = cell.metadata.get("nbgrader", {})
    return nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None


def is_answer(cell: NotebookNode) -> bool:
    """Whether students write into this cell of a release."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_own(cell: NotebookNode) -> bool:
    """Whether a cell of a rebuilt notebook is the student's own."""
    return bool(cell.metadata.get("pooling_course", {}).get("own"))


def _upgraded(raw: dict) -> NotebookNode:
    """Return a notebook of an old format in format 4."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nbformat.reads(json.dumps(raw), as_version=4)


def _clean(cell) -> NotebookNode:
    """Return a cell of which each part has its right type, without outputs."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(map(str, source))
    grade_id = name(cell) if isinstance(cell.get("metadata"), dict) else None
    kept = NotebookNode(  # v4.new_code_cell would validate each, which takes its time
        cell_type="code" if cell.get("cell_type") == "code" else "markdown",
        id=str(cell.get("id", "")),
        metadata=NotebookNode(),
        source=str(source).encode("utf-8", "replace").decode(),
    )
    if isinstance(grade_id, str):
        kept.metadata.nbgrader = NotebookNode(grade_id=grade_id)
    if kept.cell_type == "code":
        kept.outputs, kept.execution_count = [], None
    elif _is_attachments(cell.get("attachments")):
        kept.attachments = cell["attachments"]
    return kept


def _is_attachments(value) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return isinstance(value, dict) and all(
        isinstance(bundle, dict) and all(isinstance(data, str) for data in bundle.values())
        for bundle in value.values()
    )


def _places(kept: list[NotebookNode], release: list[NotebookNode]) -> list[int | None]:
    """Return for each cell which cell of the release it was, each at most once.

    Told by nbgrader's name, else by the cell's id, else by an unchanged text.
    """
    places: list[int | None] = [None] * len(kept)
    taken = set()
    traits = (name, lambda cell: cell.id or None, lambda cell: cell.source.strip() or None)
    for trait in traits:
        known = {trait(cell): i for i, cell in reversed(list(enumerate(release)))}
        for i, cell in enumerate(kept):
            place = known.get(trait(cell)) if trait(cell) is not None else None
            fits = place is not None and release[place].cell_type == cell.cell_type
            if places[i] is None and fits and place not in taken:
                places[i] = place
                taken.add(place)
    return places


def _place(release: list[NotebookNode], wanted: str) -> int:
    return next((i for i, cell in enumerate(release) if name(cell) == wanted), -1)


def _adopt_code(kept, places, place: int, function: str) -> None:
    """Take the last cell of the student's own that defines the function for the answer."""
    defines = re.compile(rf"^(?:def\s+{function}\b|{function}\s*=)", re.MULTILINE)
    for i in reversed(range(len(kept))):
        if places[i] is None and kept[i].cell_type == "code" and defines.search(kept[i].source):
            places[i] = place
            return


def _adopt_text(kept, places, release) -> None:
    """Take the text that follows a question for its answer, if the answer's cell is lost."""
    for place, cell in enumerate(release):
        if is_answer(cell) and cell.cell_type == "markdown" and place not in places:
            if place - 1 not in places:
                continue
            at = places.index(place - 1) + 1
            if at < len(kept) and places[at] is None and kept[at].cell_type == "markdown":
                places[at] = place


def _own(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    for cell in cells:
        cell.metadata = NotebookNode({"pooling_course": {"own": True}})
        yield cell


def _words(text: str) -> list[str]:
    return text.replace("*", " ").split()
