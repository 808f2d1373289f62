"""Files that students handed in, read with care."""

import hashlib
from pathlib import Path

LARGEST = 10_000_000  # bytes of a notebook, pictures included


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
