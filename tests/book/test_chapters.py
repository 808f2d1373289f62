"""The form of the chapters, and proof that each check of it fails on a notebook that is broken."""

import nbclient
import nbformat
import notebook_checks as checks
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
OPENING = """(ch-test)=
# A chapter

**The question.** Does it run?

**What you can do at the end**
- tell whether it runs

**Time to read:** 1 minute
"""
QUESTION = "Does it?\n\n```{dropdown} Answer\nIt does.\n```\n\n"


@pytest.mark.parametrize("rule", checks.CHECKS, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", checks.NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_the_rule(path, rule):
    faults = list(rule(nbformat.read(path, as_version=4)))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("rule", checks.CHAPTER_CHECKS, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", checks.CHAPTERS, ids=lambda path: path.stem)
def test_chapter_keeps_the_rule(path, rule):
    faults = list(rule(nbformat.read(path, as_version=4)))
    assert not faults, "\n".join(faults)


def test_contents_list_every_page():
    contents = yaml.safe_load((checks.ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = contents.get("parts", [contents])
    listed = [contents["root"], *(page["file"] for part in parts for page in part["chapters"])]
    listed.remove("exercises/index")  # with all that is below: tests/site/test_exercises.py
    pages = [p for p in (checks.ROOT / "chapters").iterdir() if p.suffix in {".ipynb", ".md"}]
    assert sorted(listed) == sorted(f"chapters/{page.stem}" for page in pages)


def test_chapters_run_from_any_folder(tmp_path):
    notebook = nbformat.read(checks.CHAPTERS[0], as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    assert [cell.outputs for _, cell in checks.code_cells(notebook) if cell.outputs]


def code(source: str, *outputs, **metadata):
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def printed(text: str, name: str = "stdout"):
    return new_output("stream", name=name, text=text)


def shown(**data: str):
    return new_output("display_data", data={key.replace("_", "/"): data[key] for key in data})


def exercise(label: str) -> list:
    return [
        new_markdown_cell(f"```{{exercise}} Try it\n:label: {label}\n\nTry.\n```"),
        new_markdown_cell(
            f"```{{solution-start}} {label}\n:label: sol-{label}\n:class: dropdown\n```"
        ),
        new_markdown_cell("The idea.", metadata={"jupyter": {"source_hidden": True}}),
        code("assert True", jupyter={"source_hidden": True, "outputs_hidden": True}),
        new_markdown_cell("```{solution-end}\n```"),
    ]


def good_notebook():
    """Build the smallest notebook that passes every check."""
    picture = code(
        "draw()", shown(image_png=PNG), mystnb={"image": {"alt": "A single gray point."}}
    )
    cells = [
        new_markdown_cell(OPENING),
        code("print(1)", printed("1\n")),
        picture,
        new_markdown_cell("## Self-check\n\n" + 4 * QUESTION),
        new_markdown_cell("## Exercises"),
        *exercise("ex-a"),
        *exercise("ex-b"),
        *exercise("ex-c"),
        new_markdown_cell("## Summary\n\nIt runs."),
        new_markdown_cell(
            "## Further reading\n\n{cite:t}`he2015spatial`, {cite:p}`krizhevsky2012imagenet`"
        ),
    ]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": dict(checks.KERNELSPEC)})
    for count, (_, cell) in enumerate(checks.code_cells(notebook), start=1):
        cell.execution_count = count
    return notebook


def replace(old: str, new: str):
    """Return a breaker that replaces text in the Markdown cells, where it has to stand."""

    def breaker(nb):
        assert any(old in text for _, text in checks.markdown(nb))
        for i, text in checks.markdown(nb):
            nb.cells[i].source = text.replace(old, new)

    return breaker


def output(new):
    """Return a breaker that gives the printing cell another output."""
    return lambda nb: nb.cells[1].update(outputs=[new])


def source(new: str):
    """Return a breaker that gives the printing cell another source."""
    return lambda nb: nb.cells[1].update(source=new)


BROKEN = {
    "null count": ("counts", lambda nb: nb.cells[1].update(execution_count=None)),
    "count out of order": ("counts", lambda nb: nb.cells[1].update(execution_count=7)),
    "stderr": ("stderr", output(printed("oh", name="stderr"))),
    "error": ("stores an error", output(new_output("error", ename="E", evalue="", traceback=[]))),
    "warning": ("a warning", output(printed("UserWarning: beware"))),
    "address": ("a memory address", output(shown(text_plain="<f at 0x7f3a5c0d12e0>"))),
    "path in an output": ("a machine path", output(printed("File /" + "home/me/a.py"))),
    "path in a source": ("a path of a machine", source("open('/" + "tmp/a')")),
    "semicolon": ("ends with `;`", source("plot(x);")),
    "ignored output": ("escapes", source("# NBVAL_IGNORE_OUTPUT\nprint(1)")),
    "skipped cell": ("escapes", lambda nb: nb.cells[1].metadata.update(tags=["nbval-skip"])),
    "kernelspec": ("kernelspec", lambda nb: nb.metadata.kernelspec.update(name="conda-env")),
    "widget state": ("widgets", lambda nb: nb.metadata.update(widgets={})),
    "widget": ("stores application", output(shown(application_x="{}"))),
    "svg": ("stores image/svg+xml", output(shown(**{"image_svg+xml": "<svg/>"}))),
    "script": ("stores text/html", output(shown(text_html="<script>1</script>"))),
    "no alternative text": ("no alternative", lambda nb: nb.cells[2].metadata.clear()),
    "blank alternative text": (
        "no alternative",
        lambda nb: nb.cells[2].metadata.mystnb.image.update(alt=" "),
    ),
    "two pictures": ("draws 2", lambda nb: nb.cells[2].outputs.append(shown(image_png=PNG))),
    "bare picture": ("![](...)", replace("It runs.", "![](a.png)")),
    "bare tag": ("<img", replace("It runs.", '<img src="a.png">')),
    "bare figure": ("a.png", replace("It runs.", "```{figure} a.png\n:name: f\n```")),
    "large": ("MB", lambda nb: nb.cells[2].outputs[0].data.update({"image/png": "A" * 10**6})),
    "no title": ("level one", replace("# A chapter", "A chapter")),
    "two titles": ("level one", replace("It runs.", "# Again")),
    "no question": ("lacks **The question", replace("**The question.**", "")),
    "no objectives": ("lacks **What", replace("**What you can do at the end**", "")),
    "no time": ("lacks **Time", replace("**Time to read:**", "")),
    "no summary": ("Summary", replace("## Summary", "## Other")),
    "empty summary": ("Summary", replace("It runs.", "")),
    "no further reading": ("Further reading", replace("## Further reading", "## Other")),
    "three questions": ("3 answers", replace(4 * QUESTION, 3 * QUESTION)),
    "two exercises": ("2 exercises", lambda nb: nb.cells.pop(5)),
    "no solution": ("'ex-a' has no", replace("{solution-start} ex-a", "{note} ex-a")),
    "solution without code": ("'ex-a' has no", lambda nb: nb.cells.pop(8)),
    "solution not run": ("'ex-a' has no", lambda nb: nb.cells[8].update(execution_count=None)),
    "explanation open": ("open in JupyterLab", lambda nb: nb.cells[7].metadata.clear()),
    "output open": (
        "jupyter.outputs_hidden",
        lambda nb: nb.cells[8].metadata.jupyter.update(outputs_hidden=False),
    ),
    "solution open": ("not folded", replace(":class: dropdown", "")),
    "text in the gate": ("is lost", replace("dropdown\n```", "dropdown\n\nThe idea.\n```")),
    "unknown source": ("cites 'nobody", replace("It runs.", "{cite:p}`nobody1900`")),
    "one source": ("cites 1", replace("{cite:p}`krizhevsky2012imagenet`", "")),
}


def test_good_notebook_has_no_faults():
    assert checks.faults(good_notebook()) == []


@pytest.mark.parametrize(("words", "breaker"), BROKEN.values(), ids=BROKEN)
def test_checks_see_what_is_broken(words, breaker):
    notebook = good_notebook()
    breaker(notebook)
    assert any(words in fault for fault in checks.faults(notebook))


def test_every_check_is_proved():
    proved = set()
    for _, breaker in BROKEN.values():
        notebook = good_notebook()
        breaker(notebook)
        proved |= {fault.split(":")[0] for fault in checks.faults(notebook)}
    assert proved == {rule.__name__ for rule in checks.CHECKS + checks.CHAPTER_CHECKS}
