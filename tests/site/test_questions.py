"""The contents by question: real questions, short answers, and links that leave no page out."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from notebook_checks import CHAPTERS, ROOT

FOLDER = ROOT / "chapters"
TEXT = (FOLDER / "questions.md").read_text(encoding="utf-8")
ENTRY = re.compile(
    r"(?:\[(?P<asked>.*)\]\((?P<link>\S+)\)|\{prf:ref\}`(?P<proved>.*) <(?P<theorem>\S+)>`)\n"
    r": (?P<answer>.+(?:\n  .+)*)"
)


def groups(text: str) -> dict[str, list[str]]:
    """Return the paragraphs under each heading."""
    parts = [part.strip().split("\n\n") for part in re.split(r"^## ", text, flags=re.M)[1:]]
    return {title: paragraphs for title, *paragraphs in parts}


def entries(text: str) -> list[tuple[str, str, str]]:
    """Return the question, the target and the answer of each entry."""
    found = [m for part in groups(text).values() for p in part if (m := ENTRY.fullmatch(p))]
    return [
        (m["asked"] or m["proved"], m["link"] or "#" + m["theorem"], m["answer"]) for m in found
    ]


@cache
def home(target: str) -> str:
    """Return the name of the page to which a target leads, without its ending."""
    page, _, label = target.partition("#")
    if page:
        return Path(page).stem
    marks = (f":label: {label}\\n", f'"name": "{label}"', f"({label})=")
    pages = [*FOLDER.glob("*.ipynb"), *FOLDER.glob("*.md"), ROOT / "exercises" / "index.md"]
    homes = [p for p in pages if any(mark in p.read_text(encoding="utf-8") for mark in marks)]
    assert len(homes) == 1, f"{target} stands on {len(homes)} pages"
    return "exercises" if homes[0].parent.name == "exercises" else homes[0].stem


def other_text(text: str) -> Iterator[str]:
    """Yield what is no question with a link and an answer."""
    for title, paragraphs in groups(text).items():
        yield from (f"{title}: {p}" for p in paragraphs if not ENTRY.fullmatch(p))
        if not paragraphs:
            yield f"{title}: no question"


def unasked(text: str) -> Iterator[str]:
    """Yield each entry that does not ask, or whose answer is no sentence or too long."""
    for asked, _, answer in entries(text):
        if not re.fullmatch(r"[A-Z].*\w.*\?", asked) or not answer.endswith("."):
            yield asked
        if len(answer) > 240:
            yield f"{asked} {len(answer)} letters"


def asked_twice(text: str) -> Iterator[str]:
    """Yield each question that stands there twice, whatever its signs and capitals."""
    words = Counter(re.sub(r"\W+", " ", asked).lower() for asked, _, _ in entries(text))
    yield from (question for question, times in words.items() if times > 1)


def pages_left_out(text: str) -> Iterator[str]:
    """Yield each chapter and appendix, and the exercises, to which no question leads."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [Path(page["file"]) for part in toc["parts"] for page in part["chapters"]]
    names = {f.parent.name if f.stem == "index" else f.stem for f in files} - {"questions"}
    yield from names - {home(target) for _, target, _ in entries(text)}


def no_section(text: str) -> Iterator[str]:
    """Yield each question that leads to a whole chapter, or to a part that answers nothing."""
    chapters = {path.stem for path in CHAPTERS}
    for asked, target, _ in entries(text):
        label = target.partition("#")[2]
        parts = ("", "summary", "further-reading", "exercises", "self-check")
        if home(target) in chapters and (label in parts or label.startswith("ch-")):
            yield asked


CHECKS = [other_text, unasked, asked_twice, pages_left_out, no_section]
FIRST, LINK, _ = entries(TEXT)[0]
BROKEN = {
    "a line of its own": ("other_text", "## Gradients\n", "## Gradients\n\nSee above.\n"),
    "no answer": ("other_text", f"{LINK})\n: ", f"{LINK})\n"),
    "no link": ("other_text", f"[{FIRST}]({LINK})", FIRST),
    "an empty group": ("other_text", "## Gradients\n", "## Nothing\n\n## Gradients\n"),
    "no question": ("unasked", f"{FIRST}]", f"{FIRST[:-1]}]"),
    "half an answer": ("unasked", f"{LINK})\n: ", f"{LINK})\n: It is\n\n[What?]({LINK})\n: "),
    "a long answer": ("unasked", f"{LINK})\n: ", f"{LINK})\n: {'Very, ' * 40}"),
    "a copy": ("asked_twice", f"[{FIRST}", f"[{FIRST.upper()}]({LINK})\n: Yes.\n\n[{FIRST}"),
    "a page": ("pages_left_out", "](bibliography.md)", "](c_glossary.md)"),
    "the exercises": ("pages_left_out", "](#assignments)", "](c_glossary.md)"),
    "a chapter": ("no_section", f"({LINK})", f"({LINK.partition('#')[0]})"),
    "the label of a chapter": ("no_section", f"({LINK})", "(#ch-windows)"),
    "a summary": ("no_section", f"({LINK})", f"({LINK.partition('#')[0]}#summary)"),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_page_has_no(check):
    assert list(check(TEXT)) == []


@pytest.mark.parametrize(("name", "old", "new"), BROKEN.values(), ids=BROKEN)
def test_checks_see_what_is_broken(name, old, new):
    assert TEXT.count(old) == 1
    broken = TEXT.replace(old, new)
    assert [check.__name__ for check in CHECKS if list(check(broken))] == [name]


def test_a_label_without_a_page_is_seen():
    with pytest.raises(AssertionError, match="#gone stands on 0 pages"):
        home("#gone")


def test_every_chapter_answers_several_questions():
    homes = Counter(home(target) for _, target, _ in entries(TEXT))
    assert {path.stem: homes[path.stem] for path in CHAPTERS if homes[path.stem] < 3} == {}
