"""An exercise is a folder: what is asked, what is checked, and answers that must not pass.

``exercise.md``
    A MyST notebook. Its front matter has ``title``, ``chapter``, ``minutes`` and, unless all
    answers are graded by hand, the name of the ``function`` that the checks call. Code cells
    are tagged ``setup``, ``answer`` or ``examples``; the text between ``### BEGIN SOLUTION``
    and ``### END SOLUTION`` is what students do not get. Text belongs to the statement, or to
    the part that ``+++ {"part": "hint"}`` opens: ``hint``, ``question`` (with ``points``) or
    ``rubric`` (after its question).
``checks.py``
    What is right: ``pooling_course/judge.py`` says what it holds.
``wrong/*.py``
    Plausible answers, each a whole answer cell, that must not get full points.
"""

import re
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jupytext

from pooling_course import judge
from pooling_course.judge import Case

EXERCISES = Path(__file__).parents[2] / "exercises"
STUB = "..."  # what stands in place of a solution: it neither runs into an error nor answers

_SOLUTION = re.compile(
    r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION$", re.DOTALL | re.MULTILINE
)
_TEXT_PARTS = ("statement", "hint", "question", "rubric")
_CODE_PARTS = ("setup", "answer", "examples")


class ExerciseError(ValueError):
    """An exercise that its author has to mend."""


@dataclass(frozen=True)
class Part:
    """One cell of an exercise: its kind, its text, and the points of a question."""

    kind: str
    source: str
    points: int = 0


@dataclass(frozen=True)
class Exercise:
    """What `load` read from a folder.

    Attributes
    ----------
    slug, title, chapter : str
        The folder's name; the title; the chapter's file name without its ending.
    function : str or None
        What the checks call. None if all is graded by hand.
    minutes : int
        How long a student needs, about.
    parts : tuple of Part
        In the order of the page.
    checks : module or None
        The trusted ``checks.py``.
    folders : tuple of Path
        Where its files lie, those that win first.
    """

    slug: str
    title: str
    chapter: str
    function: str | None
    minutes: int
    parts: tuple[Part, ...]
    checks: types.ModuleType | None
    folders: tuple[Path, ...]

    def of(self, kind: str) -> list[Part]:
        """Return the parts of one kind."""
        return [part for part in self.parts if part.kind == kind]

    @property
    def check_points(self) -> dict[str, int]:
        """Points of each check, in order."""
        return dict(self.checks.POINTS) if self.checks else {}

    @property
    def points(self) -> int:
        """Points of the checks and of the questions."""
        return sum(self.check_points.values()) + sum(part.points for part in self.parts)

    @cached_property
    def wrong(self) -> dict[str, str]:
        """Plausible wrong answers: name and source."""
        paths = {path.stem: path for f in reversed(self.folders) for path in f.glob("wrong/*.py")}
        return {name: path.read_text("utf-8") for name, path in sorted(paths.items())}

    def cases(self, seed: int) -> list[Case]:
        """Return the cases of the checks, the same for each call with one seed."""
        try:
            return judge.draw(self.checks, self.slug, seed) if self.checks else []
        except ValueError as error:
            raise ExerciseError(str(error)) from error


def stub(source: str) -> str:
    """Return what students get of an answer.

    Examples
    --------
    >>> print(stub("def f(x):\\n    ### BEGIN SOLUTION\\n    return x\\n    ### END SOLUTION"))
    def f(x):
        ...
    """
    return _SOLUTION.sub(rf"\g<1>{STUB}", source)


def solution(source: str) -> str:
    """Return an answer with its solution and without the markers.

    Examples
    --------
    >>> print(solution("def f(x):\\n    ### BEGIN SOLUTION\\n    return x\\n    ### END SOLUTION"))
    def f(x):
        return x
    """
    return re.sub(r"^[ \t]*### (?:BEGIN|END) SOLUTION\n?", "", source, flags=re.MULTILINE).rstrip()


def slugs(folders: Sequence[Path] = (EXERCISES,)) -> list[str]:
    """Return the names of the exercises in some folders.

    Raises
    ------
    ExerciseError
        If there is none. The exercises lie beside the code, and are not installed with it: install
        the project with ``pip install -e .``.
    """
    found = sorted({path.parent.name for f in folders for path in f.glob("*/exercise.md")})
    if not found:
        raise ExerciseError(
            f"no exercise in {', '.join(map(str, folders))}: the exercises are not part of the "
            "installed package, so run this from a clone installed with `pip install -e .`"
        )
    return found


def load(slug: str, folders: Sequence[Path] = (EXERCISES,)) -> Exercise:
    """Read an exercise.

    Parameters
    ----------
    slug : str
        Name of its folder.
    folders : sequence of Path
        Where to look. A file in an earlier folder replaces that of a later one, so that a
        private folder can replace or add the checks of an open exercise.

    Raises
    ------
    ExerciseError
        If a file is missing or not as the module's docstring says.

    Examples
    --------
    >>> exercise = load("max_pool2d")
    >>> exercise.function, exercise.chapter
    ('max_pool2d', '03_general')
    """
    homes = tuple(folder / slug for folder in folders)
    text = _find(homes, "exercise.md")
    if text is None:
        raise ExerciseError(f"slug must name an exercise of {slugs(folders)}, got {slug!r}")
    notebook = jupytext.reads(text.read_text("utf-8"), fmt="md:myst")
    front = notebook.metadata
    missing = {"title", "chapter", "minutes"} - set(front)
    if missing:
        raise ExerciseError(f"{text}: the front matter must have {', '.join(sorted(missing))}")
    path = _find(homes, "checks.py")
    function = front.get("function")
    if (function is None) != (path is None):
        raise ExerciseError(f"{text}: `function` and checks.py need each other")
    exercise = Exercise(
        slug,
        front["title"],
        front["chapter"],
        function,
        int(front["minutes"]),
        tuple(_parts(notebook, text)),
        _checks(slug, path) if path else None,
        homes,
    )
    _verify(exercise, text)
    return exercise


def _find(homes: Sequence[Path], name: str) -> Path | None:
    return next((home / name for home in homes if (home / name).is_file()), None)


def _parts(notebook, path: Path) -> Iterator[Part]:
    for cell in notebook.cells:
        allowed = _TEXT_PARTS if cell.cell_type == "markdown" else _CODE_PARTS
        tags = cell.metadata.get("tags", [])
        default = "statement" if cell.cell_type == "markdown" else " ".join(tags)
        kind = cell.metadata.get("part", default)
        if kind not in allowed:
            raise ExerciseError(
                f"{path}: a {cell.cell_type} cell must be one of {allowed}, got {kind!r}"
            )
        yield Part(kind, cell.source.rstrip(), int(cell.metadata.get("points", 0)))


def _checks(slug: str, path: Path) -> types.ModuleType:
    try:
        return judge.read_checks(slug, path.read_text("utf-8"), str(path))
    except ValueError as error:
        raise ExerciseError(str(error)) from error


def _verify(exercise: Exercise, path: Path) -> None:
    kinds = [part.kind for part in exercise.parts]
    faults = []
    if exercise.function and kinds.count("answer") != 1:
        faults.append(
            f"there must be one code cell with the tag answer, got {kinds.count('answer')}"
        )
    for part in exercise.of("answer"):
        if stub(part.source) == part.source:
            faults.append("the answer must have ### BEGIN SOLUTION and ### END SOLUTION")
    for before, part in zip([None, *exercise.parts], exercise.parts, strict=False):
        if part.kind == "question" and part.points < 1:
            faults.append('a question must have points: +++ {"part": "question", "points": 2}')
        if part.kind == "rubric" and (before is None or before.kind != "question"):
            faults.append("a rubric must follow its question")
    if kinds.count("rubric") != kinds.count("question"):
        faults.append("each question must have a rubric")
    if faults:
        raise ExerciseError(f"{path}: " + "; ".join(faults))
