"""Files, written whole or not at all."""

import os
from pathlib import Path


def write(path: Path, data: bytes, time: float | None = None) -> None:
    """Write a file whole or not at all, and its folder if there is none.

    Parameters
    ----------
    path : Path
        What is there before is replaced.
    data : bytes
        What it will hold.
    time : float, optional
        Its time of modification, in seconds since 1970; now unless given.
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
