"""What every notebook of the book has to be: one small check a rule, from a notebook to its faults.

``test_chapters.py`` runs the checks over the chapters, and over notebooks broken on purpose.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.stem[0].isdigit()]  # the others are appendices
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LEADS = ("**The question.**", "**What you can do at the end**", "**Time to read:**")
SECTIONS = ("Summary", "Further reading")

WARNING = re.compile(r"\w*Warning\b")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
MACHINE_PATH = re.compile(
    r"(?<![\w.:/])/(?:home|root|work|tmp|Users|usr|var|opt|mnt|content)/|\b[A-Z]:\\"
)
HIDES_FROM_NBVAL = re.compile(r"#\s*(NBVAL_(?:IGNORE_OUTPUT|SKIP|RAISES_EXCEPTION))")
CITATION = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
DIRECTIVE = re.compile(r"^(`{3,}|:{3,})\{([\w:-]+)\}[ \t]*(.*?)\n(.*?)^\1[ \t]*$", re.M | re.S)

STORED_AS = ("text/", "image/png", "application/papermill.record/")  # the last is myst-nb's glue

Check = Callable[[NotebookNode], Iterator[str]]
CHECKS: list[Check] = []
CHAPTER_CHECKS: list[Check] = []


def check(function: Check) -> Check:
    """Add the function to the checks that every notebook has to pass."""
    CHECKS.append(function)
    return function


def chapter_check(function: Check) -> Check:
    """Add the function to the checks that a chapter has to pass, and an appendix not."""
    CHAPTER_CHECKS.append(function)
    return function


def code_cells(nb: NotebookNode) -> list[tuple[int, NotebookNode]]:
    """Return the code cells with their index in the notebook."""
    return [(i, cell) for i, cell in enumerate(nb.cells) if cell.cell_type == "code"]


def markdown(nb: NotebookNode) -> list[tuple[int, str]]:
    """Return the text of the Markdown cells with their index in the notebook."""
    return [(i, cell.source) for i, cell in enumerate(nb.cells) if cell.cell_type == "markdown"]


def outputs(nb: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Yield each output with the index of its cell."""
    for i, cell in code_cells(nb):
        for output in cell.outputs:
            yield i, output


def output_texts(nb: NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield each text that a reader sees in an output, with the index of its cell."""
    for i, output in outputs(nb):
        yield i, output.get("text", "")
        for mime, text in output.get("data", {}).items():
            if mime.startswith("text/"):
                yield i, text


def section(nb: NotebookNode, title: str) -> str:
    """Return the Markdown from the heading of level two with this title to the next such one."""
    text = "\n\n".join(source for _, source in markdown(nb))
    match = re.search(rf"^## {re.escape(title)}[ \t]*\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return match.group(1) if match else ""


def directives(text: str, *names: str) -> list[tuple[str, str]]:
    """Return (argument, body) of each directive that has one of the names."""
    return [(m[3], m[4]) for m in DIRECTIVE.finditer(text) if m[2] in names]


def option(body: str, name: str) -> str:
    """Return the value of a directive's option, empty when it is not given."""
    match = re.search(rf"^:{name}:[ \t]*(.*)$", body, re.M)
    return match.group(1).strip() if match else ""


def bibliography() -> set[str]:
    """Return the keys of references.bib."""
    text = (ROOT / "references.bib").read_text(encoding="utf-8")
    return set(re.findall(r"^@\w+\{([^,\s]+)", text, re.M))


@check
def counts_run_from_one(nb: NotebookNode) -> Iterator[str]:
    found = [cell.execution_count for _, cell in code_cells(nb)]
    if found != list(range(1, len(found) + 1)):
        yield f"execution counts are {found}, not 1..{len(found)}: run `make execute`"


@check
def no_stderr_and_no_errors(nb: NotebookNode) -> Iterator[str]:
    for i, output in outputs(nb):
        if output.get("name") == "stderr":
            yield f"cell {i} stores stderr: {output.text[:80]!r}"
        if output.output_type == "error":
            yield f"cell {i} stores an error: {output.ename}"


@check
def outputs_say_nothing_of_the_machine(nb: NotebookNode) -> Iterator[str]:
    patterns = {"a warning": WARNING, "a memory address": ADDRESS, "a machine path": MACHINE_PATH}
    for i, text in output_texts(nb):
        for what, pattern in patterns.items():
            if match := pattern.search(text):
                yield f"cell {i} stores {what}: {match.group()!r}"


@check
def sources_are_portable(nb: NotebookNode) -> Iterator[str]:
    for i, cell in enumerate(nb.cells):
        if match := MACHINE_PATH.search(cell.source):
            yield f"cell {i} names a path of a machine: {match.group()!r}"
    for i, cell in code_cells(nb):
        if any(line.rstrip().endswith(";") for line in cell.source.splitlines()):
            yield f"cell {i} has a line that ends with `;`: nbval does not honor it"


@check
def nothing_hides_from_nbval(nb: NotebookNode) -> Iterator[str]:
    for i, cell in code_cells(nb):
        tags = [tag for tag in cell.metadata.get("tags", []) if tag.startswith(("nbval", "raises"))]
        for name in tags + HIDES_FROM_NBVAL.findall(cell.source):
            yield f"cell {i} escapes the comparison by {name}"


@check
def metadata_is_normal(nb: NotebookNode) -> Iterator[str]:
    if nb.metadata.get("kernelspec") != KERNELSPEC:
        yield f"the kernelspec is {nb.metadata.get('kernelspec')}, not {KERNELSPEC}"
    if "widgets" in nb.metadata:
        yield "the state of widgets is stored"


@check
def pictures_are_png_with_alternative_text(nb: NotebookNode) -> Iterator[str]:
    for i, output in outputs(nb):
        for mime, content in output.get("data", {}).items():
            html = mime == "text/html" and re.search(r"<(script|svg|img|iframe)\b", content)
            if html or not mime.startswith(STORED_AS):
                yield f"cell {i} stores {mime}: pictures are PNG, and nothing runs in the page"
    for i, cell in code_cells(nb):
        number = sum("image/png" in output.get("data", {}) for output in cell.outputs)
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if number > 1:
            yield f"cell {i} draws {number} pictures: one a cell, so that each has its own text"
        if number and not alt.strip():
            yield f"cell {i} has no alternative text in metadata.mystnb.image.alt"


@check
def markdown_pictures_have_alternative_text(nb: NotebookNode) -> Iterator[str]:
    for i, text in markdown(nb):
        if re.search(r"!\[\s*\]\(", text):
            yield f"cell {i} has a picture without alternative text: ![](...)"
        for tag in re.findall(r"<img\b[^>]*>", text):
            if not re.search(r"\balt=\"[^\"]+\"", tag):
                yield f"cell {i} has a picture without alternative text: {tag}"
        for file, body in directives(text, "figure", "image"):
            if not option(body, "alt"):
                yield f"cell {i} has a picture without alternative text: {file}"


@check
def is_under_one_megabyte(nb: NotebookNode) -> Iterator[str]:
    size = len(nbformat.writes(nb).encode())
    if size >= 1_000_000:
        yield f"the notebook has {size / 1e6:.2f} MB: draw fewer or smaller pictures"


@check
def opens_with_its_only_title(nb: NotebookNode) -> Iterator[str]:
    titles = []
    for i, text in markdown(nb):
        prose = re.sub(r"^(```+).*?^\1`*$", "", text, flags=re.M | re.S)
        titles += [i] * len(re.findall(r"^# \S", prose, re.M))
    if titles != [0]:
        yield f"titles of level one are in cells {titles}, not in cell 0 alone"


@check
def has_every_part(nb: NotebookNode) -> Iterator[str]:
    opening = "\n".join(text for _, text in markdown(nb)[:2])
    for lead in LEADS:
        if lead not in opening:
            yield f"the opening lacks {lead}"
    for title in SECTIONS:
        if not section(nb, title).strip():
            yield f"the section `## {title}` is missing or empty"


@chapter_check
def self_check_asks_four_questions(nb: NotebookNode) -> Iterator[str]:
    found = len(directives(section(nb, "Self-check"), "dropdown"))
    if found != 4:
        yield f"the self-check has {found} answers in {{dropdown}}, not 4"


@chapter_check
def asks_three_to_five_exercises(nb: NotebookNode) -> Iterator[str]:
    found = len(directives(section(nb, "Exercises"), "exercise"))
    if not 3 <= found <= 5:
        yield f"there are {found} exercises, not 3 to 5"


@check
def exercises_have_executed_solutions(nb: NotebookNode) -> Iterator[str]:
    exercises, solved = [], {}
    gates = []
    for i, text in markdown(nb):
        exercises += [option(body, "label") for _, body in directives(text, "exercise")]
        for target, body in directives(text, "solution-start"):
            gates.append((i, target))
            options = [line for line in body.splitlines() if line.strip()]
            if any(not line.startswith(":") for line in options):
                yield f"cell {i}: text inside solution-start is lost on the site, use another cell"
            if option(body, "class") != "dropdown":
                yield f"cell {i}: the solution is not folded, it lacks `:class: dropdown`"
        gates += [(i, None) for _ in directives(text, "solution-end")]
    for (start, target), (end, closes) in pairwise(gates):
        if target is not None and closes is None:
            cells = [cell for i, cell in code_cells(nb) if start < i < end]
            solved[target] = any(cell.execution_count and cell.source.strip() for cell in cells)
    for label in exercises:
        if not solved.get(label):
            yield f"exercise {label!r} has no gated solution with an executed code cell"


@check
def solutions_are_folded_in_jupyterlab(nb: NotebookNode) -> Iterator[str]:
    inside = False
    for i, cell in enumerate(nb.cells):
        text = cell.source if cell.cell_type == "markdown" else ""
        if directives(text, "solution-start", "solution-end"):
            inside = bool(directives(text, "solution-start"))
        elif inside:
            folds = cell.metadata.get("jupyter", {})
            wanted = ["source_hidden", "outputs_hidden"][: 1 + (cell.cell_type == "code")]
            for name in wanted:
                if not folds.get(name):
                    yield f"cell {i} of a solution is open in JupyterLab: jupyter.{name} is not set"


@check
def citations_resolve(nb: NotebookNode) -> Iterator[str]:
    def cited(text: str) -> list[str]:
        return [key.strip() for keys in CITATION.findall(text) for key in keys.split(",")]

    for i, text in markdown(nb):
        for key in set(cited(text)) - bibliography():
            yield f"cell {i} cites {key!r}, which is not in references.bib"
    found = len(set(cited(section(nb, "Further reading"))))
    if found < 2:
        yield f"further reading cites {found} sources, not 2 or more"


def faults(nb: NotebookNode) -> list[str]:
    """Return every fault of a chapter, in words."""
    rules = CHECKS + CHAPTER_CHECKS
    return [f"{rule.__name__}: {fault}" for rule in rules for fault in rule(nb)]
