"""The sandbox: what student code gives, and what it cannot do."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from pooling_class import bubblewrap, sandbox
from pooling_class.course import Limits
from pooling_class.sandbox import BadReply, CallTimeout, Died, Session, StudentError

LIMITS = Limits(call=10, total=30, memory=1, processes=8)
SHORT = Limits(call=0.7, total=10, memory=1, processes=8)

IMPORTS = "import gc, json, os, signal, socket, struct, subprocess, sys, threading, time\n"
IMPORTS += "import numpy as np"


@pytest.fixture(params=["bubblewrap", "trusted"])
def trust(request) -> bool:
    """Run a test in the sandbox and without it."""
    if request.param == "bubblewrap":
        request.getfixturevalue("needs_bubblewrap")
    return request.param == "trusted"


def opened(*cells: str, limits: Limits = LIMITS, **options) -> Session:
    return Session([IMPORTS, *cells], limits, **options)


def result_of(cell: str, *arguments, limits: Limits = LIMITS, trust: bool = False):
    """Call the function f of a cell."""
    with opened(cell, limits=limits, trust=trust) as session:
        assert session.loaded.errors == []
        return session.call("f", arguments)


def assert_gone(marker: str) -> None:
    """No process has the marker in its command line, soon."""
    deadline = time.monotonic() + 10
    while left := marked(marker):
        assert time.monotonic() < deadline, f"{left} are left"
        time.sleep(0.02)


def marked(marker: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [int(path.parent.name)] if marker.encode() in path.read_bytes() else []
        except OSError:  # it ended meanwhile
            continue
    return found


def wait_for(marker: str) -> list[int]:
    deadline = time.monotonic() + 10
    while not (found := marked(marker)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


# What honest code gives.

VALUES = {
    "7": np.array(7),
    "True": np.array(True),
    "2.5": np.array(2.5),
    "1 + 2j": np.array(1 + 2j),
    "[[1, 2], [3, 4]]": np.array([[1, 2], [3, 4]]),
    "[]": np.array([]),
    "None": None,
    "...": None,
    "()": (),
    "(1, None, [2.0])": (np.array(1), None, np.array([2.0])),
    "np.float32(0.1)": np.float32(0.1),
    "np.zeros((0, 3), np.int8)": np.zeros((0, 3), np.int8),
    "np.arange(12.0).reshape(3, 4).T[::2]": np.arange(12.0).reshape(3, 4).T[::2],
    "np.arange(6.0).reshape(2, 3).T": np.arange(6.0).reshape(2, 3).T,
    "np.array([1, -2], '>i4')": np.array([1, -2], ">i4"),
    "np.array([np.nan, -np.inf, -0.0], 'f2')": np.array([np.nan, -np.inf, -0.0], "f2"),
    "np.array([True, False])": np.array([True, False]),
    "np.zeros((1,) * 30)": np.zeros((1,) * 30),
    "np.ones(10**6)": np.ones(10**6),
}


def test_values_come_back_as_they_are(trust):
    cells = [f"def f{i}():\n    return {text}" for i, text in enumerate(VALUES)]
    with opened(*cells, trust=trust) as session:
        for i, (text, expected) in enumerate(VALUES.items()):
            got = session.call(f"f{i}", ())
            for one, other in zip(
                got if isinstance(got, tuple) else (got,),
                expected if isinstance(expected, tuple) else (expected,),
                strict=True,
            ):
                assert (one is None) == (other is None), text
                if one is not None:
                    np.testing.assert_array_equal(one, other, strict=True, err_msg=text)
                    assert one.flags.writeable


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'7'", "returned a str: an array of numbers is expected"),
        ("{'a': 1}", "returned a dict"),
        ("object()", "returned a object"),
        ("[1, 'a']", "returned a list of <U21"),
        ("[1, None]", "returned a list of object"),
        ("[[1], [2, 3]]", "rows differ in length"),
        ("10**30", "returned a int of object"),
        ("(np.ones(2), 'a')", "returned a str"),
        ("np.array(['2020'], 'M8')", "returned a ndarray of datetime64"),
        ("np.zeros(2 * 10**6)", "returned 16000000 bytes"),
        ("np.broadcast_to(0, (10**6, 10**6))", "returned 8000000000000 bytes"),
        ("(np.zeros(10**6),) * 2", "returned more than 10000000 bytes"),
    ],
)
def test_what_is_no_array_of_numbers_is_told_and_ends_nothing(trust, text, message):
    with opened(f"def f(): return {text}", "def g(): return 1", trust=trust) as session:
        with pytest.raises(BadReply, match=message):
            session.call("f", ())
        assert session.alive and session.call("g", ()) == 1


def test_arguments_arrive_as_copies(trust):
    x = np.arange(3.0)
    cell = "def f(x, pair, text):\n    x[0] = 9\n    return x, pair, len(text)"
    got = result_of(cell, x, (1, 2), "abc", trust=trust)
    assert [part.tolist() for part in got] == [[9, 1, 2], [1, 2], 3]
    assert x[0] == 0


def test_a_failing_cell_costs_only_itself(trust):
    cells = [
        "a = 1",
        "a = 2\nplot()\na = 3",
        "def f(:",
        "raise SystemExit(3)",
        "raise KeyboardInterrupt",
        "answer = input('? ')",
        "def f():\n    return a",
    ]
    with Session(cells, LIMITS, trust=trust) as session:
        assert session.call("f", ()) == 2
        errors = dict(session.loaded.errors)
    assert list(errors) == [2, 3, 4, 5, 6]
    assert errors[2] == "NameError: name 'plot' is not defined (<cell 2>, line 2)"
    assert errors[3].startswith("SyntaxError:") and errors[3].endswith("(<cell 3>, line 1)")
    assert errors[4] == "SystemExit: 3 (<cell 4>, line 1)"
    assert errors[5] == "KeyboardInterrupt (<cell 5>, line 1)"
    assert errors[6].startswith("EOFError")


def test_a_call_that_raises_tells_why_and_ends_nothing(trust):
    cells = [
        "def f(kind):\n    if kind == 0:\n        return 1\n    raise (ValueError('no'), "
        "SystemExit(), Evil(), ValueError('x' * 10**6 + '\\udc00\\x1b'))[kind - 1]",
        "class Evil(Exception):\n    def __str__(self): raise self",
        "def g(n): return g(n + 1)",
    ]
    with Session(cells, LIMITS, trust=trust) as session:
        with pytest.raises(StudentError, match=r"^ValueError: no \(<cell 1>, line 4\)$"):
            session.call("f", (1,))
        with pytest.raises(StudentError, match="^SystemExit"):
            session.call("f", (2,))
        with pytest.raises(StudentError, match="^an error that cannot be shown$"):
            session.call("f", (3,))
        with pytest.raises(StudentError) as raised:
            session.call("f", (4,))
        assert len(str(raised.value)) <= 1000 and str(raised.value).encode()
        with pytest.raises(StudentError, match="^RecursionError"):
            session.call("g", (0,))
        with pytest.raises(StudentError, match="there is no function h"):
            session.call("h", ())
        assert session.call("f", (0,)) == 1


def test_text_of_the_sandbox_can_be_stored_and_shown(trust):
    cell = r"raise ValueError('a\udc00b\x1b[1mc')"
    with Session([cell], LIMITS, trust=trust) as session:
        ((_, error),) = session.loaded.errors
    assert error.startswith("ValueError: a\ufffdb\ufffd[1mc")


def test_has_says_what_can_be_called(trust):
    with Session(["def f(): pass\ng = 3\nimport math"], LIMITS, trust=trust) as session:
        assert [session.has(name) for name in ("f", "g", "math", "h")] == [True] + [False] * 3


def test_cells_run_as_in_a_notebook(trust):
    cells = [
        "from __future__ import annotations\n"
        "import dataclasses\n@dataclasses.dataclass\nclass Pair:\n    a: int\n    b: int",
        "import sys\nassert __name__ == '__main__' and sys.modules['__main__'].Pair is Pair",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "get_ipython().system('rm -r /')\nassert get_ipython().getoutput('ls') == []",
        "get_ipython().run_cell_magic('time', '', 'def f():\\n    return Pair(1, 2).b')",
        "get_ipython().run_cell_magic('bash', '', 'echo this is not Python')",
        "get_ipython().run_cell_magic('capture', '', 'def g():\\n    return 1 / 0')",
        "display(3)",
        "import warnings, numpy\nwarnings.warn('old')\nnumpy.log(0 * numpy.ones(1))",
    ]
    with Session(cells, LIMITS, trust=trust) as session:
        assert session.loaded.errors == []
        assert session.call("f", ()) == 2
        with pytest.raises(StudentError, match=r"<cell 7>, line 3"):
            session.call("g", ())
        output = session.loaded.output
    assert output.startswith("3\n") and "UserWarning: old" in output
    assert "RuntimeWarning: divide by zero" in output


def test_much_output_is_cut_and_costs_no_error(trust):
    cells = [
        "print('first')",
        "for _ in range(100):\n    print('x' * 10**6)",
        "os.write(1, b'y' * 10**6), os.write(2, b'y' * 10**6), sys.__stdout__.write('z')",
        "sys.stdout.buffer.write(b'\\xff')",
        "def f():\n    for _ in range(10**5):\n        print('x' * 100)\n    return 1",
    ]
    with opened(*cells, trust=trust) as session:
        assert session.call("f", ()) == 1
        assert session.loaded.errors == []
        output = session.loaded.output
    assert output.startswith("first\nxxx") and "yy" not in output
    assert len(output) < 10_100 and output.endswith("bytes more]")


# Time, memory, and ends.

SWALLOW = (
    "while True:\n        try:\n            while True: pass\n        except BaseException: pass"
)


@pytest.fixture
def impatient(monkeypatch):
    """Stop who sleeps soon."""
    monkeypatch.setattr(sandbox, "_PATIENCE", 0.5)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (SWALLOW, r"more than 0\.7 s of processor time"),
        ("[threading.Thread(target=burn).start() for _ in range(3)]; burn()", "processor time"),
        ("os.fork(); burn()", "processor time"),
        ("time.sleep(600)", "it did nothing for"),
        ("os.kill(os.getpid(), 19)", "it did nothing for"),
    ],
)
def test_a_call_that_does_not_end_is_stopped(trust, impatient, body, said):
    burn = "def burn():\n    while True: pass"
    with opened(burn, f"def f():\n    {body}", limits=SHORT, trust=trust) as session:
        with pytest.raises(CallTimeout, match=said):
            session.call("f", ())
        assert session.spent > 0.6
        assert not session.alive
        with pytest.raises(Died):
            session.call("f", ())


BURN = """def f(seconds):
    while time.process_time() < seconds: pass
    return 1"""


def test_the_time_for_all_of_a_notebook_is_limited_too(trust):
    with pytest.raises(CallTimeout), opened("while True: pass", budget=0.5, trust=trust):
        pass
    calls = 0
    with opened(BURN, "spent = time.process_time()", budget=1.0, trust=trust) as session:
        with pytest.raises(CallTimeout):
            for number in range(1, 20):
                calls += session.call("f", (number * 0.3,)) == 1
        assert 1 <= calls <= 8


def test_a_slow_call_among_many_quick_ones_pays_for_itself_only(trust):
    quick = (
        "def f(n):\n    end = time.process_time() + n\n    while time.process_time() < end: pass"
    )
    with opened(quick, limits=SHORT, budget=30, trust=trust) as session:
        for n in [0.03] * 40 + [0.3]:
            assert session.call("f", (n,)) is None
        assert 1.2 < session.spent < 3


def test_who_works_is_not_asleep(trust, monkeypatch):
    monkeypatch.setattr(sandbox, "_PATIENCE", -0.4)  # 0.3 s of doing nothing would be too much
    with opened(BURN, limits=SHORT, trust=trust) as session:
        assert session.call("f", (0.65,)) == 1


@pytest.mark.parametrize("who", ["worker", "grader"])
def test_who_is_stopped_and_goes_on_loses_nothing(needs_bubblewrap, who):
    late = 2.0  # seconds, more than the limit of a call
    with opened("def f(): return 1", BURN.replace("f(", "g("), limits=SHORT) as session:
        stopped = os.getpid() if who == "grader" else _worker(session)
        script = f"sleep 0.3; kill -STOP {stopped}; sleep {late}; kill -CONT {stopped}"
        with subprocess.Popen(["sh", "-c", script], start_new_session=True):
            for number in range(1, 30):
                assert session.call("g", (session.call("f", ()) * number * 0.02,)) == 1
                time.sleep(0.05)


def _worker(session: Session) -> int:
    """Return the process that runs the student's code: the last of its line."""
    pid = session._pid
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
    return pid


def test_a_reply_that_has_arrived_counts_whatever_it_took(trust, monkeypatch):
    with opened(BURN, limits=SHORT, trust=trust) as session:
        monkeypatch.setattr(session, "_look", lambda: None)  # as if we had been stopped meanwhile
        assert session.call("f", (1.5,)) == 1


def test_arguments_that_nobody_reads_do_not_block(trust, impatient):
    cell = "def f():\n    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGSTOP)).start()"
    with opened(cell, limits=SHORT, trust=trust) as session:
        session.call("f", ())
        pid = session._pid if trust else _worker(session)
        while "T (stopped)" not in Path(f"/proc/{pid}/status").read_text():
            time.sleep(0.02)
        with pytest.raises(CallTimeout):
            session.call("f", (np.zeros(4 * 10**6),))


def test_a_process_that_ends_says_so(trust):
    with opened("def f(): os._exit(0)", "def g(): return 1", trust=trust) as session:
        with pytest.raises(Died):
            session.call("f", ())
        assert not session.alive
    with pytest.raises(Died), opened("os._exit(0)", trust=trust):
        pass
    with pytest.raises(Died):
        result_of("import ctypes\ndef f(): return ctypes.string_at(0)", trust=trust)


def test_an_array_too_large_is_an_error_of_the_student(trust):
    with opened("def f(): return np.ones(2**30)", "def g(): return 1", trust=trust) as session:
        with pytest.raises(StudentError, match="MemoryError"):
            session.call("f", ())
        assert session.call("g", ()) == 1


def test_processes_are_limited(needs_bubblewrap):
    cell = """def f():
        for n in range(100):
            try:
                if os.fork() == 0:
                    time.sleep(60)
            except OSError:
                return n"""
    assert 0 < result_of(cell) < LIMITS.processes


def test_a_fork_bomb_harms_nobody(needs_bubblewrap):
    bomb = """def f(marker):
        while True:
            try:
                if os.fork() == 0:
                    os.execv(sys.executable, [sys.executable, "-c", "while 1: pass", marker])
            except OSError:
                pass"""
    marker = f"bomb-{os.getpid()}-{time.monotonic_ns()}"
    with opened(bomb, limits=SHORT) as bad, opened("def f(): return 1") as good:
        with pytest.raises(CallTimeout):
            bad.call("f", (marker,))
        assert good.call("f", ()) == 1
    assert_gone(marker)


def test_files_are_small_and_few(needs_bubblewrap):
    cell = """def f(folder):
        sizes = []
        for n in range(30):
            try:
                with open(f"{folder}/{n}", "wb") as file:
                    sizes.append(0)
                    for _ in range(20):
                        sizes[-1] += file.write(bytes(10**6))
                        file.flush()
            except OSError:
                pass
        return sizes"""
    for folder in (".", "/tmp"):
        sizes = result_of(cell, folder)
        assert 5e6 < max(sizes) <= 11e6
        assert 30e6 < sum(sizes) < 70e6


def test_the_kernel_would_end_student_code_first(needs_bubblewrap):
    marker = f"score-{os.getpid()}-{time.monotonic_ns()}"
    with opened(DAEMON) as session:
        session.call("f", (marker,))
        for pid in wait_for(marker):
            assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "1000\n"


# Replies that are not to be believed. A student can find the nonce: it keeps no result safe, it
# only keeps one reply from being taken for another.

FORGE = """
def forge(head, rest=b"", end=True):
    frame = sys._getframe()
    while "nonce" not in frame.f_locals:
        frame = frame.f_back
    if isinstance(head, dict):
        head = json.dumps({"nonce": frame.f_locals["nonce"]} | head)
    text = head.encode() if isinstance(head, str) else head
    send(struct.pack("!Q", len(text)) + text + rest)
    time.sleep(60)

def send(data):
    while data:
        data = data[os.write(3, data):]

def npy(descr="'<f8'", shape="(2,)", data=bytes(16), order="False"):
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"
    text = text.ljust(117).encode() + bytes([10])
    return b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(text)) + text + data

def value(file, **head):
    forge({"tuple": False, "sizes": [len(file)]} | head, file)
"""


def test_a_forged_reply_that_is_right_in_form_is_a_result_like_any_other(needs_bubblewrap):
    with opened(FORGE, "def f(): value(npy())") as session:
        np.testing.assert_array_equal(session.call("f", ()), [0.0, 0.0])


@pytest.mark.parametrize(
    "forged",
    [
        # heads
        "send(struct.pack('!Q', 2**62)); time.sleep(60)",
        "send(b'garbage, and more of it' * 1000); time.sleep(60)",
        "forge(b'\\xff\\xfe')",
        "forge('[' * 900_000)",
        "forge('[]')",
        "forge('7')",
        "forge('{}')",
        "forge({'nonce': '0' * 32, 'tuple': False, 'sizes': [None]})",
        "forge({'nonce': None, 'tuple': False, 'sizes': [None]})",
        "forge('{\"a\": ' + '9' * 5000 + '}')",
        "forge({})",
        "forge({'error': 3})",
        "forge({'unfit': ['a']})",
        # sizes
        "forge({'tuple': False, 'sizes': 'ab'})",
        "forge({'tuple': False, 'sizes': []})",
        "forge({'tuple': False, 'sizes': [None, None]})",
        "forge({'sizes': [None]})",
        "forge({'tuple': 1, 'sizes': [None]})",
        "forge({'tuple': True, 'sizes': [-1]})",
        "forge({'tuple': True, 'sizes': [1.5]})",
        "forge({'tuple': True, 'sizes': [True]})",
        "forge({'tuple': True, 'sizes': [2**62]})",
        "forge({'tuple': True, 'sizes': [9 * 10**6] * 2})",
        "forge({'tuple': True, 'sizes': [None] * 50_000})",
        # arrays
        "value(npy(shape='(100000000000,)'))",
        "value(npy(shape='(100000, 1000000, 1)'))",
        "value(npy(shape='(2, 2)'))",
        "value(npy(shape='(1,)'))",
        "value(npy(shape='(-2,)'))",
        "value(npy(shape='(2**1,)'))",
        "value(npy(shape='(0, ' + '9' * 300 + ')', data=b''))",
        "value(npy(shape='(' + '1, ' * 100 + ')', data=bytes(8)))",
        "value(npy(descr=\"'|O'\"))",
        "value(npy(descr=\"'<f3'\"))",
        "value(npy(descr=\"'<i99'\"))",
        "value(npy(descr=\"'<U4'\"))",
        "value(npy(descr=\"[('a', '<f8')]\"))",
        "value(npy(descr=\"'|b1'\", data=bytes([0, 2])))",
        "value(npy(order='True'))",
        "value(b'PK' + npy())",
        "value(__import__('pickle').dumps(1))",
        "value(b'')",
        "value(npy()[:20])",
    ],
)
def test_a_broken_reply_is_not_read(needs_bubblewrap, forged):
    with opened(FORGE, f"def f(): {forged}") as session:
        assert session.loaded.errors == []
        tracemalloc.start()
        with pytest.raises(BadReply):
            session.call("f", ())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 40e6
        if "'error'" not in forged and "'unfit'" not in forged:
            assert not session.alive


def test_a_reply_that_drips_is_cut_off(needs_bubblewrap, impatient):
    cell = """def f():
        send(struct.pack("!Q", 10**5))
        while True:
            send(b" ")
            time.sleep(0.05)"""
    with opened(FORGE, cell, limits=SHORT) as session, pytest.raises(CallTimeout):
        session.call("f", ())


def test_replies_sent_before_the_question_are_worth_nothing(needs_bubblewrap):
    ahead = """def f():
        text = json.dumps({"nonce": "", "tuple": False, "sizes": [None]}).encode()
        send((struct.pack("!Q", len(text)) + text) * 100)"""
    with pytest.raises(BadReply), opened(FORGE, ahead, "f()"):
        pass
    with opened(FORGE, ahead) as session:
        for _ in range(2):
            with pytest.raises((BadReply, Died)):
                session.call("f", ())
            assert not session.alive


def test_a_reply_to_the_last_question_is_none_to_the_next(needs_bubblewrap):
    twice = FORGE.replace("    time.sleep(60)\n", "", 1) + "def f(): value(npy())"
    with opened(twice) as session:
        session.call("f", ())
        with pytest.raises(BadReply):
            session.call("f", ())


@pytest.mark.parametrize(
    "head",
    ["{}", "{'errors': 3, 'output': ''}", "{'errors': [1], 'output': ''}", "{'errors': []}"]
    + ["{'errors': [[1, 2]], 'output': ''}", "{'errors': [], 'output': 7}"]
    + ["{'errors': [[float('inf'), '']], 'output': ''}"],
)
def test_a_forged_account_of_the_cells_is_not_read(needs_bubblewrap, head):
    with pytest.raises(BadReply), opened(FORGE, f"forge({head})"):
        pass


def test_a_long_account_of_the_cells_is_cut(needs_bubblewrap):
    forged = "forge({'errors': [[1, 'e' * 5000]] * 100, 'output': 'o' * 300_000})"
    with opened(FORGE, forged) as session:
        assert len(session.loaded.errors) == 50 and len(session.loaded.output) < 11_000
        assert max(len(text) for _, text in session.loaded.errors) == 1000


# What student code reaches.

READS = """def f(paths):
    read = []
    for path in paths:
        try:
            (os.listdir if os.path.isdir(path) else open)(path)
        except OSError:
            continue
        read.append(path)
    if read: raise ValueError(f"could read {read}")
"""


def test_no_file_of_the_machine_can_be_read(needs_bubblewrap, tmp_path):
    gradebook = tmp_path / "gradebook.db"
    gradebook.write_text("grades")
    home = Path.home() / ".bashrc"
    project = Path(sandbox.__file__)
    paths = [gradebook, tmp_path, project, project.parents[1] / "pooling", Path(__file__), home]
    paths += map(Path, ["/etc/shadow", "/etc/passwd", "/etc/hostname", "/proc", "/sys", "/home"])
    paths += map(Path, ["/dev/kmsg", "/dev/mem", "/dev/shm", "/run", "/var", "/usr/bin"])
    paths += [Path(sys.prefix) / "pyvenv.cfg"]
    result_of(READS, [str(path) for path in paths])
    with pytest.raises(StudentError, match="/worker.py"):  # as a test of the test
        result_of(READS, ["/worker.py"])


WRITES = """def f(folders):
    written = []
    for folder in folders:
        try:
            open(os.path.join(folder, "mine"), "w").close()
        except OSError:
            continue
        written.append(folder)
    if written: raise ValueError(f"could write in {written}")
"""


def installed() -> list[Path]:
    """Folders of packages that lie beside the interpreter."""
    return list(Path(sys.base_prefix).glob("lib/python3*/*-packages"))


def test_no_file_can_be_written_but_in_the_box(needs_bubblewrap):
    folders = ["/", "/dev", "/etc", "/usr", "/usr/lib", sys.base_prefix, "/packages"]
    folders += map(str, installed())
    result_of(WRITES, folders)
    inside = "def f(): return [os.access(p, os.W_OK) for p in (np.__file__, os.__file__, '/')]"
    assert not result_of(inside).any()
    with pytest.raises(StudentError, match=r"could write in \['/box', '/tmp'\]"):
        result_of(WRITES, ["/box", "/tmp"])


def test_nothing_but_python_and_numpy_can_be_imported(trust):
    cell = """import importlib
def f(names, folders):
    found = []
    path = sys.path
    path += folders
    for name in names:
        try:
            importlib.import_module(name)
            found.append(name)
        except ImportError:
            pass
    if found: raise ValueError(f"could import {found}")
"""
    names = ["pooling", "pooling_course", "torch", "pytest", "nbformat", "pip", "IPython"]
    folders = [] if trust else [*sys.path, *map(str, installed())]
    result_of(cell, names, folders, trust=trust)
    with pytest.raises(StudentError, match=r"\['numpy.fft', 'json'\]"):
        result_of(cell, ["numpy.fft", "json"], [], trust=trust)


def test_no_secret_is_in_the_environment(trust, monkeypatch):
    monkeypatch.setenv("CANVAS_TOKEN", "secret")
    known = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PWD", "LC_CTYPE"]
    known += ["__CF_USER_TEXT_ENCODING"]  # macOS sets it
    with (
        opened(
            f"def f(): raise ValueError(sorted(set(os.environ) - set({known})))", trust=trust
        ) as session,
        pytest.raises(StudentError, match=r"ValueError: \[\]"),
    ):
        session.call("f", ())


def test_only_the_channel_is_open(trust):
    cell = """def f():
        is_open = []
        for number in range(64):
            try:
                os.fstat(number)
                is_open.append(number)
            except OSError:
                pass
        return is_open, [os.read(0, 1) == b"", os.isatty(1)]"""
    with open(__file__) as file:
        os.set_inheritable(file.fileno(), True)
        numbers, streams = result_of(cell, trust=trust)
    assert numbers.tolist() == [0, 1, 2, 3] and streams.tolist() == [True, False]


def test_the_network_cannot_be_reached(needs_bubblewrap):
    cell = """def f(port, name):
        reached = []
        for family, address in [(2, ("127.0.0.1", port)), (1, name), (2, ("1.1.1.1", 53))]:
            with socket.socket(family) as s:
                s.settimeout(2)
                try:
                    s.connect(address)
                    reached.append(address)
                except OSError:
                    pass
        if reached: raise ValueError(f"reached {reached}")"""
    name = f"\0box-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as other:
        other.bind(name)
        other.listen()
        port = server.getsockname()[1]
        result_of(cell, port, name)
        with pytest.raises(StudentError, match="reached"):  # as a test of the test
            result_of(cell, port, name, trust=True)


def test_no_other_process_can_be_signaled(needs_bubblewrap):
    cell = """def f(pids):
        for pid in pids:
            try:
                os.kill(pid, 0)
            except OSError:
                continue
            raise ValueError(f"could signal {pid}")"""
    with subprocess.Popen(["sleep", "60"]) as victim, opened("def f(): return 1") as other:
        result_of(cell, [victim.pid, os.getpid()])
        for call in ("os.kill(-1, 9)", "os.kill(1, 9)", "os.killpg(0, 9)"):
            with pytest.raises((Died, StudentError)):
                result_of(f"def f():\n    {call}\n    os._exit(0)")
        assert victim.poll() is None and other.call("f", ()) == 1
        victim.kill()


def test_no_right_is_left(needs_bubblewrap):
    cell = """import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def f():
    got = []
    for name, arguments in {
        "setuid": (0,), "setgroups": ([0],), "chroot": (".",), "nice": (-5,),
        "mknod": ("device", 0o60600, os.makedev(8, 0)),
    }.items():
        try:
            getattr(os, name)(*arguments)
            got.append(name)
        except OSError:
            pass
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
        got.append("mount")
    if libc.prctl(39, 0, 0, 0, 0) != 1:
        got.append("new privileges")
    if os.getuid() == 0 or 0 in os.getgroups():
        got.append("root")
    if got: raise ValueError(f"could {got}")
"""
    result_of(cell)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_each_session_has_a_user_of_its_own(needs_bubblewrap):
    cell = "def f(): return os.getuid(), os.getgid()"
    users = {int(number) for _ in range(3) for number in result_of(cell)}
    assert len(users) == 3


DAEMON = """def f(marker):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(99)", marker])
        os._exit(0)
"""


@pytest.mark.parametrize("end", ["close", "timeout", "died"])
def test_nothing_is_left_running(needs_bubblewrap, impatient, end):
    marker = f"daemon-{os.getpid()}-{time.monotonic_ns()}"
    ends = "def g(died):\n    if died: os._exit(1)\n    time.sleep(60)"
    with opened(DAEMON, ends, limits=SHORT) as session:
        session.call("f", (marker,))
        wait_for(marker)
        if end != "close":
            with pytest.raises((CallTimeout, Died)):
                session.call("g", (end == "died",))
            assert_gone(marker)
    assert_gone(marker)


def test_nothing_is_left_running_if_the_grader_is_killed(needs_bubblewrap):
    marker = f"orphan-{os.getpid()}-{time.monotonic_ns()}"
    script = f"""
import time
from pooling_class.course import Limits
from pooling_class.sandbox import Session
with Session([{IMPORTS!r}, {DAEMON!r}], Limits()) as session:
    session.call("f", ({marker!r},))
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], start_new_session=True) as grader:
        try:
            deadline = time.monotonic() + 20
            while not set(marked(marker)) - {grader.pid}:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            grader.send_signal(signal.SIGKILL)
    assert_gone(marker)


def test_nothing_is_left_to_reap(needs_bubblewrap):
    script = f"""
import ctypes, os
from pooling_class.course import Limits
from pooling_class import sandbox
from pooling_class.sandbox import CallTimeout, Session
if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0):  # whose parent has ended is this process's child now
    raise SystemExit("no reaper")
limits = Limits(call=0.3)
sandbox._PATIENCE = 0.5
for call in ("pass", "time.sleep(60)", "os.fork()"):
    try:
        with Session([{IMPORTS!r}, "def f(): " + call], limits) as session:
            session.call("f", ())
    except CallTimeout:
        pass
try:
    raise SystemExit(f"{{os.waitpid(-1, os.WNOHANG)}} was left")
except ChildProcessError:
    pass
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_one_session_leaves_nothing_to_the_next(needs_bubblewrap):
    own = """for name in ("numpy.py", "/tmp/numpy.py", "json.py"):
    with open(name, "w") as file: file.write("raise SystemExit")
import numpy, importlib
def f(): return hasattr(numpy, "ndarray"), not hasattr(importlib.reload(json), "x")"""
    assert all(result_of(own))
    paths = ["numpy.py", "json.py", "/tmp/numpy.py"]
    assert not any(result_of("def f(paths): return [os.path.exists(p) for p in paths]", paths))


# What a student does to the worker changes the student's results only.


@pytest.mark.parametrize(
    "cell",
    [
        "np.asarray = np.array = lambda *a, **k: 1 / 0",
        "np.lib.format.write_array = lambda *a, **k: os._exit(1)",
        "json.dumps = lambda *a: 'nonsense'",
        "import pickle; pickle.loads = lambda data: ('', 'call', 'f', ())",
        "import builtins; del builtins.isinstance",
        "os.read = lambda *a: b''",
        "os.closerange(0, 10)",
        "os.write(3, b'x')",
        "sys.stdout = sys.stderr = None",
        "sys.modules.clear()",
        "sys.settrace(lambda *a: 1 / 0)",
        "sys.setrecursionlimit(40)",
        "gc.set_threshold(1); [setattr(o, 'kept', None) for o in gc.get_objects() if 0]",
        "signal.alarm(1); time.sleep(2)",
        "threading.Thread(target=lambda: os.write(3, b'x' * 10**5)).start(); time.sleep(0.1)",
        "class E(np.ndarray):\n    __eq__ = lambda *a: True\ndef f(): return np.ones(2).view(E)",
        "class E(float):\n    __eq__ = lambda *a: True\ndef f(): return E(1)",
    ],
)
def test_changing_the_worker_gains_nothing(needs_bubblewrap, cell):
    try:
        got = None
        with opened("def f(): return 1", cell, limits=SHORT) as session:
            got = session.call("f", ())
    except (BadReply, CallTimeout, Died, StudentError):
        pass
    assert got is None or (type(got) is np.ndarray and (got == 1).all() and (got != 2).all())
    assert result_of("def f(): return 2") == 2


def test_a_debugger_or_a_trace_does_no_harm(trust):
    cells = ["sys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)", "def f(): return 1"]
    with opened(*cells, trust=trust) as session:
        assert session.call("f", ()) == 1


# How it starts.


def test_sessions_run_in_parallel(trust):
    def one(number: int) -> int:
        return int(result_of(f"def f(x): return x + {number}", number, trust=trust))

    before = threading.active_count()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(12))) == [2 * n for n in range(12)]
    assert threading.active_count() == before


def test_a_session_leaves_nothing_open(trust):
    def kept() -> tuple[int, set[int]]:
        children = {child.pid for child in psutil.Process().children()}
        return len(os.listdir("/proc/self/fd")), children

    result_of("def f(): pass", trust=trust)
    before = kept()
    for _ in range(3):
        result_of("def f(): pass", trust=trust)
        with pytest.raises(Died):
            result_of("def f(): os._exit(0)", trust=trust)
    assert kept() == before


def test_without_bubblewrap_nothing_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox._try.cache_clear()
    for start in (sandbox.kind, Session([], LIMITS).__enter__):
        with pytest.raises(sandbox.SandboxUnavailable, match="apt-get install bubblewrap"):
            start()
    assert sandbox.kind(trust=True) == "none: submissions trusted"


def test_a_bubblewrap_that_cannot_work_says_why(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to make namespaces' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    bubblewrap._mounts.cache_clear()
    sandbox._try.cache_clear()
    with pytest.raises(sandbox.SandboxUnavailable) as raised:
        sandbox.kind()
    assert "No permissions to make namespaces" in str(raised.value)
    assert "--trust-submissions" in str(raised.value)


def test_there_is_a_sandbox_on_linux_only(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(sandbox.SandboxUnavailable, match="no sandbox on darwin"):
        bubblewrap.command([])
