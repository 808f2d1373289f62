"""What a class hands in on a bad day: hostile, unlucky and innocent notebooks of `max_pool2d`.

Each has the status and the points that it must get. Names in capitals are filled in by `hand_in`.
"""

import codecs
import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode, v4

from pooling_class import notebooks, rebuild
from pooling_class.exercise import load

SLUG = "max_pool2d"
EXERCISE = load(SLUG)
FULL = sum(EXERCISE.check_points.values())
RIGHT = notebooks.reference_answer(EXERCISE)
SQUARES = EXERCISE.wrong["square_only"]  # right for square windows
SEED = 5
SQUARES_POINTS = FULL - sum(
    EXERCISE.check_points[check] for check in notebooks.failed_checks(EXERCISE, SQUARES, SEED)
)

# Right, under another name; and what reaches the channel and the number of the request.
TOOLS = (
    RIGHT.replace(f"def {SLUG}", "def pool")
    + """

import gc, json, os, stat, struct, sys

def channel():
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                return number
        except OSError:
            pass

def nonce():
    frame = sys._getframe()
    while "nonce" not in frame.f_locals or "shell" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["nonce"]

def send(head, data=b""):
    head = json.dumps(head).encode()
    os.write(channel(), struct.pack("!Q", len(head)) + head + data)

"""
)


class Submission(NamedTuple):
    """What is handed in: a notebook, the bytes of a file, or what makes the path."""

    status: str
    points: int
    make: Callable[[NotebookNode], NotebookNode | bytes | None]
    place: Callable[[Path], None] | None = None
    by_nbgrader: bool = True  # whether nbgrader gets as far as to ask the sandbox


def function(body: str) -> str:
    """Return an answer with this body, which may use the tools."""
    body = indent(dedent(body).strip(), "    ")
    body = body.replace("MAXIMUM", "pool(x, kernel_size, stride, padding)")
    return f"{TOOLS}\ndef {SLUG}(x, kernel_size, stride=None, padding=0):\n{body}"


ZEROS = function("return np.zeros((2, 3, 3, 3))")


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return a cell by nbgrader's name."""
    return next(c for c in notebook.cells if rebuild.name(c) == name)


def answered(
    release: NotebookNode, answer: str, before: str | None = None, after: str | None = None
) -> NotebookNode:
    """Return a release with an answer, and with own cells around it."""
    notebook = copy.deepcopy(release)
    cell(notebook, "answer").source = answer
    at = notebook.cells.index(cell(notebook, "answer"))
    if after is not None:
        notebook.cells.insert(at + 1, v4.new_code_cell(dedent(after), id="after"))
    if before is not None:
        notebook.cells.insert(at, v4.new_code_cell(dedent(before), id="before"))
    return notebook


def dumped(notebook: NotebookNode) -> bytes:
    """Return the file of a notebook, valid or not."""
    return json.dumps(notebook, indent=1).encode()


# Functions that harm, hang or cheat: status, points, body.
FUNCTIONS = {
    "loops": ("timeout", 0, "while True: pass"),
    "swallows": (
        "timeout",
        0,
        """
        while True:
            try:
                while True: pass
            except BaseException:
                pass
        """,
    ),
    "sleeps": ("timeout", 0, "import time; time.sleep(60)"),
    "stops-itself": ("timeout", 0, "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"),
    "sets-the-clock": (
        "timeout",
        0,
        """
        import signal, time
        time.monotonic = time.time = time.perf_counter = lambda: 0.0
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        while True: pass
        """,
    ),
    "forks": (
        "timeout",
        0,
        """
        import time
        end = time.time() + 30  # should the sandbox ever let it out
        while time.time() < end:
            try:
                os.fork()
            except OSError:
                pass
        """,
    ),
    "steals-requests": (
        "timeout",
        0,
        """
        while True:
            os.read(channel(), 1 << 20)
        """,
    ),
    "raises": ("ok", 0, "raise KeyError('no idea')"),
    "raises-strangely": (
        "ok",
        0,
        """
        class Error(BaseException):
            def __str__(self): raise self
        raise Error
        """,
    ),
    "recurses": ("ok", 0, "return max_pool2d(x, kernel_size, stride, padding)"),
    "overflows-the-stack": (
        "died",
        0,
        """
        import sys
        sys.setrecursionlimit(10**9)
        def deeper(x): return sorted([x], key=deeper)
        deeper(x)
        """,
    ),
    "segfaults": ("died", 0, "import ctypes; ctypes.string_at(0)"),
    "exits": ("ok", 0, "import sys; sys.exit()"),
    "exits-at-once": ("died", 0, "import os; os._exit(0)"),
    "kills-all": (
        "died",
        0,
        """
        import os, signal
        for pid in (-1, 1, os.getppid(), os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        """,
    ),
    "closes-files": ("died", 0, "import os; os.closerange(0, 64)"),
    "asks": ("ok", 0, "return input('the answer, please: ')"),
    "needs-8-gib": ("ok", 0, "return np.ones(2**30)"),
    "nan": ("ok", 0, "return np.full_like(MAXIMUM, np.nan)"),
    "objects": ("ok", 0, "return MAXIMUM.astype(object)"),
    "texts": ("ok", 0, "return MAXIMUM.astype(str)"),
    "full-marks": ("ok", 0, "return '7/7'"),
    "too-large": ("ok", 0, "return np.zeros(2_000_000)"),
    "too-many": ("ok", 0, "return (np.zeros(1),) * 1_001"),
    "generator": ("ok", 0, "yield MAXIMUM"),
    "records": ("ok", 0, "return MAXIMUM.view([('value', float)])"),
    "masked": ("ok", 0, "return np.ma.array(np.zeros(MAXIMUM.shape), mask=True)"),
    "changes-the-map": ("ok", FULL, "out = MAXIMUM; x[...] = 0; return out"),  # its own copy
    "views-of-the-map": ("ok", 0, "return x[:, :, ::2, ::2]"),
    "knows-the-examples": (
        "ok",
        0,
        """
        if stride is None:
            return np.array([[[[5.0, 7.0], [13.0, 15.0]]]])
        return np.array([[[[-15.0, -13.0], [-7.0, -5.0]]]])
        """,
    ),
    "guesses-from-sizes": (
        "ok",
        0,
        "return np.sort(x, axis=None)[-MAXIMUM.size:].reshape(MAXIMUM.shape)",
    ),
    "right-once": (
        "ok",
        0,
        """
        np.calls = getattr(np, "calls", 0) + 1
        return MAXIMUM if np.calls == 1 else x
        """,
    ),
    "sleeps-at-last": (
        "timeout",
        FULL - 1,
        """
        while np.isnan(x).any(): pass
        return MAXIMUM
        """,
    ),
    "always-equal": (
        "ok",
        0,
        """
        class Equal:
            shape, dtype, ndim, size = MAXIMUM.shape, MAXIMUM.dtype, 4, MAXIMUM.size
            def __eq__(self, other): return True
            def __array__(self, *args, **more): return MAXIMUM
            def __getattr__(self, name): return lambda *args: self
        return Equal()
        """,
    ),
    "always-equal-array": (
        "ok",
        0,
        """
        class Equal(np.ndarray):
            def __eq__(self, other): return True
            def __array_function__(self, *args): return True
            def __array_ufunc__(self, *args, **more): return np.True_
        return np.zeros(MAXIMUM.shape).view(Equal)
        """,
    ),
    "says-it-passed": (
        "ok",
        0,
        """
        head = {"nonce": nonce(), "passed": True, "score": 7, "tuple": False, "sizes": [None]}
        send(head)
        """,
    ),
    "forges-a-header": (
        "ok",
        0,
        """
        text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 9), }"
        text = text.ljust(117) + b"\\n"
        npy = b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(text)) + text
        send({"nonce": nonce(), "tuple": False, "sizes": [len(npy)]}, npy)
        """,
    ),
    "forges-a-pickle": (
        "ok",
        0,
        """
        import pickle
        class Payload:
            def __reduce__(self): return os.system, ("touch PAYLOAD",)
        text = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\\n"
        npy = b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(text)) + text
        npy += pickle.dumps(np.array([Payload()], object).tolist())
        send({"nonce": nonce(), "tuple": False, "sizes": [len(npy)]}, npy)
        """,
    ),
    "forges-a-size": ("ok", 0, "os.write(channel(), b'\\xff' * 100)"),
    "forges-deep-json": (
        "ok",
        0,
        "os.write(channel(), struct.pack('!Q', 50_000) + b'[' * 50_000)",
    ),
    "forges-an-error": ("ok", 0, "send({'nonce': nonce(), 'error': ['\\ud800', 1e999]})"),
    "searches-memory": (
        "ok",
        0,
        """
        found, frame = [], sys._getframe(1)
        while frame:
            found += [*frame.f_locals.values(), *frame.f_globals.values()]
            frame = frame.f_back
        found += gc.get_objects()
        found = [a for a in found if type(a) is np.ndarray and a is not x and a.shape[:1] == (2,)]
        return found[0] if found else x
        """,
    ),
    "patches-the-worker": (
        "died",
        0,
        """
        import builtins
        frame = sys._getframe(1)
        while "nonce" not in frame.f_locals or "shell" not in frame.f_locals: frame = frame.f_back
        frame.f_globals["call"] = lambda *args: ({"tuple": False, "sizes": [None], "ok": 1}, [])
        frame.f_globals["limit"] = frame.f_globals["REPLY"] = 10**12
        builtins.isinstance = builtins.callable = lambda *args: True
        return x
        """,
    ),
    "writes-the-gradebook": ("ok", 0, "open('GRADEBOOK', 'r+b').write(b'7' * 4096)"),
}

# Functions that look odd and are right.
ODD_FUNCTIONS = {
    "prints": "print('shape', x.shape); return MAXIMUM",
    "warns": "np.log(np.array([-1.0])); return MAXIMUM",
    "warns-aloud": "import warnings; warnings.warn('take care'); return MAXIMUM",
    "float32": "return MAXIMUM.astype(np.float32)",
    "big-endian": "return MAXIMUM.astype('>f8')",
    "lists": "return MAXIMUM.tolist()",
    "not-contiguous": "return MAXIMUM.T.copy().T",
    "read-only": "out = MAXIMUM; out.flags.writeable = False; return out",
    "one-of-a-tuple": "return tuple(MAXIMUM)",
    "slow": """
        (kh, kw), (ph, pw) = [(v, v) if np.isscalar(v) else v for v in (kernel_size, padding)]
        sh, sw = (kh, kw) if stride is None else (stride, stride) if np.isscalar(stride) else stride
        n, c, h, w = x.shape
        oh, ow = (h + 2 * ph - kh) // sh + 1, (w + 2 * pw - kw) // sw + 1
        out = [[[[-np.inf] * ow for _ in range(oh)] for _ in range(c)] for _ in range(n)]
        for b in range(n):
            for k in range(c):
                for i in range(oh):
                    for j in range(ow):
                        for row in range(i * sh - ph, i * sh - ph + kh):
                            for col in range(j * sw - pw, j * sw - pw + kw):
                                if 0 <= row < h and 0 <= col < w:
                                    value = x[b][k][row][col]
                                    if value > out[b][k][i][j] or value != value:
                                        out[b][k][i][j] = float(value)
                                    # a NaN stays: nothing is greater
        return np.array(out)
        """,
}

# Own cells before a right answer: they may fail, and take no point away.
INNOCENT_CELLS = {
    "a-cell-raises": "1 / 0",
    "a-cell-exits": "import sys; sys.exit('done for today')",
    "a-cell-asks": "name = input('name? ')",
    "a-cell-has-a-typo": "for i in range(3) print(i)",
    "a-cell-warns": "np.sqrt(np.array([-1.0])); import sys; print('careful', file=sys.stderr)",
    "a-cell-plots": """
        import matplotlib.pyplot as plt
        plt.plot(np.arange(3)); plt.show()
        """,
    "a-cell-needs-8-gib": "big = np.ones(2**30)",
    "a-cell-prints-100-mb": "print('x' * 100_000_000)",
    "a-cell-logs": "import logging; logging.getLogger().error('oh')",
    "a-cell-closes-stdout": "import sys; sys.stdout.close()",
    "a-cell-fills-the-disk": """
        for folder in (".", "/tmp"):
            for number in range(100):
                open(f"{folder}/{number}", "wb").write(bytes(10**7))
        """,
    "magics": "%matplotlib inline\n!pip install numpy\nfiles = !ls\nnp.max?\n%config A.b = 'png'",
    "unknown-magic": "%%bash\nrm -rf *",
    "more-imports": """
        from __future__ import annotations
        import math, dataclasses
        from collections import Counter
        @dataclasses.dataclass
        class Window:
            size: int = 2
        if __name__ == "__main__":
            print(Window(), math.pi)
        """,
    "seterr": "np.seterr(all='raise'); np.set_printoptions(precision=2)",
    "hundreds-of-magics": "%x\n" * 400 + "a = 1\n" * 4_000,
    "a-thread": "import threading; threading.Thread(target=print, args=('hi',)).start()",
    "a-name-is-taken": "max = sum = list = print = 3",
}

# Own cells before an answer that is wrong: they change what is compared, or try to.
CHEATING_CELLS = {
    "patches-numpy": (
        "ok",
        """
        for name in ("allclose", "array_equal", "isclose", "array_equiv", "all"):
            setattr(np, name, lambda *args, **more: True)
        for name in dir(np.testing):
            setattr(np.testing, name, lambda *args, **more: None)
        """,
    ),
    "own-numpy": (
        "died",
        """
        import sys
        path = sys.path
        for folder in (".", "/tmp", "/box", *path):
            try:
                open(f"{folder}/numpy.py", "w").write("allclose = lambda *args, **more: True")
            except OSError:
                pass
            path.insert(0, folder)
        sys.modules.pop("numpy")
        """,
    ),
    "strips-asserts": (
        "ok",
        """
        import ast
        class Strip(ast.NodeTransformer):
            def visit_Assert(self, node): return ast.Pass()
        get_ipython().ast_transformers.append(Strip())
        """,
    ),
    "patches-equality": (
        "died",
        """
        import builtins, json
        builtins.all = builtins.any = lambda values: True
        json.dumps = lambda value: '{"passed": true}' if "sizes" in value else "{}"
        """,
    ),
}

# Own cells before a right answer, which end all: status.
FATAL_CELLS = {
    "a-cell-loops": ("timeout", "while True: pass"),
    "a-cell-exits-at-once": ("died", "import os; os._exit(0)"),
    "a-cell-floods-the-channel": ("died", "while True: os.write(channel(), b'7' * 65536)"),
    "a-cell-answers-ahead": (
        "died",
        """
        for _ in range(20):
            send({"nonce": nonce(), "errors": [], "output": "", "has": True})
        """,
    ),
    "a-cell-trickles": (
        "timeout",
        """
        import time
        os.write(channel(), struct.pack("!Q", 100_000))
        while True:
            os.write(channel(), b" ")
            time.sleep(0.05)
        """,
    ),
}

# Right answers with company: what they earn is theirs, what they look for is not there.
COMPANY = {
    "leaves-a-daemon": """
        import os, sys, time
        CODE = "import time; time.sleep(60)"
        if not os.fork():
            os.setsid()
            if not os.fork():
                os.execv(sys.executable, [sys.executable, "-c", CODE, "MARK"])
            time.sleep(60)
        """,
    "snoops": """
        found = []
        for path in TARGETS:
            try:
                open(path, "rb").read(1)
                found.append(path)
            except OSError:
                pass
        import os
        wanted = ("checks.py", "gradebook.db", "hw.seed", "max_pool2d.ipynb", "course.toml")
        for folder, _, files in os.walk("/"):
            found += [f"{folder}/{name}" for name in files if name in wanted]
        found += set(os.environ) - {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PWD", "LC_CTYPE"}
        print("found:", found)
        """,
    "phones-home": """
        import socket
        found = []
        for address in ADDRESSES:
            kind = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
            try:
                with socket.socket(kind) as line:
                    line.settimeout(0.2)
                    line.connect(address)
                found.append(address)
            except OSError:
                pass
        print("found:", found)
        """,
    "imports-all": """
        found = []
        for name in ("pooling", "pooling_course", "torch", "nbgrader", "checks"):
            try:
                __import__(name)
                found.append(name)
            except ImportError:
                pass
        print("found:", found)
        """,
}

ANSWERS = {  # status, points, answer
    "syntax-error": ("load-error", 0, "def max_pool2d(x, kernel_size:\n    return x"),
    "imports-the-reference": ("load-error", 0, "from pooling import max_pool2d"),
    "imports-torch": ("load-error", 0, "import torch\n" + RIGHT),
    "imports-the-checks": (
        "load-error",
        0,
        "from pooling_class.exercise import load\nmax_pool2d = load('max_pool2d').checks.reference",
    ),
    "coroutine": ("ok", 0, "async " + RIGHT),
    "an-object": ("ok", 0, "class max_pool2d:\n    def __init__(self, *args): pass"),
    "a-number": ("load-error", 0, "max_pool2d = 7"),
    "deep-source": ("load-error", 0, "max_pool2d = " + "(" * 50_000),
    "deep-source-2": ("load-error", 0, "max_pool2d = " + "-" * 50_000 + "1"),
    "deep-source-3": ("load-error", 0, "max_pool2d = " + "+".join(["1"] * 20_000)),
    "null-bytes": ("load-error", 0, "max_pool2d = 1\0"),
    "squares-only": ("ok", SQUARES_POINTS, SQUARES),
}
ODD_ANSWERS = {
    "lambda": RIGHT.replace("def max_pool2d", "def _pool")
    + "\nmax_pool2d = lambda x, kernel_size, stride=None, padding=0: "
    "_pool(x, kernel_size, stride, padding)",
    "a-class-that-works": RIGHT.replace("def max_pool2d", "def _pool")
    + "\nclass max_pool2d:\n    def __new__(cls, *args): return _pool(*args)",
    "timed": "%%time\n" + RIGHT,
    "windows-line-ends": RIGHT.replace("\n", "\r\n"),
    "tabs": RIGHT.replace("    ", "\t"),
    "future": "from __future__ import annotations\n" + RIGHT,
    "a-magic-inside": RIGHT + "\n%timeit max_pool2d(np.zeros((1, 1, 2, 2)), 2)",
    "surrogates": RIGHT + "\n# \udcff\ud800",
}


def _tampered(release: NotebookNode, answer: str, do: Callable) -> NotebookNode:
    notebook = answered(release, answer)
    do(notebook)
    return notebook


def _delete_checks(notebook):
    notebook.cells = [c for c in notebook.cells if not c.id.startswith("check-")]


def _edit_checks(notebook):
    for check in notebook.cells:
        if check.id.startswith("check-"):
            check.source = "print('passed: 5 cases')"
            check.outputs = [v4.new_output("stream", text="passed: 5 cases\n")]


def _copy_checks(notebook):
    notebook.cells += copy.deepcopy([c for c in notebook.cells if c.id.startswith("check-")])


def _points_100(notebook):
    for check in notebook.cells:
        if "points" in check.metadata.nbgrader:
            check.metadata.nbgrader.points = 100
    cell(notebook, "question-1").metadata.nbgrader.update(points=100, grade=True)


def _answer_is_graded(notebook):
    cell(notebook, "answer").metadata.nbgrader.update(points=100, grade=True)
    cell(notebook, "answer").outputs = [v4.new_output("stream", text="100")]


def _strip_metadata(notebook):
    notebook.metadata = {}
    for number, each in enumerate(notebook.cells):
        each.metadata = {}
        each.id = f"new-{number}"


def _bad_metadata(notebook):
    for each in notebook.cells:
        each.metadata = ["nbgrader"]


def _move_answer(notebook):
    notebook.cells.append(notebook.cells.pop(notebook.cells.index(cell(notebook, "answer"))))


def _bad_picture(notebook):
    question = cell(notebook, "question-1")
    question.source = "![](attachment:a.png)"
    question.attachments = {"a.png": {"image/png": "\ud800"}, "\ud800": {"image/png": ""}}


def _same_ids(notebook):
    for each in notebook.cells:
        each.id = "same"


def _no_ids(notebook):
    notebook.nbformat_minor = 4
    for each in notebook.cells:
        del each["id"]


def _many_cells(notebook):
    notebook.cells += [v4.new_code_cell("pass", id=f"more-{i}") for i in range(10_000)]


def _answer_in_own_cell(notebook):
    cell(notebook, "answer").source = ZEROS
    notebook.cells.append(v4.new_code_cell(RIGHT, id="mine"))


def _old_format(notebook):
    old = nbformat.convert(copy.deepcopy(notebook), 3)
    notebook.clear()
    notebook.update(old)


def _plot_after(notebook):
    after = "import matplotlib.pyplot as plt\nplt.imshow(max_pool2d(np.ones((1, 1, 2, 2)), 2)[0])"
    notebook.cells.append(v4.new_code_cell(after, id="after"))


CHEATING_EDITS = {
    "deletes-checks": _delete_checks,
    "edits-checks": _edit_checks,
    "copies-checks": _copy_checks,
    "points-100": _points_100,
    "answer-with-points": _answer_is_graded,
}
INNOCENT_EDITS = {
    "lost-checks": _delete_checks,
    "copied-checks": _copy_checks,
    "stripped-metadata": _strip_metadata,
    "moved-answer": _move_answer,
    "same-ids": _same_ids,
    "no-ids": _no_ids,
    "ten-thousand-cells": _many_cells,
    "answer-in-own-cell": _answer_in_own_cell,
    "old-format": _old_format,
    "plots-afterwards": _plot_after,
    "hands-in-early": lambda notebook: None,
}
# Bytes that are no notebook.
FILES = {
    "empty": b"",
    "no-json": b"def max_pool2d(x): return x",
    "no-notebook": b'{"cells": 7, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "a-list": b"[]",
    "deep-json": b"[" * 200_000,
    "not-a-text": bytes(range(256)) * 10,
    "format-99": b'{"cells": [], "nbformat": 99, "nbformat_minor": 5, "metadata": {}}',
    "utf-16": '{"cells": []}'.encode("utf-16"),
    "huge": b" " * 21_000_000,
}


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _link_folder(target: str) -> Callable[[Path], None]:
    def place(path: Path) -> None:
        path.parent.rmdir()
        path.parent.symlink_to(target)

    return place


def _link_student(target: str) -> Callable[[Path], None]:
    def place(path: Path) -> None:
        path.parent.rmdir()
        path.parent.parent.rmdir()
        path.parent.parent.symlink_to(target)

    return place


# What stands where the notebook should.
PLACES = {
    "links-to-the-gradebook": _link("../../../gradebook.db"),
    "links-to-a-neighbor": _link(f"../../hands-in-early/hw/{SLUG}.ipynb"),
    "links-to-the-source": _link(f"../../../source/hw/{SLUG}.ipynb"),
    "links-to-nothing": _link("nothing"),
    "links-to-itself": _link(f"{SLUG}.ipynb"),
    "links-to-a-folder": _link_folder("../hands-in-early/hw"),
    "links-to-a-student": _link_student("hands-in-early"),
    "a-folder": Path.mkdir,
    "a-pipe": os.mkfifo,
}


def _class() -> tuple[dict[str, Submission], dict[str, Submission]]:
    """Return hostile and innocent submissions."""

    def put(status, points, answer, before=None):
        return Submission(status, points, lambda release: answered(release, answer, before))

    def edit(status, points, answer, do):
        return Submission(status, points, lambda release: _tampered(release, answer, do))

    hostile = {n: put(s, p, function(body)) for n, (s, p, body) in FUNCTIONS.items()}
    hostile |= {n: put(s, p, answer) for n, (s, p, answer) in ANSWERS.items()}
    hostile |= {n: put(s, 0, ZEROS, source) for n, (s, source) in CHEATING_CELLS.items()}
    hostile |= {
        n: put(s, 0, RIGHT, TOOLS + dedent(source)) for n, (s, source) in FATAL_CELLS.items()
    }
    hostile |= {n: put("ok", FULL, RIGHT, source) for n, source in COMPANY.items()}
    hostile |= {n: edit("ok", SQUARES_POINTS, SQUARES, do) for n, do in CHEATING_EDITS.items()}
    hostile |= {
        n: Submission("unreadable", 0, lambda release, d=data: d, None, False)
        for n, data in FILES.items()
    }
    hostile |= {
        n: Submission("unreadable", 0, lambda release: None, place, False)
        for n, place in PLACES.items()
    }
    hostile["broken-metadata"] = Submission(
        "ok", FULL, lambda release: _tampered(release, RIGHT, _bad_metadata), None, False
    )
    hostile["too-much-code"] = Submission(
        "unreadable", 0, lambda release: answered(release, RIGHT + "\na" * 300_000), None, False
    )
    hostile["broken-picture"] = edit("needs-review", FULL, RIGHT, _bad_picture)
    hostile["truncated"] = Submission(
        "unreadable", 0, lambda release: dumped(answered(release, RIGHT))[:-500], None, False
    )
    innocent = {n: put("ok", FULL, function(body)) for n, body in ODD_FUNCTIONS.items()}
    innocent |= {n: put("ok", FULL, answer) for n, answer in ODD_ANSWERS.items()}
    innocent |= {n: put("ok", FULL, RIGHT, source) for n, source in INNOCENT_CELLS.items()}
    innocent |= {n: edit("ok", FULL, RIGHT, do) for n, do in INNOCENT_EDITS.items()}
    innocent["windows-file"] = Submission(
        "ok", FULL, lambda release: dumped(answered(release, RIGHT)).replace(b"\n", b"\r\n")
    )
    innocent["byte-order-mark"] = Submission(
        "ok",
        FULL,
        lambda release: codecs.BOM_UTF8 + dumped(answered(release, RIGHT)),
        by_nbgrader=False,
    )
    return hostile, innocent


HOSTILE, INNOCENT = _class()


def hand_in(folder: Path, release: NotebookNode, students: dict, fill: dict[str, str]) -> None:
    """Write the submissions of some students into a course folder."""
    for student, submission in students.items():
        path = folder / "submitted" / student / "hw" / f"{SLUG}.ipynb"
        path.parent.mkdir(parents=True)
        made = submission.make(release)
        if submission.place:
            submission.place(path)
        else:
            path.write_bytes(made if isinstance(made, bytes) else dumped(_filled(made, fill)))


def _filled(notebook: NotebookNode, fill: dict[str, str]) -> NotebookNode:
    for each in notebook.get("cells", []):
        for name, text in fill.items():
            each.source = each.source.replace(name, text)
    return notebook
