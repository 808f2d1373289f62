"""What an explorer says where no script runs, such as in a browser without them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from docutils import nodes

from pooling.bins import paper_prediction
from pooling.windows import coverage, window_positions
from pooling_course.explorers.arithmetic import RING, bin_lists, compare, window_output
from pooling_course.explorers.settings import OPERATORS, START, WINDOW, call_settings


def number(value: float) -> str:
    """Write a number with a real minus and up to six digits.

    Parameters
    ----------
    value : float
        The number.

    Returns
    -------
    str

    Examples
    --------
    >>> number(-2.0), number(float("inf")), number(1 / 3)
    ('−2', '∞', '0.333333')
    """
    return f"{value:.6g}".replace("inf", "∞").replace("-", "−")


def table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> nodes.container:
    """Make a table with a title above it, which takes no number of the book's tables.

    Parameters
    ----------
    title : str
        What it shows.
    head : iterable of str
        Names of the columns; none for a bare grid.
    rows : iterable of iterable of str
        The cells.

    Returns
    -------
    docutils.nodes.container
    """
    lines, head = [list(row) for row in rows], list(head)
    columns = list(zip(*lines, *[head] * bool(head), strict=True))
    group = nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=max(map(len, column))) for column in columns]
    if head:
        group += nodes.thead("", _row(head))
    group += nodes.tbody("", *map(_row, lines))
    name = nodes.paragraph("", "", nodes.strong(text=title))
    return nodes.container("", name, nodes.table("", group), classes=["explorer-table"])


def _row(cells: list[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=cell)) for cell in cells))


def _text(text: str) -> nodes.paragraph:
    return nodes.paragraph(text=text)


def window(settings: dict[str, Any]) -> list[nodes.Node]:
    """Say what the window explorer shows: settings, input, output, and each window.

    Parameters
    ----------
    settings : dict
        As `pooling_course.explorers.settings.START["window"]`.

    Returns
    -------
    list of docutils.nodes.Node

    Raises
    ------
    TypeError, ValueError
        What the library raises for an impossible setting.
    """
    x = np.array(settings["values"], dtype=float)
    call = call_settings(settings)
    output, at = window_output(settings), START["window"] | call
    sides = (at[name] for name in ("kernel_size", "stride", "padding", "dilation"))
    down, right = (
        window_positions(n, *side, at["ceil_mode"])
        for n, side in zip(x.shape, zip(*sides, strict=True), strict=True)
    )
    reads = np.outer(coverage(down, x.shape[0]), coverage(right, x.shape[1]))
    words = [f"{name} {WINDOW[name].words(value)}" for name, value in call.items()]
    windows = [
        [
            f"({i}, {j})",
            _places(rows),
            _places(columns),
            _found(x, rows, columns),
            number(output[i, j]),
        ]
        for i, rows in enumerate(down)
        for j, columns in enumerate(right)
    ]
    return [
        _text(f"The {OPERATORS[settings['operator']]} over windows: {', '.join(words)}."),
        table(f"Input, {x.shape[0]} × {x.shape[1]}", [], [map(number, row) for row in x]),
        table(f"Output, {len(down)} × {len(right)}", [], [map(number, row) for row in output]),
        table("Each window", ["output cell", "rows", "columns", "finds", "writes"], windows),
        _text(
            f"Of {reads.size} cells, {np.sum(reads == 0)} are never read and {np.sum(reads > 1)} "
            f"more than once."
        ),
    ]


def _places(places: np.ndarray) -> str:
    return ", ".join(map(number, places))


def _found(x: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> str:
    inside = [
        x[row, column]
        for row in rows
        for column in columns
        if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]
    ]
    outside = len(rows) * len(columns) - len(inside)
    return ", ".join(map(number, inside)) + f" and {outside} outside" * (outside > 0)


def bins(settings: dict[str, Any]) -> list[nodes.Node]:
    """Say what the bin explorer shows: the bins of six rules at each level.

    Parameters
    ----------
    settings : dict
        As `pooling_course.explorers.settings.START["bins"]`.

    Returns
    -------
    list of docutils.nodes.Node
    """
    a, levels = settings["size"], settings["levels"]
    parts: list[nodes.Node] = []
    for n in levels:
        rows = [[rule, *_verdict(a, n, found)] for rule, found in bin_lists(a, n).items()]
        head = ["rule", "bins", "number", "cells unread", "read more than once"]
        parts.append(table(f"{a} cells into {n}", head, rows))
        if a >= n:
            count, unread = paper_prediction(a, n)
            parts.append(
                _text(
                    f"The theorem for the paper's rule: {a} = {a // n} · {n} + {a % n}, so "
                    f"bins: {count}, cells unread: {unread}."
                )
            )
    return [*parts, _text("A bin written [3, 7) holds the cells 3 to 6.")]


def _verdict(a: int, n: int, found: list[tuple[int, int]] | str) -> list[str]:
    if isinstance(found, str):
        return [found, "none", "", ""]
    reads = coverage(np.array([i for bin in found for i in range(*bin)], dtype=int), a)
    empty = sum(not any(0 <= i < a for i in range(*bin)) for bin in found)
    count = f"{len(found)}" if len(found) == n else f"{len(found)}, not {n}"
    count += f", {empty} empty" * (empty > 0)
    listed = " ".join(f"[{number(start)},\u00a0{number(stop)})" for start, stop in found)
    return [listed, count, str(np.sum(reads == 0)), str(np.sum(reads > 1))]


def shift(settings: dict[str, Any]) -> list[nodes.Node]:
    """Say what the shift explorer shows: the share of outputs that a shift leaves as they are.

    Parameters
    ----------
    settings : dict
        As `pooling_course.explorers.settings.START["shift"]`.

    Returns
    -------
    list of docutils.nodes.Node
    """
    x = np.array(settings["values"], dtype=float)[None]
    steps = range(min(5, x.shape[2] // 2 + 1))
    rows = []
    for name, pool in RING.items():
        before = pool(x)[0]
        moved = [compare(before, pool(np.roll(x, step, axis=2))[0]) for step in steps]
        shares = [f"{m['count']} of {before.size}, {number(m['change'])}" for m in moved]
        rows.append([name, *shares])
    parts: list[nodes.Node] = []
    if x.shape[1] == 1:
        parts.append(table("The signal", [], [map(number, x[0, 0])]))
    head = ["operator", *(f"by {step}" for step in steps)]
    title = "Moved to the right: outputs that keep their value, and the mean change"
    return [
        *parts,
        table(title, head, rows),
        _text(
            "An output may have moved along, so it is compared after the move by whole cells that "
            "fits best."
        ),
    ]


STATIC = {"window": window, "bins": bins, "shift": shift}
"""The explorers by name."""
