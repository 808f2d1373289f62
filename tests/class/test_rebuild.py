"""Only what a student wrote is taken out of a submission, wherever it stands there."""

import copy
import json

import nbformat
import pytest
from nbformat import v4
from nbgrader.preprocessors import ClearSolutions

from pooling_class import files, notebooks, rebuild
from pooling_class.exercise import load

ANSWER = "def max_pool2d(x, kernel_size, stride=None, padding=0):\n    return x"


@pytest.fixture
def release():
    """Return what students get of the model exercise."""
    notebook = notebooks.source_notebook(load("max_pool2d"))
    clear = ClearSolutions(code_stub={"python": "..."}, text_stub=notebooks.TEXT_STUB)
    return clear.preprocess(notebook, {})[0]


@pytest.fixture
def handed_in(release):
    """Return an honest submission."""
    notebook = copy.deepcopy(release)
    cell(notebook, "answer").source = ANSWER
    cell(notebook, "question-1").source = "Because."
    return notebook


def cell(notebook, name):
    return next(c for c in notebook.cells if rebuild.name(c) == name)


def put_back(notebook, release):
    """Return what is graded, by way of a file."""
    read = rebuild.read_submitted(json.dumps(notebook).encode())
    return rebuild.rebuild(read, release, "max_pool2d")


def test_an_honest_notebook_comes_back_as_it_was(handed_in, release):
    rebuilt = put_back(handed_in, release)
    nbformat.validate(rebuilt)
    assert [c.source for c in rebuilt.cells] == [c.source for c in handed_in.cells]
    assert [c.metadata for c in rebuilt.cells] == [c.metadata for c in release.cells]


def test_nothing_else_that_was_edited_counts(handed_in, release):
    expected = put_back(handed_in, release)
    hostile = copy.deepcopy(handed_in)
    cell(hostile, "check-1").source = "pass"
    cell(hostile, "check-2").metadata.nbgrader.points = 100
    cell(hostile, "setup").source = "import numpy as np; np.testing = None"
    cell(hostile, "asked-1").source = "Points for all"
    hostile.cells.remove(cell(hostile, "check-3"))
    hostile.metadata["kernelspec"] = {"name": "evil", "display_name": "", "language": "R"}
    hostile.metadata["pooling_course"] = {"exercise": "other"}
    assert put_back(hostile, release) == expected


def test_own_cells_keep_their_place_and_lose_their_claims(handed_in, release):
    own = v4.new_code_cell("def helper(): pass", metadata={"pooling_course": {"own": False}})
    handed_in.cells.insert(handed_in.cells.index(cell(handed_in, "answer")), own)
    check = copy.deepcopy(cell(handed_in, "check-1"))
    check.source = "raise SystemExit"
    handed_in.cells.append(check)
    rebuilt = put_back(handed_in, release)
    labels, code = zip(*rebuild.program(rebuilt), strict=True)
    assert [s.strip() for s in code[1:]] == ["def helper(): pass", ANSWER, "raise SystemExit"]
    assert labels == ("the cell setup", "your own cell 1", "the cell answer", "your own cell 2")
    assert sum(rebuild.name(c) == "check-1" for c in rebuilt.cells) == 1
    nbformat.validate(rebuilt)


def test_the_program_leaves_out_examples_and_checks(handed_in, release):
    (_, setup), (_, answer) = rebuild.program(put_back(handed_in, release))
    assert setup.startswith("import numpy as np")
    assert "def example(" in setup
    assert answer.strip() == ANSWER


def test_magics_cost_nothing(handed_in, release):
    cell(handed_in, "answer").source = "%matplotlib inline\n!ls\n" + ANSWER
    source = rebuild.program(put_back(handed_in, release))[-1][1]
    compile(source, "cell", "exec")
    assert "get_ipython().run_line_magic('matplotlib', 'inline')" in source


@pytest.mark.parametrize("lost", ["metadata", "ids", "both"])
def test_lost_metadata_costs_nothing(handed_in, release, lost):
    for number, c in enumerate(handed_in.cells):
        if lost != "ids":
            c.metadata = {}
        if lost != "metadata":
            c.id = f"new-{number}"
    rebuilt = put_back(handed_in, release)
    assert cell(rebuilt, "answer").source == ANSWER
    assert cell(rebuilt, "question-1").source == "Because."
    assert not any(rebuild.is_own(c) for c in rebuilt.cells)


def test_a_deleted_answer_cell_is_found_in_an_own_cell(handed_in, release):
    answer = cell(handed_in, "answer")
    handed_in.cells.remove(answer)
    handed_in.cells.append(v4.new_code_cell(ANSWER))
    assert cell(put_back(handed_in, release), "answer").source == ANSWER


def test_a_copied_answer_cell_runs_after_the_first(handed_in, release):
    twin = copy.deepcopy(cell(handed_in, "answer"))
    twin.source = ANSWER.replace("return x", "return 2 * x")
    handed_in.cells.insert(handed_in.cells.index(cell(handed_in, "answer")) + 1, twin)
    _, (_, first), (_, second) = rebuild.program(put_back(handed_in, release))
    assert "2 * x" in second
    assert "2 * x" not in first


def test_pictures_in_written_answers_stay(handed_in, release):
    picture = {"a.png": {"image/png": "iVBORw0KGgo="}}
    cell(handed_in, "question-1")["attachments"] = picture
    assert cell(put_back(handed_in, release), "question-1").attachments == picture


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"not a notebook",
        b"\xff\xfe\x00",
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 7}',
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [3]}',
        b'{"nbformat": "x", "cells": []}',
        b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}',
        b"[" * 100_000,
        b" " * (files.LARGEST + 1),
    ],
    ids=lambda data: repr(data[:30]),
)
def test_what_is_no_notebook_is_unreadable(data):
    with pytest.raises(rebuild.Unreadable):
        rebuild.read_submitted(data)


@pytest.mark.parametrize("value", [None, 3, [1, "a"], {"a": 1}, "text"])
@pytest.mark.parametrize("part", ["source", "metadata", "cell_type", "id", "attachments"])
def test_a_cell_of_odd_parts_is_read_or_refused(handed_in, release, part, value):
    raw = json.loads(nbformat.writes(handed_in))
    raw["cells"][-1][part] = value
    try:
        read = rebuild.read_submitted(json.dumps(raw).encode())
    except rebuild.Unreadable:
        return
    nbformat.validate(rebuild.rebuild(read, release, "max_pool2d"))


def test_an_old_format_is_read(handed_in, release):
    old = nbformat.convert(copy.deepcopy(handed_in), 3)
    read = rebuild.read_submitted(nbformat.v3.writes_json(old).encode())
    assert cell(rebuild.rebuild(read, release, "max_pool2d"), "answer").source == ANSWER


@pytest.mark.parametrize(
    ("source", "same"),
    [
        (None, True),
        ("# my idea\n\n{stub}\n\n", True),
        ("{stub}\n    return x", False),
        ("def f(:", False),
    ],
)
def test_comments_are_no_attempt(release, source, same):
    pristine = cell(release, "answer")
    tried = copy.deepcopy(pristine)
    tried.source = (source or "{stub}").format(stub=pristine.source)
    assert rebuild.untouched(tried, pristine) is same


@pytest.mark.parametrize(
    ("text", "same"), [("", True), ("Write your answer here.", True), ("−∞", False)]
)
def test_space_is_no_written_answer(release, text, same):
    pristine = cell(release, "question-1")
    tried = copy.deepcopy(pristine)
    tried.source = text
    assert rebuild.untouched(tried, pristine) is same
