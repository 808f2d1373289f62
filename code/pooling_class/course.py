"""The folder of a course: nbgrader's layout, one settings file, and what lies where.

::

    course.toml                                     settings, written once by `build`, then yours
    nbgrader_config.py                              makes nbgrader use the sandbox
    roster.csv                                      optional: id, name, email ... of each student
    gradebook.db                                    nbgrader's
    source/<assignment>/<exercise>.ipynb            with solutions
    release/<assignment>/<exercise>.ipynb           what students get
    notes/<assignment>.md                           rubrics and checks, for graders
    submitted/<student>/<assignment>/<exercise>.ipynb
    autograded/<student>/<assignment>/<exercise>.ipynb
    results/<student>/<assignment>/<exercise>.json  status, score, failing case
    feedback/<student>/<assignment>/feedback.html
"""

import secrets
import tomllib
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path

from pooling_class import exercise as exercises
from pooling_class.result import Result, read

# The name of a student or an assignment is the name of a folder: none may lead out of its own.
_BAD = set('/\\:*?"<>|\0')


class CourseError(ValueError):
    """A course folder that cannot be used as it is."""


@dataclass(frozen=True)
class Limits:
    """What student code may use, of one notebook.

    Attributes
    ----------
    call, total : float
        Seconds of processor time for one call of a function, and for all of a notebook.
    memory : float
        GiB of address space of each process.
    processes : int
        How many at a time.
    """

    call: float = 5.0
    total: float = 20.0
    memory: float = 1.0
    processes: int = 8


@dataclass(frozen=True)
class Course:
    """A course folder and its settings; see `open_course`."""

    root: Path
    assignments: dict[str, list[str]]
    overlay: Path | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def exercise_folders(self) -> tuple[Path, ...]:
        """Where exercises are looked for: the private folder, if any, wins."""
        return tuple(filter(None, (self.overlay, exercises.EXERCISES)))

    def exercise(self, slug: str) -> exercises.Exercise:
        """Load an exercise, with the private folder's files in place of the open ones."""
        return exercises.load(slug, self.exercise_folders)

    def slugs(self, assignment: str) -> list[str]:
        """Return the exercises of an assignment."""
        if assignment not in self.assignments:
            raise CourseError(
                f"assignment must be one of {list(self.assignments)}, got {assignment!r}"
            )
        return self.assignments[assignment]

    def release(self, assignment: str, slug: str) -> Path:
        """Path of what students got."""
        return self.root / "release" / assignment / f"{slug}.ipynb"

    def submitted(self, student: str, assignment: str) -> Path:
        """Folder of what a student handed in."""
        return self.root / "submitted" / student / assignment

    def students(self, assignment: str) -> list[str]:
        """Return who handed in anything for an assignment."""
        return sorted(
            p.parent.name for p in self.root.glob(f"submitted/*/{assignment}") if p.is_dir()
        )

    def result_path(self, student: str, assignment: str, slug: str) -> Path:
        """Path of a stored result."""
        return self.root / "results" / student / assignment / f"{slug}.json"

    def results(self, assignment: str) -> dict[str, dict[str, Result]]:
        """Return the stored results: student, exercise, result."""
        found: dict[str, dict[str, Result]] = {}
        for path in sorted(self.root.glob(f"results/*/{escape(assignment)}/*.json")):
            if result := read(path):
                found.setdefault(path.parts[-3], {})[path.stem] = result
        return found

    def seed(self, assignment: str) -> int:
        """Return the seed of an assignment's random inputs, drawn when first asked for.

        One seed for all: each student meets the same cases, and grading again gives the same.
        """
        path = self.root / "results" / f"{assignment}.seed"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{secrets.randbits(32)}\n")
        return int(path.read_text())


def check_name(what: str, name: str) -> str:
    """Return a name that can be a folder's, or raise ValueError."""
    odd = _BAD & set(name) or name.startswith(".") or name != name.strip()
    if not name or odd or not name.isprintable():
        raise CourseError(f"{what} must be a name that can be a folder's, got {name!r}")
    return name


def by_chapter() -> dict[str, list[str]]:
    """Return the open exercises, an assignment for each chapter that has some."""
    assignments: dict[str, list[str]] = {}
    for slug in exercises.slugs():
        assignments.setdefault(exercises.load(slug).chapter, []).append(slug)
    return dict(sorted(assignments.items()))


def open_course(root: Path) -> Course:
    """Read ``course.toml``.

    Raises
    ------
    CourseError
        If there is none, or if it has a setting that is not known or not of its kind.
    """
    path = root / "course.toml"
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CourseError(f"no course.toml in {root}: run `build` first") from None
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path}: {error}") from None
    limits = data.get("limits", {})
    unknown = [k for k in data if k not in ("assignments", "overlay", "limits")]
    unknown += [f"limits.{k}" for k in limits if k not in Limits.__dataclass_fields__]
    if unknown:
        raise CourseError(f"{path}: unknown setting {', '.join(unknown)}")
    for name, value in limits.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise CourseError(f"{path}: limits.{name} must be a number above 0, got {value!r}")
    assignments = data.get("assignments", {})
    for name, slugs in assignments.items():
        check_name("assignment", name)
        if not isinstance(slugs, list) or not all(isinstance(slug, str) for slug in slugs):
            raise CourseError(
                f"{path}: assignments.{name} must be a list of exercises, got {slugs!r}"
            )
    overlay = root / data["overlay"] if "overlay" in data else None
    if overlay is not None and not overlay.is_dir():
        raise CourseError(f"{path}: overlay must be a folder beside it, got {data['overlay']!r}")
    course = Course(root, assignments, overlay, Limits(**limits))
    known = exercises.slugs(course.exercise_folders)
    for name, slugs in assignments.items():
        if unknown := [slug for slug in slugs if slug not in known]:
            raise CourseError(
                f"{path}: assignments.{name} must hold some of {known}, got {unknown}"
            )
    return course
