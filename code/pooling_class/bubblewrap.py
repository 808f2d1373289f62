"""The command that starts `worker` under bubblewrap, from whatever Python this one is."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from pooling_class import worker

THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
ADVICE = (
    "Install bubblewrap (apt-get install bubblewrap) on a Linux machine that lets you make "
    "namespaces, or give --trust-submissions to run them without a sandbox."
)

_BOX = 50_000_000  # bytes of files that student code may keep
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_LINKER = ("/etc/ld.so.cache", "/etc/alternatives")  # tell where libraries lie
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


class SandboxUnavailable(RuntimeError):
    """There is no sandbox on this machine, or it does not start."""


def command(arguments: Iterable[str]) -> list[str]:
    """Return the command of a worker that sees Python, NumPy and nothing else.

    Parameters
    ----------
    arguments : iterable of str
        Of the worker, after the folder of NumPy.

    Raises
    ------
    SandboxUnavailable
        If a program is missing.
    """
    if sys.platform != "linux":
        raise SandboxUnavailable(f"there is no sandbox on {sys.platform}. {ADVICE}")
    options = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    options += ["--die-with-parent", "--new-session"]
    drop: list[str] = []
    if os.geteuid() == 0:
        # A user id that nothing else runs under: the limit on processes counts this session alone.
        user = str(2**30 + secrets.randbelow(2**30))
        drop = ["/setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
        drop += ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    else:
        options += ["--unshare-user", "--uid", "65534", "--gid", "65534", *_no_more_users()]
    # Should memory run out, the kernel is to end what is in here first.
    start = [_program("choom"), "-n", "1000", "--", _program("bwrap")]
    run = [str(_python()), "-I", "-S", "/worker.py", str(_inside() / "numpy")]
    return [*start, *options, *_mounts(), "--chdir", "/box", "--", *drop, *run, *arguments]


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise SandboxUnavailable(f"there is no program {name}. {ADVICE}")
    return path


@cache
def _no_more_users() -> tuple[str, ...]:
    """Return the option that no further user namespace can be made, if bubblewrap knows it."""
    said = subprocess.run([_program("bwrap"), "--help"], capture_output=True, text=True).stdout
    return tuple({"--disable-userns"} & set(said.split()))


def _python() -> Path:
    """Return the interpreter itself, not that of a virtual environment."""
    return Path(sys._base_executable).resolve()


def _base() -> Path:
    """Return the folder that holds the interpreter's libraries."""
    return Path(sys.base_prefix).resolve()


def _numpy() -> Path:
    """Return the folder that holds NumPy."""
    return Path(np.__file__).resolve().parents[1]


def _inside() -> Path:
    """Return that folder in the sandbox: the same if NumPy may find its libraries from there."""
    return _numpy() if _numpy().is_relative_to(_base()) else Path("/packages")


@cache
def _mounts() -> tuple[str, ...]:
    """Return the options that make up what can be seen: all but two folders is read-only."""
    own = [_base() / "lib", _base() / sys.platlibdir]
    libraries = list(dict.fromkeys([*own, *map(Path, _SYSTEM)]))
    binds = {path: path for path in libraries if path.is_dir() and not path.is_symlink()}
    masks = sorted({mask for path in binds for mask in _packages(path)})
    binds |= {path: path for path in map(Path, _LINKER) if path.exists()}
    binds |= {_python(): _python(), Path("/worker.py"): Path(worker.__file__).resolve()}
    if os.geteuid() == 0:
        binds[Path("/setpriv")] = Path(_program("setpriv"))

    options = []
    for folder in ("/box", "/tmp"):  # first: what follows may lie below
        options += ["--perms", "1777", "--size", _BOX, "--tmpfs", folder]
    for folder in _parents([*binds, _inside() / "numpy", Path("/dev/null")]):
        options += ["--perms", "0755", "--dir", folder]  # or else for root only
    for path in filter(Path.is_symlink, libraries):
        options += ["--symlink", os.readlink(path), path]
    for target, source in binds.items():
        options += ["--ro-bind", source, target]
    for mask in masks:
        options += ["--perms", "0755", "--tmpfs", mask]
    for name in ("numpy", "numpy.libs"):
        options += ["--ro-bind-try", _numpy() / name, _inside() / name]
    for device in _DEVICES:
        options += ["--dev-bind", device, device]
    for folder in (*masks, "/"):
        options += ["--remount-ro", folder]
    return tuple(map(str, options))


def _packages(library: Path) -> Iterator[Path]:
    """Yield the folders of installed packages below a folder of libraries."""
    for name in ("site-packages", "dist-packages"):
        yield from (path.resolve() for path in library.glob(f"python3*/{name}") if path.is_dir())


def _parents(paths: Iterable[Path]) -> list[Path]:
    """Return the folders above some paths, those further up first, without the root."""
    folders = {folder for path in paths for folder in path.parents}
    return sorted(folders - {Path("/")})
