"""The page of an exercise in the book, and what makes Sphinx show it."""

import json
import re
from pathlib import Path

from pooling_course.grading import exercise as exercises
from pooling_course.grading.exercise import Exercise, solution, stub
from pooling_course.grading.notebooks import embed_data


def page(exercise: Exercise, solutions: bool = True) -> str:
    """Return the exercise as MyST, hints folded, and solutions folded or left out.

    Parameters
    ----------
    exercise : Exercise
        From `load`.
    solutions : bool
        Whether the page has the solution and the rubrics.
    """
    about = f"An exercise to hand in, {exercise.points} points: {exercise.title}."
    front = f"---\nmyst:\n  html_meta:\n    description: {json.dumps(about)}\n---"
    label = f"(assignment-{exercise.slug.replace('_', '-')})="
    blocks = [front, label, f"# {exercise.title}"]
    blocks.append(
        f"*{exercise.points} points, about {exercise.minutes} minutes; "
        f"after {{doc}}`/chapters/{exercise.chapter}`.*"
    )
    count: dict[str, int] = {}
    for part in exercise.parts:
        number = count[part.kind] = count.get(part.kind, 0) + 1
        blocks += _blocks(part, number, solutions)
    if exercise.checks:
        rows = [f"| {check} | {points} |" for check, points in exercise.check_points.items()]
        table = "\n".join(["| check | points |", "|---|---|", *rows])
        at = next((i for i, b in enumerate(blocks) if b.startswith("## Question")), len(blocks))
        blocks[at:at] = ["## What is checked", table]
    if solutions:
        for part in exercise.of("answer"):
            code = f"```python\n{solution(part.source)}\n```"
            blocks += ["## Solution", _fold("The answer in full", code)]
    return "\n\n".join(blocks) + "\n"


def _blocks(part: exercises.Part, number: int, solutions: bool) -> list[str]:
    match part.kind:
        case "statement":
            return [part.source]
        case "hint":
            return [_fold(f"Hint {number}", part.source)]
        case "setup" | "examples":
            heading = ["## Examples"] if part.kind == "examples" and number == 1 else []
            return [*heading, f"```python\n{part.source}\n```"]
        case "answer":
            return [f"```python\n{stub(part.source)}\n```"]
        case "question":
            points = f"{part.points} point" + "s" * (part.points != 1)
            return [f"## Question {number}", part.source, f"*{points}, graded by a reader.*"]
        case "rubric":
            return [_fold("What earns the points", part.source)] if solutions else []
    raise ValueError(f"part must have a known kind, got {part.kind!r}")


def _fold(title: str, body: str) -> str:
    return f":::::{{dropdown}} {title}\n{body}\n:::::"


def setup(app) -> dict:
    """Let Sphinx show ``exercises/<slug>/exercise.md`` as `page` makes it."""
    app.add_config_value("exercise_solutions", True, "env", bool)
    app.connect("config-inited", _hide_sources)
    app.connect("source-read", _show_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def table(found: list[Exercise]) -> str:
    """Return a table of exercises with links to their pages and chapters."""
    rows = [
        f"| {{doc}}`/exercises/{e.slug}/exercise` | {{doc}}`/chapters/{e.chapter}` "
        f"| {e.points} | {e.minutes} |"
        for e in sorted(found, key=lambda e: (e.chapter, e.title))
    ]
    return "\n".join(["| exercise | after | points | minutes |", "|---|---|--:|--:|", *rows])


def _hide_sources(app, config) -> None:
    if not config.exercise_solutions:
        config.html_copy_source = False  # a copy would have the solutions


def _show_page(app, docname: str, source: list[str]) -> None:
    if docname == "exercises/index":
        folders = (Path(app.srcdir) / "exercises",)
        found = [exercises.load(slug, folders) for slug in exercises.slugs(folders)]
        source[0] = source[0].replace("<!-- table -->", table(found))
    match = re.fullmatch(r"exercises/(\w+)/exercise", docname)
    if match:
        folder = Path(app.srcdir) / "exercises"
        app.env.note_dependency(str(folder / match[1] / "checks.py"))
        loaded = exercises.load(match[1], (folder,))
        source[0] = embed_data(page(loaded, app.config.exercise_solutions))
