"""Notebooks and notes from exercises: the same exercise always gives the same bytes."""

import inspect
import json
import re
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

from pooling_class.example import example
from pooling_class.exercise import (
    EXERCISES,
    Exercise,
    ExerciseError,
    solution,
    stub,
)
from pooling_course import files, judge

EXAMPLE = f"{inspect.getsource(judge.near)}\n\n{inspect.getsource(example)}"
"""What each notebook brings along, shown there as it stands in the sources."""
TEXT_STUB = "*Write your answer here.*"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

_FIGURE = re.compile(r"!\[([^\]]*)\]\((?:\.\./)*([\w/]+\.ipynb)#([\w-]+)\)")


def source_notebook(exercise: Exercise) -> NotebookNode:
    """Return nbgrader's source notebook, with solutions, of which it makes the release.

    Checks are graded cells without code: what they do stands in the exercise's ``checks.py``,
    and runs outside the notebook.
    """
    cells = []
    count: dict[str, int] = {}
    for part in exercise.parts:
        number = count[part.kind] = count.get(part.kind, 0) + 1
        name = part.kind if part.kind in ("setup", "answer") else f"{part.kind}-{number}"
        if part.kind == "statement":
            title = f"# {exercise.title}\n\n{_about(exercise)}\n\n" if number == 1 else ""
            cells.append(_text(name, title + part.source))
        elif part.kind == "hint":
            body = f"<details><summary>Hint {number}</summary>\n\n{part.source}\n\n</details>"
            cells.append(_text(name, body))
        elif part.kind == "setup":
            cells.append(_code(name, f"{part.source}\n\n\n{EXAMPLE}"))
        elif part.kind == "answer":
            cells.append(_code(name, part.source, solution=True))
        elif part.kind == "examples":
            cells.append(_code(name, part.source))
        elif part.kind == "question":
            heading = f"**Question {number}** ({_points(part.points)})\n\n"
            cells.append(_text(f"asked-{number}", heading + part.source))
        else:  # the rubric stands where the student will write, and nbgrader takes it out
            points = exercise.of("question")[number - 1].points
            cells.append(
                _text(f"question-{number}", part.source, solution=True, grade=True, points=points)
            )
    at = _place_of_checks(cells)
    for number, (check, points) in enumerate(exercise.check_points.items(), start=1):
        text = f"# Check: {check} ({_points(points)}).\n# Runs on fresh inputs when it is graded."
        cells.insert(at + number - 1, _code(f"check-{number}", text, grade=True, points=points))
    metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "pooling_course": {"exercise": exercise.slug},
    }
    return v4.new_notebook(cells=cells, metadata=metadata)


def release_notebook(exercise: Exercise) -> NotebookNode:
    """Return what students get, as nbgrader makes it, but for its checksums."""
    notebook = source_notebook(exercise)
    for cell in notebook.cells:
        if cell.metadata.nbgrader.solution:
            cell.source = TEXT_STUB if cell.cell_type == "markdown" else stub(cell.source)
    return notebook


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, always with the same bytes."""
    files.write(path, f"{nbformat.writes(notebook)}\n".encode())


def notes(exercises: Sequence[Exercise]) -> str:
    """Return an instructor's notes: solutions, rubrics, and what wrong answers earn."""
    lines = []
    for exercise in exercises:
        lines += [f"# {exercise.title}", ""]
        lines += [f"`{exercise.slug}`, {exercise.points} points, about {exercise.minutes} minutes."]
        if exercise.checks:
            lines += ["", "| check | points |", "|---|---|"]
            lines += [f"| {check} | {points} |" for check, points in exercise.check_points.items()]
            lines += ["", "## Solution", "", "```python", reference_answer(exercise), "```"]
            lines += [
                "",
                "## Plausible wrong answers",
                "",
                "| answer | earns | fails |",
                "|---|---|---|",
            ]
            for name, source in exercise.wrong.items():
                failed = failed_checks(exercise, source, seed=0)
                earned = sum(p for c, p in exercise.check_points.items() if c not in failed)
                lines += [f"| {name.replace('_', ' ')} | {earned} | {'; '.join(failed)} |"]
        rubrics = exercise.of("rubric")
        for number, (asked, rubric) in enumerate(
            zip(exercise.of("question"), rubrics, strict=True), start=1
        ):
            lines += ["", f"## Question {number} ({_points(asked.points)})", "", asked.source]
            lines += ["", "### Rubric", "", rubric.source]
        lines += [""]
    return "\n".join(lines)


def reference_answer(exercise: Exercise) -> str:
    """Return the answer cell with its solution."""
    return solution(exercise.of("answer")[0].source)


def failed_checks(exercise: Exercise, answer: str, seed: int) -> list[str]:
    """Run a trusted answer in this process and return the checks that it fails.

    For the answers of the exercise itself; student code goes through the sandbox.
    """
    namespace: dict = {"__name__": "answer"}
    for source in [part.source for part in exercise.of("setup")] + [answer]:
        exec(source, namespace)
    function = namespace[exercise.function]
    return judge.failed(exercise.checks, function, exercise.cases(seed))


def embed_attachment(text: str) -> tuple[str, dict]:
    """Replace links to a chapter's figures by attachments; return the text and these."""
    attachments = {}

    def attach(match: re.Match) -> str:
        alt, notebook, name = match.groups()
        attachments[f"{name}.png"] = {"image/png": figure(notebook, name)}
        return f"![{alt}](attachment:{name}.png)"

    return _FIGURE.sub(attach, text), attachments


def embed_data(text: str) -> str:
    """Replace links to a chapter's figures by the figures themselves."""

    def data(match: re.Match) -> str:
        alt, notebook, name = match.groups()
        return f"![{alt}](data:image/png;base64,{figure(notebook, name)})"

    return _FIGURE.sub(data, text)


def figure(notebook: str, name: str) -> str:
    """Return a figure that is stored in a chapter, as base64 without line breaks."""
    cells = json.loads((EXERCISES.parent / notebook).read_text("utf-8"))["cells"]
    for cell in cells:
        if cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") == name:
            for output in cell["outputs"]:
                if png := output.get("data", {}).get("image/png"):
                    return "".join(png).replace("\n", "")
    raise ExerciseError(f"{notebook} has no figure named {name!r}")


def _about(exercise: Exercise) -> str:
    about = f"*{_points(exercise.points)}, about {exercise.minutes} minutes.*"
    only = " *Your code meets Python's standard library and NumPy, nothing else.*"
    return about + (only if exercise.checks else "")


def _place_of_checks(cells: list[NotebookNode]) -> int:
    """Return the place after the examples, before the first question."""
    names = [cell.id for cell in cells]
    return names.index("asked-1") if "asked-1" in names else len(cells)


def _points(points: int) -> str:
    return f"{points} point" + "s" * (points != 1)


def _metadata(name: str, solution: bool, grade: bool, points: int) -> dict:
    nbgrader = {
        "grade": grade,
        "grade_id": name,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if grade:
        nbgrader["points"] = points
    return {"nbgrader": nbgrader}


def _text(name: str, source: str, solution=False, grade=False, points=0) -> NotebookNode:
    source, attachments = embed_attachment(source)
    more = {"attachments": attachments} if attachments else {}
    metadata = _metadata(name, solution, grade, points)
    return v4.new_markdown_cell(source, id=name, metadata=metadata, **more)


def _code(name: str, source: str, solution=False, grade=False, points=0) -> NotebookNode:
    metadata = _metadata(name, solution, grade, points)
    return v4.new_code_cell(source.rstrip(), id=name, metadata=metadata)
