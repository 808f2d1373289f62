"""Runs the cells of one notebook inside the sandbox and calls its functions: see `sandbox`.

It stands alone: only Python's own library and NumPy are there, and nothing in here is a secret.
The code of a student can change all of it, and by that harm its own results only: what is
expected is never known in here, and `sandbox` takes no byte on trust.
"""

import importlib.util
import io
import json
import os
import pickle
import resource
import struct
import sys
import types

OUTPUT = 10_000  # bytes of what cells print that are kept
TEXT = 1_000  # characters of an error's text
ERRORS = 50  # cells of which the error is told
REPLY = 10_000_000  # bytes of a result


class _Head(io.RawIOBase):
    """A stream that keeps the first bytes and counts the others."""

    def __init__(self):
        self.kept = bytearray()
        self.dropped = 0

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data) -> int:
        """Keep what there is room for."""
        size = memoryview(data).nbytes
        room = min(OUTPUT - len(self.kept), size)
        self.kept += memoryview(data).cast("B")[:room]
        self.dropped += size - room
        return size

    def text(self) -> str:
        """Return what was kept, and how much was not."""
        more = f"\n[{self.dropped} bytes more]" if self.dropped else ""
        return self.kept.decode("utf-8", "replace") + more


class _Shell:
    """What is left of IPython: magics do nothing, those that only measure run their cell."""

    def __init__(self, namespace: dict):
        self.namespace = namespace
        self.cell = 0

    def run_cell(self, source: str) -> None:
        """Run one cell's code."""
        code = compile(source, f"<cell {self.cell}>", "exec", dont_inherit=True)
        exec(code, self.namespace)

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        """Run the cell below ``%%time`` and the like."""
        if name in ("time", "timeit", "capture", "prun"):
            self.run_cell("\n" + body)  # below the line of the magic

    def run_line_magic(self, *args, **kwargs) -> None:
        """Do nothing."""

    system = run_line_magic

    def getoutput(self, *args, **kwargs) -> list[str]:
        """Return no lines."""
        return []


def describe(error: BaseException) -> str:
    """Return the kind, text and line of an error that student code raised."""
    try:
        text = ": ".join(filter(None, (type(error).__name__, str(error))))
        place, step = "", error.__traceback__
        while step and not isinstance(error, SyntaxError):  # which tells its line itself
            name = step.tb_frame.f_code.co_filename
            if name.startswith("<cell "):
                place = f" ({name}, line {step.tb_lineno})"
            step = step.tb_next
    except BaseException:
        return "an error that cannot be shown"
    room = TEXT - len(place)
    return (text if len(text) <= room else text[: room - 3] + "...") + place


def load(shell: _Shell, cells: list[str], printed: _Head) -> dict:
    """Run each cell on its own: one that fails keeps no other from running."""
    errors = []
    for number, source in enumerate(cells, 1):
        shell.cell = number
        try:
            shell.run_cell(source)
        except BaseException as error:
            errors.append((number, describe(error)))
    try:
        sys.stdout.flush()
    except BaseException as error:
        errors.append((shell.cell, describe(error)))
    return {"errors": errors[:ERRORS], "output": printed.text()}


def call(namespace: dict, name: str, arguments: tuple) -> tuple[dict, list[bytes]]:
    """Call a function: the head of the reply, and its arrays as .npy files."""
    if name not in namespace:
        return {"error": f"NameError: there is no function {name}"}, []
    try:
        value = namespace[name](*arguments)
        several = isinstance(value, tuple)
        parts = [pack(part) for part in (value if several else (value,))]
    except Unfit as error:
        return {"unfit": str(error)}, []
    except BaseException as error:
        return {"error": describe(error)}, []
    sizes = [None if part is None else len(part) for part in parts]
    if sum(filter(None, sizes)) > REPLY:
        return {"unfit": f"returned more than {REPLY} bytes"}, []
    return {"tuple": several, "sizes": sizes}, [part for part in parts if part is not None]


class Unfit(Exception):
    """A value that is no array of numbers."""


def pack(value) -> bytes | None:
    """Return a value as a .npy file, or None if there is none."""
    import numpy as np

    if value is None or value is ...:
        return None
    array = None
    if isinstance(value, list | tuple | bool | int | float | complex | np.ndarray | np.generic):
        try:
            array = np.asarray(value)
        except ValueError:  # lists of different lengths
            raise Unfit("returned a list that is no array: its rows differ in length") from None
    if array is None or array.dtype.kind not in "biufc":
        what = type(value).__name__ + (f" of {array.dtype}" if array is not None else "")
        raise Unfit(f"returned a {what}: an array of numbers is expected")
    if array.nbytes > REPLY:
        raise Unfit(f"returned {array.nbytes} bytes: at most {REPLY} are allowed")
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array(array, order="C"), (1, 0), allow_pickle=False)
    return file.getvalue()


def limit(memory: int, processes: int, seconds: int) -> None:
    """Set what this process and its children may use, for good."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 10_000_000,
        resource.RLIMIT_NOFILE: 64,
    }
    if processes:  # counted for all processes of a user
        limits[resource.RLIMIT_NPROC] = processes
    for what, value in limits.items():
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(what, (value, value))
        except (OSError, ValueError):
            if sys.platform == "linux":  # elsewhere some cannot be set
                raise


def import_numpy(folder: str) -> None:
    """Import NumPy from its folder, and nothing else that lies beside it."""
    spec = importlib.util.spec_from_file_location("numpy", os.path.join(folder, "__init__.py"))
    sys.modules["numpy"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["numpy"])


def read(channel: int, size: int) -> bytes:
    """Read some bytes, or leave if the other side has gone."""
    data = bytearray()
    while len(data) < size:
        piece = os.read(channel, min(size - len(data), 1 << 20))
        if not piece:
            os._exit(0)
        data += piece
    return bytes(data)


def write(channel: int, data: bytes) -> None:
    """Write all of some bytes."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(channel, rest) :]


def take_streams() -> tuple[int, _Head]:
    """Return the channel that stdin was, and what gets what cells print; close all else."""
    channel = os.dup(0)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)
    printed = _Head()
    sys.stdout = sys.stderr = io.TextIOWrapper(printed, "utf-8", "backslashreplace")
    return channel, printed


def main() -> None:
    """Answer one request after the other."""
    folder, *limits = sys.argv[1:]
    limit(*map(int, limits))
    import_numpy(folder)
    student = sys.modules["__main__"] = types.ModuleType("__main__")
    shell = _Shell(student.__dict__)
    student.get_ipython, student.display = lambda: shell, print
    sys.argv = [""]
    channel, printed = take_streams()
    while True:
        (size,) = struct.unpack("!Q", read(channel, 8))
        nonce, command, *values = pickle.loads(read(channel, size))
        head, parts = {}, []
        if command == "load":
            head = load(shell, *values, printed)
        elif command == "has":
            head = {"has": callable(shell.namespace.get(*values))}
        elif command == "call":
            head, parts = call(shell.namespace, *values)
        text = json.dumps(head | {"nonce": nonce}).encode()
        write(channel, struct.pack("!Q", len(text)) + text + b"".join(parts))


if __name__ == "__main__":
    main()
