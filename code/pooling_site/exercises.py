"""Exercises to hand in, each shown as a page of the book, and the table of all."""

import re
from pathlib import Path

from pooling_class import exercise as exercises
from pooling_class.exercise import Exercise
from pooling_class.myst import page
from pooling_class.notebooks import embed_data


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


def setup(app) -> None:
    """Let Sphinx show ``exercises/<slug>/exercise.md`` as `page` makes it."""
    app.add_config_value("exercise_solutions", True, "env", bool)
    app.connect("config-inited", _hide_sources)
    app.connect("source-read", _show_page)
