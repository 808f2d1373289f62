"""The page of an exercise, as MyST."""

import json

from pooling_class.exercise import Exercise, Part, solution, stub


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


def _blocks(part: Part, number: int, solutions: bool) -> list[str]:
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
