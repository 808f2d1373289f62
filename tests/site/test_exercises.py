"""The page of an exercise, as Sphinx shows it, with solutions and without."""

import re
import shutil

import pytest
import yaml
from sphinx.testing.util import SphinxTestApp
from sphinx.util.console import strip_colors

from pooling_class import myst
from pooling_class.exercise import EXERCISES, load, slugs

SECRETS = ["constant_values=-np.inf", "a right example, with map, window"]
SHOWN = ["padding adds cells on both sides", "Which number can never win", "padding never wins"]


def built(folder, solutions):
    """Return all files of a small book with one exercise, as one text, and the warnings."""
    source = folder / "source"
    shutil.copytree(EXERCISES / "max_pool2d", source / "exercises" / "max_pool2d")
    (source / "chapters").mkdir()
    (source / "chapters" / "03_general.md").write_text("# General pooling\n")
    (source / "exercises" / "index.md").write_text("# All\n\n<!-- table -->\n")
    toctree = "chapters/03_general\nexercises/index\nexercises/max_pool2d/exercise"
    (source / "index.md").write_text(f"# Book\n\n```{{toctree}}\n{toctree}\n```\n")
    (source / "conf.py").write_text(
        "extensions = ['myst_parser', 'sphinx_design', 'pooling_site.exercises']\n"
        "myst_enable_extensions = ['colon_fence', 'dollarmath']\n"
        f"exercise_solutions = {solutions}\nexclude_patterns = ['**/wrong']\n"
    )
    app = SphinxTestApp("html", srcdir=source, builddir=folder / "build")
    try:
        app.build()
        files = (p for p in app.outdir.rglob("*") if p.suffix in {".html", ".txt", ".js", ".md"})
        text = "\n".join(path.read_text("utf-8", "replace") for path in files)
        return text, strip_colors(app.warning.getvalue())
    finally:
        app.cleanup()


@pytest.mark.parametrize("solutions", [True, False])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_solutions_are_on_the_page_or_nowhere(tmp_path, solutions):
    text, warnings = built(tmp_path, solutions)
    assert warnings == ""
    for phrase in SHOWN:
        assert phrase in text
    for secret in SECRETS:
        assert (secret in plain(text)) == solutions
    assert "9</p></td>" in text.replace("\n", ""), "the table has the points"


def plain(text):
    """Return a text without the tags of highlighted code."""
    return re.sub(r"<[^>]*>", "", text)


def test_the_book_has_a_page_of_each_exercise_in_order():
    toc = yaml.safe_load((EXERCISES.parent / "_toc.yml").read_text("utf-8"))
    part = next(p for p in toc["parts"] if p["caption"] == "Exercises to hand in")
    listed = [entry["file"].split("/")[1] for entry in part["chapters"][0]["sections"]]
    assert sorted(listed) == slugs()
    chapters = [load(slug).chapter for slug in listed]
    assert chapters == sorted(chapters)


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="known kind, got 'hnit'"):
        myst._blocks(myst.Part("hnit", ""), 1, True)
