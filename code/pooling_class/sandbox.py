"""Student code in a process of its own, which sees nothing, reaches nothing and is not believed.

`Session` starts `worker` under bubblewrap: no network, no other process, no file but Python's own
library and NumPy, a user of its own, limits on time, memory, processes and files. What is
expected stays on this side. Requests are pickled, which is safe towards the sandbox; replies are
a short JSON head and .npy files, each checked before it is read, and never pickled.
"""

import json
import math
import os
import re
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from pickle import dumps

import numpy as np

from pooling_class import worker
from pooling_class.bubblewrap import ADVICE, THREADS, SandboxUnavailable, command
from pooling_class.course import Limits
from pooling_class.meter import usage

Value = np.ndarray | None | tuple[np.ndarray | None, ...]

_START = 60.0  # seconds of processor time in which the worker must have started
_POLL = 0.1  # seconds between two looks at what a process uses
_PATIENCE = 10.0  # seconds that a process may do nothing at all beyond its processor time
_STRETCH = 20  # times the limit, times the load of the machine: the clock's own limit
_HEAD = 1_000_000  # bytes
_NPY = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<>|][biufc]\d{1,2})', 'fortran_order': False, "
    rb"'shape': \(([\d, ]{0,400})\), \} *\n",
    re.DOTALL,
)


class StudentError(Exception):
    """A call raised: the text is that of the error, with its line."""


class CallTimeout(Exception):
    """A call used too much processor time, or did nothing for too long: the text says which."""


class Died(Exception):
    """The process ended before it answered."""


class BadReply(Exception):
    """What came back is no array of numbers."""


@dataclass(frozen=True)
class Loaded:
    """What running the cells gave.

    Attributes
    ----------
    errors : list of tuple of int and str
        Cells that failed, counted from 1, with error and line.
    output : str
        The first 10 kB of what the cells printed.
    """

    errors: list[tuple[int, str]]
    output: str


def kind(trust: bool = False) -> str:
    """Return what keeps student code apart here.

    Parameters
    ----------
    trust : bool
        Whether submissions may run without a sandbox.

    Returns
    -------
    str
        ``"bubblewrap"``, tried once, or ``"none: submissions trusted"``.

    Raises
    ------
    SandboxUnavailable
        If there is none that works.

    Examples
    --------
    >>> kind(trust=True)
    'none: submissions trusted'
    """
    if trust:
        return "none: submissions trusted"
    _try()
    return "bubblewrap"


class Session:
    """One notebook in one process; a context manager.

    A `CallTimeout`, a `Died` and a reply that is broken end the session: `alive` is False then.
    Use it in the thread that opened it: bubblewrap ends with its parent, and that is a thread.

    Parameters
    ----------
    cells : sequence of str
        Plain Python (magics already made calls of ``get_ipython()``), each run on its own.
    limits : Limits
        What the code may use.
    trust : bool
        Run it without a sandbox.
    budget : float, optional
        Seconds of processor time for the cells and all calls, ``limits.total`` by default.
        Starting the process does not count.

    Attributes
    ----------
    loaded : Loaded
        What running the cells gave.
    alive : bool
        Whether calls can be made.
    spent : float
        Seconds of processor time that the cells and calls have used so far.

    Raises
    ------
    SandboxUnavailable
        On entry, if the process does not start.
    CallTimeout, Died, BadReply
        On entry, if running the cells ended it.

    Examples
    --------
    >>> cells = ["import numpy as np", "def double(x):\\n    return 2 * np.asarray(x)"]
    >>> with Session(cells, Limits(), trust=True) as session:
    ...     session.loaded.errors, session.call("double", ([1, 2],))
    ([], array([2, 4]))
    """

    loaded: Loaded

    def __init__(
        self,
        cells: Sequence[str],
        limits: Limits,
        *,
        trust: bool = False,
        budget: float | None = None,
    ):
        self.cells, self.limits, self.trust = list(cells), limits, trust
        self.budget = limits.total if budget is None else budget
        self.alive = False
        self.spent = self._asleep = 0.0
        self._end, self._limit = _START, math.inf
        self._stack = ExitStack()

    def __enter__(self):
        """Start the process and run the cells."""
        try:
            self._start()
            self._look()
            self.spent, self._end = 0.0, self.budget
            self.loaded = _loaded(self._ask(self.budget, "load", self.cells))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc_info):
        """End all that runs."""
        self.close()

    def close(self) -> None:
        """End all that runs."""
        self.alive = False
        self._stack.close()

    def has(self, name: str) -> bool:
        """Return whether the cells left something of this name that can be called."""
        return self._ask(self.limits.call, "has", name).get("has") is True

    def call(self, function: str, arguments: tuple) -> Value:
        """Call a function of the notebook with copies of the arguments.

        Parameters
        ----------
        function : str
            Its name.
        arguments : tuple
            What can be pickled, of Python and NumPy only.

        Returns
        -------
        ndarray, None, or tuple of these
            A number is an array without axes, a list an array, and ``...`` is None.

        Raises
        ------
        StudentError
            If the call raised.
        BadReply
            If it returned anything else, or more than 10 MB; or if the reply is broken.
        CallTimeout, Died
            If there was no answer in time, or none will come.
        """
        head = self._ask(self.limits.call, "call", function, tuple(arguments))
        for name, error in (("error", StudentError), ("unfit", BadReply)):
            if name in head:
                raise error(_text(head[name], worker.TEXT))
        with self._closing_if_broken():
            sizes = _sizes(head)
            parts = tuple(None if size is None else _array(self._receive(size)) for size in sizes)
        return parts if head["tuple"] else parts[0]

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._socket = self._stack.enter_context(ours)
        self._socket.setblocking(False)
        folder = "/"  # where bubblewrap starts; it goes to a folder of its own
        if self.trust:
            temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            folder = self._stack.enter_context(temporary)
        with theirs:
            process = subprocess.Popen(
                _plain(self.limits) if self.trust else command(_numbers(self.limits)),
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=THREADS,
                start_new_session=True,
            )
        self._stack.callback(_kill if self.trust else _kill_box, process)
        self._pid, self._used, self._looked = process.pid, 0.0, time.monotonic()
        self.alive = True
        with process.stderr as errors:
            try:
                self._ask(_START, "start")
            except (CallTimeout, Died, BadReply) as error:
                said = _text(errors.read(2000).decode("utf-8", "replace").strip(), 2000)
                raise SandboxUnavailable(
                    f"the sandbox does not start: {said or error}\n{ADVICE}"
                ) from None

    def _ask(self, seconds: float, *request) -> dict:
        """Send a request and return the head of its reply."""
        if not self.alive:
            raise Died("the session is over")
        nonce = secrets.token_hex(16)
        data = dumps((nonce, *request))
        self._look()  # what was used before is not this request's
        if self._asleep > self._limit:  # more than a call may use, and it came back all the same
            self.spent += self._asleep
        self._limit = max(0.0, min(seconds, self._end - self.spent))
        self._most = self.spent + self._limit
        self._asleep, self._began = 0.0, time.monotonic()
        with self._closing_if_broken():
            self._send(struct.pack("!Q", len(data)) + data)
            (size,) = struct.unpack("!Q", self._receive(8))
            if size > _HEAD:
                raise BadReply("a reply that is too long")
            return _head(self._receive(size), nonce)

    @contextmanager
    def _closing_if_broken(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            self.close()
            raise CallTimeout(str(error)) from None
        except OSError:
            self.close()
            raise Died("the process ended before it answered") from None
        except BaseException:
            self.close()
            raise

    def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._wait(select.POLLOUT)
            rest = rest[self._socket.send(rest) :]

    def _receive(self, size: int) -> bytearray:
        data = bytearray()
        while len(data) < size:
            self._wait(select.POLLIN, dripping=len(data) > 0)
            piece = self._socket.recv(min(size - len(data), 1 << 20))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    def _wait(self, event: int, dripping: bool = False) -> None:
        """Wait until the socket can be used; raise TimeoutError when the worker used too much.

        What has arrived counts, whatever it took: only of a reply that comes piece by piece is
        asked meanwhile what it takes.
        """
        poller = select.poll()
        poller.register(self._socket, event)
        while True:
            ready = poller.poll(1000 * _POLL)
            if not ready or (dripping and time.monotonic() - self._looked > _POLL):
                self._look()
                self._stop_if_too_much()
            if ready:
                return

    def _look(self) -> None:
        """Add up what the worker has used, and how long it did nothing at all."""
        now, (used, awake) = time.monotonic(), usage(self._pid)
        self.spent += max(0.0, used - self._used)
        self._used = max(used, self._used)
        if not awake:  # no more than the time between two looks: it may have worked meanwhile
            self._asleep += min(now - self._looked, 2 * _POLL)
        self._looked = now

    def _stop_if_too_much(self) -> None:
        """Raise TimeoutError if the worker used too much of anything."""
        clock = self._looked - self._began
        load = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        if self.spent >= self._most:
            raise TimeoutError(f"it took more than {self._limit:.3g} s of processor time")
        if self._asleep > self._limit + _PATIENCE:
            self.spent += self._asleep
            raise TimeoutError(f"it did nothing for {self._asleep:.3g} s")
        if clock > _STRETCH * load * self._limit + _PATIENCE:
            raise TimeoutError(f"it gave no answer within {clock:.3g} s")


def _kill(process: subprocess.Popen) -> None:
    """End a process and its group."""
    if process.returncode is None:  # not reaped yet: the number is still its own
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _kill_box(process: subprocess.Popen) -> None:
    """End the first process in the box, and by that all in there; bubblewrap reaps it and ends.

    If bubblewrap itself is ended, the box ends too, but nobody may be there to reap it.
    """
    with suppress(OSError, subprocess.TimeoutExpired):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        process.wait(5 if children else 0)
    _kill(process)


def _head(data: bytes, nonce: str) -> dict:
    """Return the head of a reply, if it answers the request of this nonce."""
    try:
        head = json.loads(data)
    except (ValueError, RecursionError):
        raise BadReply("a reply that is no JSON") from None
    if not isinstance(head, dict) or head.get("nonce") != nonce:
        raise BadReply("a reply to no request")
    return head


def _sizes(head: dict) -> list[int | None]:
    """Return the checked sizes of the arrays that follow."""
    sizes, several = head.get("sizes"), head.get("tuple")
    if not isinstance(sizes, list) or len(sizes) > 1000 or not isinstance(several, bool):
        raise BadReply("a reply without sizes")
    if not several and len(sizes) != 1:
        raise BadReply("a reply without a value")
    if not all(size is None or (type(size) is int and size >= 0) for size in sizes):
        raise BadReply("a reply whose sizes are not numbers")
    if sum(filter(None, sizes)) > worker.REPLY:
        raise BadReply("a reply of more than 10 MB")
    return sizes


def _array(data: bytearray) -> np.ndarray:
    """Read a .npy file of numbers, as far as it is one."""
    match = _NPY.match(data)
    if not match:
        raise BadReply("a reply that is no array of numbers")
    try:
        dtype = np.dtype(match[1].decode())
        shape = tuple(map(int, re.findall(rb"\d+", match[2])))
        rest = data[match.end() :]
        if math.prod(shape) * dtype.itemsize != len(rest):
            raise BadReply("a reply with a forged header")
        if dtype.kind == "b" and np.frombuffer(rest, np.uint8).max(initial=0) > 1:
            raise BadReply("a reply with forged booleans")
        return np.ndarray(shape, dtype, rest)
    except (TypeError, ValueError, OverflowError):
        raise BadReply("a reply that is no array of numbers") from None


def _loaded(head: dict) -> Loaded:
    """Return what loading gave, if it is of the form."""
    try:
        errors = [(int(number), _text(text, worker.TEXT)) for number, text in head["errors"]]
        return Loaded(errors[: worker.ERRORS], _text(head["output"], worker.OUTPUT + 50))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadReply("a reply that tells nothing of the cells") from None


def _text(text: str, most: int) -> str:
    """Return a text of the sandbox that can be stored and shown."""
    if not isinstance(text, str):
        raise BadReply("a reply with something else in place of a text")
    shown = (c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return "".join(islice(shown, most))


@cache
def _try() -> None:
    """Start a sandbox once, so that one that cannot start is found before a batch begins."""
    with Session([], Limits()):
        pass


def _plain(limits: Limits) -> list[str]:
    """Return the command of a worker that nothing keeps apart."""
    numpy = str(Path(np.__file__).parent)
    memory, _, seconds = _numbers(limits)
    # No limit on processes: the system would count all those of the user who grades.
    return [sys.executable, "-I", "-S", worker.__file__, numpy, memory, "0", seconds]


def _numbers(limits: Limits) -> list[str]:
    """Return the limits as the worker takes them."""
    seconds = 2 * math.ceil(limits.total) + 10  # of each process: this side counts them all, first
    return [str(n) for n in (int(limits.memory * 2**30), limits.processes, seconds)]
