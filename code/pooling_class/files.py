"""Files of a course: written whole or not at all, and read with care."""

import hashlib
import os
from pathlib import Path

LARGEST = 10_000_000  # bytes of a notebook, pictures included


def write(path: Path, data: bytes, time: float | None = None) -> None:
    """Write a file whole or not at all, and its folder if there is none.

    Parameters
    ----------
    path : Path
        What is there before is replaced.
    data : bytes
        What it will hold.
    time : float, optional
        Its time of modification, now unless given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(data)
        if time is not None:
            os.utime(part, (time, time))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> bytes:
    """Return what a student handed in; what is no file, too large or a link counts as empty."""
    linked = any(place.is_symlink() for place in (path, *path.parents[:2]))
    if linked or not path.is_file() or path.stat().st_size > LARGEST:
        return b""
    return path.read_bytes()


def digest(data: bytes) -> str:
    """Return what tells one file from another.

    Examples
    --------
    >>> digest(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()
