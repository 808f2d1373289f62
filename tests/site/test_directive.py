"""The directive {explorer} in each kind of output, and the modules it puts into pages."""

import html
import json
import re
from pathlib import Path

import pytest
from explorers.probes import probes
from pygments.lexers import JavascriptLexer
from pygments.token import Comment, String, Whitespace
from sphinx.testing.util import SphinxTestApp
from sphinx.util.console import strip_colors

from pooling_course.explorers import module as modules
from pooling_course.explorers.settings import OPERATORS, SETTINGS, START, TAGS, WINDOW
from pooling_site.tables import STATIC

PAGE = """
Title
=====

.. explorer:: window
   :name: here
   :title: A & B
   :values: [[1, 2], [3, "4"]]
   :kernel_size: 2
   :padding: (1, 0)

   Try *this*.

See :ref:`the explorer <here>`.
"""


def built(folder: Path, page: str, builder: str) -> tuple[str, str]:
    """Build one page; return its text and what Sphinx complained of."""
    source = folder / "source"
    source.mkdir()
    (source / "conf.py").write_text(
        "extensions = ['pooling_site.explorers']; version = '1'; copyright = 'us'"
    )
    (source / "index.rst").write_text(page, encoding="utf-8")
    app = SphinxTestApp(builder, srcdir=source, builddir=folder / "build")
    try:
        app.build()
        ending = {"html": "html", "text": "txt", "latex": "tex", "epub": "xhtml"}[builder]
        (path, *_) = (
            app.outdir.glob(f"index.{ending}") if builder != "latex" else app.outdir.glob("*.tex")
        )
        return path.read_text(encoding="utf-8"), strip_colors(app.warning.getvalue())
    finally:
        app.cleanup()


def good(page: str = PAGE) -> str:
    return page.replace('"4"', "-4.5")


@pytest.mark.parametrize("builder", ["html", "text", "latex", "epub"])
def test_every_output_has_the_tables(tmp_path, builder):
    text, warnings = built(tmp_path, good(), builder)
    assert warnings == ""
    plain = re.sub(r"<[^>]*>", "", text)
    for part in ("kernel_size 2", "(1, 0)", "Input, 2 × 2", "Output, 2 × 1", "−4.5", "never read"):
        part = part.replace("_", r"\_") if builder == "latex" else part
        assert part in plain.replace(r"\sphinxhyphen{}", "-"), part
    assert ("<window-explorer" in text) == (builder in ("html", "epub"))
    assert ('face("window-explorer"' in text) == (builder == "html")
    assert 'label="A &amp; B"' in text or builder not in ("html", "epub")


FAULTS = {
    ":values: [[1, 2], [3, \"4\"]]": ("values must hold numbers, got <U", None),
    ":kernel_size: 2": ("kernel_size must be at least 1, got 0", ":kernel_size: 0"),
    ":padding: (1, 0)": ("padding must be at most half of kernel_size", ":padding: 2"),
    ":title: A & B": ("needs the options :name: and :title:", ""),
    "explorer:: window": ("explorer must be one of window, bins, shift", "explorer:: windows"),
}  # fmt: skip


@pytest.mark.parametrize("line", FAULTS)
def test_faults_are_named(tmp_path, line):
    message, wrong = FAULTS[line]
    page = PAGE if wrong is None else good().replace(line, wrong)
    _, warnings = built(tmp_path, page, "text")
    assert "index.rst:5: ERROR" in warnings and message in warnings


def pages(cases: list[tuple[str, str, object]]) -> str:
    """Write a page with an explorer for each case: its kind, an option, a value of this."""
    lines = ["Title", "=====", ""]
    for i, (kind, name, value) in enumerate(cases):
        given = f"   :name: e{i}\n   :title: T\n   :{name}: {value}\n"
        lines.append(f".. explorer:: {kind}\n{given}")
    return "\n".join(lines)


@pytest.mark.parametrize("kind", SETTINGS)
def test_every_setting_is_an_option_with_the_limits_of_the_widget(tmp_path, kind):
    settings = SETTINGS[kind]
    cases = [(kind, name, v) for name in settings for vs in probes(settings[name]) for v in vs]
    text, warnings = built(tmp_path, pages(cases), "html")
    found = re.findall(r'<\w+-explorer[^>]* id="e(\d+)"[^>]* state="([^"]*)"', text)
    states = {int(i): json.loads(html.unescape(state)) for i, state in found}
    refused = 0
    for i, (_, name, value) in enumerate(cases):
        try:
            state = START[kind] | {name: settings[name].check(value, name)}
            STATIC[kind](state)
        except (TypeError, ValueError) as error:
            assert f"explorer {kind}: {error}\n" in warnings and i not in states
            assert value not in probes(settings[name])[1] or name in str(error)
            refused += 1
        else:
            assert states[i] == json.loads(json.dumps(state))
    assert 2 * len(settings) <= refused < len(cases)


@pytest.mark.parametrize("operator", OPERATORS)
def test_tables_say_all_of_the_call_in_the_words_of_the_controls(tmp_path, operator):
    page = good().replace(":kernel_size: 2", f":operator: {operator}").replace("(1, 0)", "0")
    text, _ = built(tmp_path, page.replace(":values: [[1, 2], [3, -4.5]]", ":shading: "), "text")
    said = re.search(r"The (.*) over windows: (.*)\.", " ".join(text.split()))
    assert said[1] == OPERATORS[operator]
    taken = [name for name, setting in WINDOW.items() if operator in (setting.of or ())]
    words = [f"{name} {WINDOW[name].words(WINDOW[name].start)}" for name in taken]
    assert said[2].startswith(", ".join(words))


def test_an_option_of_another_explorer_is_refused(tmp_path):
    _, warnings = built(tmp_path, good().replace("explorer:: window", "explorer:: bins"), "text")
    assert "explorer bins has no option kernel_size, padding, values" in warnings


@pytest.mark.parametrize("name", SETTINGS)
def test_modules_are_small_and_stand_alone(name):
    text = modules.module(name)
    assert len(text.encode()) < 40_000
    assert not re.search(r"^\s*import\b|\bimport\s*\(|\bfrom\s*[\"']|</script", text, re.M)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)


def tokens(text: str) -> list[str]:
    """List what counts in a module; inside strings every space does."""
    found = []
    for kind, value in JavascriptLexer(stripnl=False).get_tokens(text):
        if kind in String:
            found.append(value)
        elif kind not in Comment and kind not in Whitespace and value.strip():
            found.append(value.strip())
    return found


@pytest.mark.parametrize("name", SETTINGS)
def test_taking_out_comments_changes_nothing_else(name):
    joined, small = modules.joined(name), modules.module(name)
    assert "".join(tokens(small)) == "".join(tokens(joined))


def test_a_lost_space_would_be_seen():
    # rjsmin takes spaces out of a template in a template: the modules must hold none.
    nested = "x = `a ${b ? `${c} d` : e} f`;"
    assert tokens(nested) != tokens(nested.replace(" d`", "d`"))


def test_an_unknown_module_is_refused():
    with pytest.raises(ValueError, match="name must be one of window, bins, shift, got 'pool'"):
        modules.module("pool")


def test_each_explorer_has_settings_a_tag_and_a_module():
    assert set(SETTINGS) == set(TAGS) == {name for name in SETTINGS if modules.module(name)}
