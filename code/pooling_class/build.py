"""Make a course folder: notebooks, notes, settings; and the release, by nbgrader."""

import json
import logging
import shutil
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from pooling_class import gradebook, myst, notebooks
from pooling_class.course import Course, CourseError, by_chapter, open_course

_SETTINGS = """\
# Which exercises an assignment has. Change this as you like, then run `build` again.
[assignments]
{assignments}
# What student code of one notebook may use: seconds of processor time for a call and in all, GiB,
# processes.
# [limits]
# call = 5.0
# total = 20.0
# memory = 1.0
# processes = 8

# A private folder, whose <exercise>/checks.py and <exercise>/exercise.md replace the open ones.
# It must stand above [assignments]:
# overlay = "private"
"""


def init_course(root: Path) -> Course:
    """Write what a new course folder needs; leave what is there."""
    root.mkdir(parents=True, exist_ok=True)
    settings = root / "course.toml"
    if not settings.exists():
        lines = [
            f"{json.dumps(name)} = {json.dumps(slugs)}\n" for name, slugs in by_chapter().items()
        ]
        settings.write_text(_SETTINGS.format(assignments="".join(lines)), "utf-8")
    config = root / "nbgrader_config.py"
    if not config.exists():
        shutil.copyfile(Path(__file__).with_name("nbgrader_config.py"), config)
    return open_course(root)


def build(course: Course) -> list[Path]:
    """Write source notebooks and instructor's notes; return the paths.

    Notebooks in ``source`` that belong to no exercise of the assignment any more are removed,
    other files stay.
    """
    written = []
    for assignment, slugs in course.assignments.items():
        if not slugs:
            raise CourseError(f"assignments.{assignment} must hold at least one exercise, got none")
        exercises = [course.exercise(slug) for slug in slugs]
        folder = course.root / "source" / assignment
        for old in set(folder.glob("*.ipynb")) - {folder / f"{slug}.ipynb" for slug in slugs}:
            old.unlink()
        for exercise in exercises:
            written.append(folder / f"{exercise.slug}.ipynb")
            notebooks.write(notebooks.source_notebook(exercise), written[-1])
        written.append(course.root / "notes" / f"{assignment}.md")
        written[-1].parent.mkdir(exist_ok=True)
        written[-1].write_text(notebooks.notes(exercises), "utf-8")
    return written


def write_pages(course: Course, folder: Path, solutions: bool = True) -> list[Path]:
    """Write the exercises as MyST pages, for a book of your own; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for slug in dict.fromkeys(slug for slugs in course.assignments.values() for slug in slugs):
        written.append(folder / f"{slug}.md")
        text = notebooks.embed_data(myst.page(course.exercise(slug), solutions))
        written[-1].write_text(text, "utf-8")
    return written


def release(course: Course, assignment: str) -> list[Path]:
    """Let nbgrader make the release and enter the assignment into the gradebook.

    Raises
    ------
    CourseError
        If nbgrader refuses; with what it said.
    """
    slugs = course.slugs(assignment)
    for slug in slugs:
        if not (course.root / "source" / assignment / f"{slug}.ipynb").is_file():
            raise CourseError(f"no source of {assignment}/{slug}: run `build` first")
    gradebook.must_allow(course, assignment, slugs)
    config = PyFileConfigLoader("nbgrader_config.py", str(course.root)).load_config()
    config.NbGraderAPI.log_level = logging.WARNING
    folder, before = course.root / "release" / assignment, course.root / f".release-{assignment}"
    shutil.rmtree(before, ignore_errors=True)
    if folder.is_dir():
        shutil.copytree(folder, before)  # nbgrader removes the old before it makes the new
    with gradebook.programs():
        api = NbGraderAPI(config=config)
        outcome = api.generate_assignment(assignment, force=True, create=True)
    if not outcome["success"] and before.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        before.rename(folder)
    shutil.rmtree(before, ignore_errors=True)
    if not outcome["success"]:
        raise CourseError(f"nbgrader could not make the release:\n{outcome.get('log') or outcome}")
    return [course.release(assignment, slug) for slug in slugs]
