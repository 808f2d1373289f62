"""Each exercise holds, pages and notebooks are made from it alone, and a bad one is refused."""

import shutil

import nbformat
import pytest
from nbgrader.preprocessors import ClearSolutions

from pooling_class import __main__, exercise, myst, notebooks, prove
from pooling_class.exercise import EXERCISES, ExerciseError, load, slugs, stub

SLUGS = slugs()


def test_there_are_ten_exercises_and_each_early_chapter_has_one():
    exercises = [load(slug) for slug in SLUGS]
    assert len(exercises) >= 10
    assert {e.chapter[:2] for e in exercises} >= {f"0{n}" for n in range(1, 9)}
    assert any(e.checks is None for e in exercises), "one is read from a figure, graded by hand"


@pytest.mark.parametrize("slug", SLUGS)
def test_the_solution_passes_and_wrong_answers_do_not(slug):
    assert prove.faults(load(slug), seeds=20) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_a_chapter_stands_behind_it(slug):
    assert (EXERCISES.parent / "chapters" / f"{load(slug).chapter}.ipynb").is_file()


@pytest.mark.parametrize("slug", SLUGS)
def test_our_stub_is_the_one_of_nbgrader(slug):
    notebook = notebooks.source_notebook(load(slug))
    clear = ClearSolutions(code_stub={"python": "..."}, text_stub=notebooks.TEXT_STUB)
    cleared, _ = clear.preprocess(notebook, {})
    by_name = {cell.id: cell for cell in cleared.cells}
    for part in load(slug).of("answer"):
        assert by_name["answer"].source == stub(part.source)
    for cell in cleared.cells:
        if cell.id.startswith("question"):
            assert cell.source == notebooks.TEXT_STUB


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_without_solutions_has_none(slug):
    exercise = load(slug)
    full, bare = myst.page(exercise), myst.page(exercise, solutions=False)
    secrets = [part.source for part in exercise.of("rubric")]
    secrets += [notebooks.solution(part.source) for part in exercise.of("answer")]
    for secret in secrets:
        assert secret in full
        assert secret not in bare
    for part in exercise.of("statement") + exercise.of("hint") + exercise.of("question"):
        assert part.source in bare


def test_figures_come_from_the_chapters():
    link = "![A gap](../../chapters/05_overlapping.ipynb#fig-overlapping-gap)"
    text, attachments = notebooks.embed_attachment(f"See\n\n{link}\n")
    assert text == "See\n\n![A gap](attachment:fig-overlapping-gap.png)\n"
    png = attachments["fig-overlapping-gap.png"]["image/png"]
    assert png.startswith("iVBORw0KGgo")
    assert f"![A gap](data:image/png;base64,{png})" in notebooks.embed_data(link)
    with pytest.raises(ExerciseError, match="no figure named 'fig-nowhere'"):
        notebooks.embed_data("![x](../../chapters/05_overlapping.ipynb#fig-nowhere)")


def edited(tmp_path, old: str, new: str, file: str = "exercise.md"):
    """Return the folder of a copy of the model exercise in which something is changed."""
    shutil.copytree(EXERCISES / "max_pool2d", tmp_path / "max_pool2d")
    path = tmp_path / "max_pool2d" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("minutes: 30\n", "", "front matter must have minutes"),
        ("function: max_pool2d\n", "", "need each other"),
        ("tags: [answer]", "tags: [reply]", "got 'reply'"),
        ("tags: [answer]", "tags: [examples]", "one code cell with the tag answer, got 0"),
        ("### BEGIN SOLUTION", "# the solution", "must have ### BEGIN SOLUTION"),
        ('"question", "points": 2', '"question"', "a question must have points"),
        ('{"part": "rubric"}', '{"part": "hint"}', "each question must have a rubric"),
        ('{"part": "hint"}', '{"part": "rubric"}', "a rubric must follow its question"),
    ],
)
def test_a_broken_exercise_is_refused(tmp_path, old, new, message):
    with pytest.raises(ExerciseError, match=message):
        load("max_pool2d", [edited(tmp_path, old, new)])


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("constant_values=-np.inf", "constant_values=0", "the solution fails"),
        ("[13, 15]", "[13, 16]", "examples print"),
        ("    ### BEGIN SOLUTION", "    x.shape\n    ### BEGIN SOLUTION\n", None),
    ],
)
def test_a_fault_of_an_exercise_is_found(tmp_path, old, new, fault):
    found = prove.faults(load("max_pool2d", [edited(tmp_path, old, new)]), seeds=2)
    assert (found == []) if fault is None else any(fault in line for line in found)


def test_a_wrong_answer_that_passes_is_found(tmp_path):
    folder = edited(tmp_path, "np.pad(x, ((0", "np.pad(x, ((0", "wrong/zero_padding.py")
    path = folder / "max_pool2d" / "wrong" / "zero_padding.py"
    path.write_text(notebooks.reference_answer(load("max_pool2d")))
    assert any("zero_padding" in fault for fault in prove.faults(load("max_pool2d", [folder]), 2))


def test_a_first_case_that_nobody_could_paste_is_found(tmp_path):
    folder = edited(tmp_path, "(1, 2, height, width)", "(9, 9, height, width)", "checks.py")
    faults = prove.faults(load("max_pool2d", [folder]), 1)
    assert faults == ["the first case of 'square windows, no padding' is too large to show"]


def test_a_stub_that_raises_is_found(tmp_path):
    folder = edited(tmp_path, "    ### BEGIN SOLUTION", "    assert 0\n    ### BEGIN SOLUTION")
    faults = prove.faults(load("max_pool2d", [folder]), 1)
    assert any("an example raises AssertionError" in fault for fault in faults)


def test_cases_must_cover_the_points(tmp_path):
    folder = edited(tmp_path, "    yield special,", "    yield 'other',", "checks.py")
    with pytest.raises(ExerciseError, match="must yield each check of POINTS and no other"):
        load("max_pool2d", [folder]).cases(0)


def test_a_private_folder_replaces_the_checks(tmp_path):
    (tmp_path / "max_pool2d").mkdir()
    (tmp_path / "max_pool2d" / "checks.py").write_text(
        "from pooling_class import exercise\n"
        "open_checks = exercise.load('max_pool2d').checks\n"
        "POINTS = {**open_checks.POINTS, 'exam': 5}\n"
        "reference = open_checks.reference\n"
        "def cases(rng):\n"
        "    yield from open_checks.cases(rng)\n"
        "    yield 'exam', (rng.normal(size=(1, 1, 9, 9)), 4, 3, 2)\n"
    )
    exercise = load("max_pool2d", [tmp_path, EXERCISES])
    assert exercise.points == load("max_pool2d").points + 5
    assert exercise.title == load("max_pool2d").title
    assert prove.faults(exercise, seeds=1) == []
    names = [cell.id for cell in notebooks.source_notebook(exercise).cells]
    assert "check-5" in names


def test_the_inputs_are_fresh_and_repeatable():
    exercise = load("max_pool2d")
    first, again, other = (exercise.cases(seed)[0][1][0] for seed in (1, 1, 2))
    assert (first == again).all()
    assert first.shape != other.shape or (first != other).any()


def test_a_notebook_is_valid_and_the_same_twice():
    for slug in SLUGS:
        one, two = (notebooks.source_notebook(load(slug)) for _ in range(2))
        nbformat.validate(one)
        assert nbformat.writes(one) == nbformat.writes(two)


def test_notes_say_what_wrong_answers_earn():
    notes = notebooks.notes([load("max_pool2d")])
    assert "| zero padding | 4 | padding never wins; NaN and infinities |" in notes
    assert "## Question 1 (2 points)" in notes


@pytest.mark.parametrize("command", [["check"], ["build", "--course", "course"]])
def test_without_exercises_nothing_holds(tmp_path, monkeypatch, command, capsys):
    monkeypatch.chdir(tmp_path)
    for function in (exercise.slugs, exercise.load):
        monkeypatch.setattr(function, "__defaults__", ((tmp_path,),))
    for module in (__main__, prove):
        monkeypatch.setattr(module, "EXERCISES", tmp_path)
    assert __main__.main(command) == 2
    said = capsys.readouterr()
    assert "no exercise in" in said.err and "all exercises hold" not in said.out
