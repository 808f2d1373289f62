"""What students handed in, from a learning platform's download into the course folder.

Layouts of the downloads, as the platforms' sources write them (looked up, not guessed):

canvas
    ``doejane_12345_678910_conv2d-1.ipynb`` and ``doejane_LATE_12345_...``: name, user, upload;
    ``anon_AbC12_678910_...`` if graded anonymously (canvas-lms, ``lib/content_zipper.rb``). The
    files have the time of the download; which of two uploads is newer says the upload's number.
moodle
    ``Jane Doe_1234_assignsubmission_file_/conv2d.ipynb``, or flat
    ``Jane Doe_1234_assignsubmission_file_conv2d.ipynb``; "Participant" or its translation for a
    name if graded anonymously (moodle, ``mod/assign/classes/downloader.php``). Moodle numbers a
    student anew for each assignment: if the class list ``roster.csv`` has the e-mail address and
    the full name of exactly one such student, the id of that row is taken, else the number.
ilias
    ``Doe_Jane_jdoe_345/conv2d.ipynb``, in folders of any name: last name, first name, login,
    user (ILIAS, ``class.ilExSubmission.php``). The login is the student. Not tried with a real
    ILIAS.
plain
    ``<student>/conv2d.ipynb`` or nbgrader's ``<student>/<assignment>/conv2d.ipynb``.

The path of a file in an archive decides whose it is, never where it is written.
"""

import csv
import io
import json
import os
import re
import stat
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pooling_class import gradebook
from pooling_class.course import Course, CourseError, check_name
from pooling_class.export import text_cell
from pooling_class.files import digest
from pooling_course.files import write

LAYOUTS = ("canvas", "moodle", "ilias", "plain")
STATUSES = ("new", "newer", "same", "older", "refused", "unrecognized")

FILE_BYTES = 10_000_000
ARCHIVE_ENTRIES, ARCHIVE_BYTES = 100_000, 10_000_000_000
HANDED_IN_ENTRIES, HANDED_IN_BYTES = 1_000, 100_000_000  # a zip that a student handed in

_CANVAS = (
    re.compile(r"(?P<late>LATE_)?anon_(?P<id>[^_]+)_(?P<upload>\d+)_(?P<file>.+)"),
    re.compile(r"(?P<name>.+?)_(?P<late>LATE_)?(?P<id>\d+)_(?P<upload>\d+)_(?P<file>.+)"),
)
_MOODLE = re.compile(r"(?P<name>[^_]*)_(?P<id>\d+)_assignsubmission_file(?:_(?P<file>.*))?")
_ILIAS = re.compile(r"(?P<last>[^_]+)_(?P<first>[^_]+)_(?P<id>.+)_(?P<user>\d+)")
_JUNK = {"__MACOSX", ".DS_Store", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini", "timestamp.txt"}
_ENDING = re.compile(r"\.ipynb(?:\.txt|\.json)?$|\.json$|\.txt$")


@dataclass(frozen=True)
class Collected:
    """What became of one file.

    Attributes
    ----------
    student, exercise : str
        Whose, and of what; empty if not known.
    path : str
        Where it lay in the archive.
    status : str
        ``new``: there was none before; ``newer``: it took an older one's place; ``same``: it was
        there already; ``older``: a newer one counts; ``refused``: it cannot be taken;
        ``unrecognized``: nobody's, or of no exercise of the assignment.
    reason : str
        Why, if the status does not say it.
    """

    student: str
    exercise: str
    path: str
    status: str
    reason: str = ""


class _RefusedError(Exception):
    """A file that is not taken, and why."""


@dataclass(frozen=True)
class _Entry:
    """A file of an archive; `fault` says why it must not be read."""

    path: str
    time: float
    read: Callable[[], bytes]
    fault: str = ""

    @property
    def parts(self) -> list[str]:
        return self.path.split("/")


@dataclass(frozen=True)
class _Owner:
    """Whose a file is, by its path, and the file's name without what the platform added."""

    student: str
    file: str
    name: str = ""
    late: bool = False
    upload: int = 0
    known_by: tuple[str, ...] = ()  # one student, one of these


@dataclass(frozen=True)
class _Notebook:
    """A file that may become a student's submission of an exercise."""

    path: str
    time: float
    exercise: str
    order: tuple
    data: bytes
    reason: str


def collect(course: Course, assignment: str, source: Path, layout: str = "auto") -> list[Collected]:
    """Copy what students handed in to ``submitted/``; the newest of each exercise wins.

    Parameters
    ----------
    course : Course
        Where to.
    assignment : str
        One of its assignments.
    source : Path
        The zip archive that a platform gave, or a folder with what was in it.
    layout : str
        One of `LAYOUTS`, or ``"auto"``.

    Returns
    -------
    list of Collected
        A row for each file, sorted by student; no row for what computers leave behind
        (``.DS_Store``, ``.ipynb_checkpoints`` and the like).

    Raises
    ------
    CourseError
        If the source is no archive or too large, or ``roster.csv`` has no column ``id``. A
        student's file never raises: it is refused.
    ValueError
        If there is no such layout.

    Notes
    -----
    An exercise is told by the file's name (``conv2d``, ``conv2d-1``, ``conv2d (2)``), then by
    what the notebook says it is, then by a name with more in it (``final conv2d``), then by the
    function that it defines. What fits none, or several, is not guessed.

    A zip archive has no time zone: its times are taken for this machine's. What a newer file
    replaces is kept in ``.older/``, which nbgrader does not look into. Names of students who are
    not in ``roster.csv`` are added to it; rows that are there stay as they are.
    """
    if layout != "auto" and layout not in LAYOUTS:
        raise ValueError(f"layout must be auto or one of {LAYOUTS}, got {layout!r}")
    functions = {slug: course.exercise(slug).function for slug in course.slugs(assignment)}
    roster = _roster(course)
    names: dict[str, str] = {}
    rows: list[Collected] = []
    with _opened(source) as entries:
        sound = [entry for entry in entries if not _leads_out(entry.path)]
        for entry in entries:
            if reason := _leads_out(entry.path):
                rows.append(_row(entry.path, "refused", reason))
        for student, files in _by_student(sound, source, assignment, layout, roster):
            if student is None:
                rows += [_row(entry.path, "unrecognized", reason) for entry, reason in files]
                continue
            taken, refused = _notebooks(files, functions)
            kept = _keep(course, assignment, student, taken)
            if name := files[0][1].name if kept else "":
                names[student] = name
            rows += [replace(row, student=student) for row in [*kept, *refused]]
    _learn(course, roster, names)
    return sorted(rows, key=lambda row: (row.student, row.exercise, row.path))


def _row(path: str, status: str, reason: str = "", exercise: str = "") -> Collected:
    return Collected("", exercise, _printable(path), status, _printable(reason))


def _printable(text: str) -> str:
    """Return what can be shown in a terminal: names in archives may be commands to it."""
    return "".join(c if c.isprintable() else "?" for c in text)


# Archives


@contextmanager
def _opened(source: Path) -> Iterator[list[_Entry]]:
    """Open a folder or an archive; its files without junk, in no special order."""
    if source.is_dir():
        yield [entry for entry in _of_folder(source) if not _is_junk(entry.parts)]
        return
    try:
        archive = zipfile.ZipFile(source)
    except FileNotFoundError:
        raise CourseError(f"source must be an archive or a folder, {source} is missing") from None
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise CourseError(f"source must be a zip archive or a folder: {source}: {error}") from None
    with archive:
        try:
            yield _of_zip(archive, ARCHIVE_ENTRIES, ARCHIVE_BYTES)
        except _RefusedError as error:
            raise CourseError(f"{source}: {error}") from None


def _of_folder(folder: Path) -> Iterator[_Entry]:
    for home, folders, files in os.walk(folder):
        for name in [*files, *(f for f in folders if Path(home, f).is_symlink())]:
            path = Path(home, name)
            info = path.lstat()
            fault = _too_large(info.st_size)
            if not stat.S_ISREG(info.st_mode):
                fault = "it is a link or no file"
            shown = unicodedata.normalize("NFC", path.relative_to(folder).as_posix())
            yield _Entry(shown, info.st_mtime, path.read_bytes, fault)


def _of_zip(archive: zipfile.ZipFile, most: int, most_bytes: int) -> list[_Entry]:
    """Return an archive's files, or refuse it as a whole."""
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    infos = [info for info in infos if not _is_junk(info.filename.split("/"))]
    size = sum(info.file_size for info in infos if info.file_size <= FILE_BYTES)
    if len(infos) > most or size > most_bytes:
        raise _RefusedError(
            f"it would unpack to {len(infos):,} files and {size:,} bytes, "
            f"more than {most:,} or {most_bytes:,}"
        )
    return [
        _Entry(_zip_name(info), _zip_time(info), partial(archive.read, info), _zip_fault(info))
        for info in infos
    ]


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return a name; archivers that do not say so write UTF-8 too, not only code page 437."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name)


def _zip_time(info: zipfile.ZipInfo) -> float:
    try:
        return datetime(*info.date_time).timestamp()
    except (ValueError, OverflowError):  # there is no month 0
        return datetime(1980, 1, 1).timestamp()


def _zip_fault(info: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link or no file"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is compressed in an unusual way"
    return _too_large(info.file_size)


def _too_large(size: int) -> str:
    return f"it has {size:,} bytes, more than {FILE_BYTES:,}" if size > FILE_BYTES else ""


def _leads_out(path: str) -> str:
    if path.startswith("/") or "\\" in path or ".." in path.split("/") or path[1:2] == ":":
        return "its path leads out of the archive"
    return ""


def _is_junk(parts: Iterable[str]) -> bool:
    return any(part in _JUNK or part.startswith("._") for part in parts)


def _read(entry: _Entry) -> bytes:
    if entry.fault:
        raise _RefusedError(entry.fault)
    try:
        data = entry.read()
    except Exception as error:  # a broken archive can raise nearly anything
        raise _RefusedError(f"it cannot be read: {error}") from None
    if reason := _too_large(len(data)):
        raise _RefusedError(reason)
    return data


# Whose a file is


def _by_student(
    entries: list[_Entry], source: Path, assignment: str, layout: str, roster: dict[str, dict]
) -> Iterator[tuple[str | None, list[tuple]]]:
    """Yield each student with files and owners; None with files of nobody and reasons."""
    layout = _detect(entries, source, assignment) if layout == "auto" else layout
    nobodys = []
    files = defaultdict(list)
    for entry in entries:
        if owner := _owner(layout, entry, source, assignment):
            files[owner.student].append((entry, owner))
        else:
            nobodys.append((entry, f"no student in its path (layout {layout})"))
    ids = _moodle_ids(files, roster) if layout == "moodle" else {}
    for key, found in sorted(files.items()):
        student = ids.get(key, key)
        people = {owner.known_by for _, owner in found}
        if len(people) > 1:
            shown = " and ".join(sorted(" ".join(person) for person in people))
            nobodys += [(entry, f"{shown} have the same id {key}") for entry, _ in found]
        elif reason := _bad_id(student):
            nobodys += [(entry, reason) for entry, _ in found]
        else:
            yield student, found
    yield None, nobodys


def _bad_id(student: str) -> str:
    try:
        check_name("student", student)
    except CourseError as error:
        return str(error)
    return "" if student.isprintable() else f"student must be printable, got {student!r}"


def _detect(entries: list[_Entry], source: Path, assignment: str) -> str:
    """Return the platform whose layout most files have; plain if it is not half of them."""

    def count(layout: str) -> int:
        return sum(_owner(layout, entry, source, assignment) is not None for entry in entries)

    counts = {layout: count(layout) for layout in ("moodle", "ilias", "canvas")}
    best = max(counts, key=counts.get)
    return best if entries and 2 * counts[best] >= len(entries) else "plain"


def _owner(layout: str, entry: _Entry, source: Path, assignment: str) -> _Owner | None:
    *folders, file = entry.parts
    if layout == "canvas":
        return _canvas_owner(file)
    if layout == "moodle":
        return _moodle_owner(folders, file)
    if layout == "ilias":
        return _ilias_owner(folders, file)
    return _plain_owner(folders, file, source, assignment)


def _canvas_owner(file: str) -> _Owner | None:
    for pattern in _CANVAS:
        if found := pattern.fullmatch(file):
            part = {"name": ""} | found.groupdict()
            late, upload = bool(part["late"]), int(part["upload"][:18])
            return _Owner(part["id"], part["file"], part["name"], late, upload, (part["name"],))
    return None


def _moodle_owner(folders: list[str], file: str) -> _Owner | None:
    for part in (*folders, file):
        if found := _MOODLE.fullmatch(part):
            own = file if folders and part in folders else found["file"]
            # An anonymous archive has the word for "participant", in any language, for a name.
            name = found["name"] if " " in found["name"].strip() else ""
            return _Owner(found["id"], own, name, known_by=(found["name"],)) if own else None
    return None


def _ilias_owner(folders: list[str], file: str) -> _Owner | None:
    for part in folders:
        if found := _ILIAS.fullmatch(part):
            name = f"{found['first']} {found['last']}"
            return _Owner(found["id"], file, name, known_by=(name, found["user"]))
    return None


def _plain_owner(folders: list[str], file: str, source: Path, assignment: str) -> _Owner | None:
    if len(folders) > 1 and folders[0] in (source.stem, "submitted"):
        folders = folders[1:]
    if len(folders) == 2 and folders[1] == assignment:
        folders = folders[:1]
    return _Owner(folders[0], file) if len(folders) == 1 else None


def _moodle_ids(files: dict[str, list], roster: dict[str, dict]) -> dict[str, str]:
    """Return the id of the class list for each number whose full name is one student's."""
    listed, numbers = defaultdict(set), defaultdict(set)
    for student, row in roster.items():
        if (row.get("email") or "").strip():
            listed[_words(row.get("name") or "")].add(student)
    for number, found in files.items():
        numbers[_words(found[0][1].name)].add(number)
    return {
        number: next(iter(listed[name]))
        for name, same in numbers.items()
        for number in same
        if name
        and number not in roster
        and len(same) == len(listed.get(name, ())) == 1
        and not listed[name] & set(files)
    }


def _words(name: str) -> tuple[str, ...]:
    """Return a name's words, in no order: ``Doe, Jane`` is ``Jane Doe``."""
    name = unicodedata.normalize("NFC", name).casefold().replace(",", " ")
    return tuple(sorted(re.sub(r"[^\w\s]", "", name).split()))


# Which exercise it is


def _notebooks(
    files: list[tuple[_Entry, _Owner]], functions: dict[str, str | None]
) -> tuple[list[_Notebook], list[Collected]]:
    """Return a student's notebooks, and rows for the other files."""
    found, rows = [], []
    for entry, owner in files:
        for part, file, data in _unpacked(entry, owner.file):
            if isinstance(data, _RefusedError):
                rows.append(_row(part.path, "refused", str(data)))
                continue
            try:
                found.append(_notebook(owner, part, entry.time, file, data, functions))
            except _RefusedError as error:
                rows.append(_row(part.path, "unrecognized", str(error)))
    return found, rows


def _unpacked(entry: _Entry, file: str) -> Iterator[tuple[_Entry, str, bytes | _RefusedError]]:
    """Yield a file, or what is in it if it is a zip: entry, file's name, content or refusal."""
    try:
        data = _read(entry)
        inner = _inner(entry, data) if file.lower().endswith(".zip") else None
    except _RefusedError as error:
        yield entry, file, error
        return
    if inner is None:
        yield entry, file, data
        return
    for part in inner:
        try:
            yield part, part.parts[-1], _read(part)
        except _RefusedError as error:
            yield part, part.parts[-1], error


def _inner(entry: _Entry, data: bytes) -> list[_Entry]:
    """Return what is in a zip that a student handed in."""
    try:
        inner = _of_zip(zipfile.ZipFile(io.BytesIO(data)), HANDED_IN_ENTRIES, HANDED_IN_BYTES)
    except _RefusedError:
        raise
    except Exception as error:
        raise _RefusedError(f"it is no zip archive: {error}") from None
    return [
        replace(e, path=f"{entry.path}/{e.path}", fault=e.fault or _leads_out(e.path))
        for e in inner
    ]


def _notebook(
    owner: _Owner, entry: _Entry, time: float, file: str, data: bytes, functions: dict
) -> _Notebook:
    content = _content(data)
    if not file.lower().endswith(".ipynb") and content is None:
        raise _RefusedError("it is no notebook")
    exercise, number = _by_name(file, functions)
    exact, by = exercise is not None, ""
    if not exact:
        exercise, by = _by_content(file, content, functions)
    # The time in a zip that a student made is the student's: it decides only within that zip.
    order = (owner.upload, time, entry.time, exact, number)
    notes = ["late" if owner.late else "", "it is no notebook" if content is None else "", by]
    return _Notebook(entry.path, time, exercise, order, data, ", ".join(filter(None, notes)))


def _content(data: bytes) -> dict | None:
    """Return a notebook's content if it has the form of one."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    is_notebook = isinstance(content, dict) and isinstance(content.get("cells"), list)
    return content if is_notebook else None


def _stem(file: str) -> str:
    return re.sub(r"[\s_-]+", "_", _ENDING.sub("", file.casefold()).strip())


def _by_name(file: str, functions: dict) -> tuple[str | None, int]:
    """Return the exercise that has a file's name, and the number after it."""
    stem = _stem(file)
    for slug in functions:
        if stem == _stem(slug):
            return slug, 0
    for slug in functions:
        if found := re.fullmatch(re.escape(_stem(slug)) + r"_?(?:\((\d+)\)|(?<=_)(\d+))", stem):
            return slug, int((found[1] or found[2])[:9])
    return None, 0


def _by_content(file: str, content: dict | None, functions: dict) -> tuple[str, str]:
    """Return the exercise of a file whose name is not enough, and what told it."""
    said = _said(content)
    if said in functions:
        return said, "told by its metadata"
    if said:
        raise _RefusedError(f"it is the exercise {said!r}, which is not of this assignment")
    stem = _stem(file)
    named = {
        s for s in functions if re.search(rf"(?<![^\W_]){re.escape(_stem(s))}(?![^\W_])", stem)
    }
    named = {s for s in named if not any(s != other and s in other for other in named)}
    if len(named) == 1:
        return named.pop(), "told by a part of its name"
    defined = {slug for slug, function in functions.items() if _defines(content, function)}
    if len(defined) == 1:
        return defined.pop(), "told by the function it defines"
    raise _RefusedError("neither its name nor its content tells one exercise of the assignment")


def _said(content: dict | None) -> str:
    """Return the exercise that is written in a notebook's metadata."""
    value: object = content
    for key in ("metadata", "pooling_course", "exercise"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _defines(content: dict | None, function: str | None) -> bool:
    for cell in content["cells"] if content and function else ():
        source = cell.get("source", "") if isinstance(cell, dict) else ""
        text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if re.search(rf"^def\s+{function}\b", text, re.MULTILINE):
            return True
    return False


# Into the course folder


def _keep(
    course: Course, assignment: str, student: str, notebooks: list[_Notebook]
) -> list[Collected]:
    """Write the newest notebook of each exercise."""
    folder = course.submitted(student, assignment)
    rows, written = [], False
    by_exercise = defaultdict(list)
    for notebook in sorted(notebooks, key=lambda n: n.order, reverse=True):
        by_exercise[notebook.exercise].append(notebook)
    for exercise, (newest, *others) in by_exercise.items():
        status = _write(folder / f"{exercise}.ipynb", newest)
        written |= status in ("new", "newer")
        rows.append(_row(newest.path, status, newest.reason, exercise))
        why = f"{newest.path} is newer"
        rows += [_row(other.path, "older", why, exercise) for other in others]
    if written:
        when = max(path.stat().st_mtime for path in folder.glob("*.ipynb"))
        text = f"{datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M:%S UTC}\n"
        write(folder / "timestamp.txt", text.encode())
    return rows


def _write(path: Path, notebook: _Notebook) -> str:
    """Write a notebook unless a newer one is there; the file's time says when it was handed in."""
    status = "new"
    if path.exists():
        old = path.read_bytes()
        if old == notebook.data:
            return "same"
        if notebook.time <= path.stat().st_mtime:
            return "older"
        status = "newer"
        name = f"{path.stem}-{digest(old)[:12]}.ipynb"
        write(path.parent / ".older" / name, old, path.stat().st_mtime)
    write(path, notebook.data, notebook.time)
    return status


# The class list


def _roster(course: Course) -> dict[str, dict[str, str]]:
    """Return the rows of ``roster.csv`` by id, after a look whether it has ids."""
    path = course.root / "roster.csv"
    if path.is_file() and "id" not in _header(path.read_bytes()):
        raise CourseError(f"{path} must have columns id,name,email with commas between them")
    return gradebook.roster(course)


def _header(data: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"))), [])


def _learn(course: Course, roster: dict[str, dict], names: dict[str, str]) -> None:
    """Add students to ``roster.csv``, and leave every byte that is there."""
    path = course.root / "roster.csv"
    new = {student: name for student, name in sorted(names.items()) if student not in roster}
    old = path.read_bytes() if path.is_file() else b"id,name,email\n"
    header = _header(old)
    if not new or "name" not in header:
        return
    lines = io.StringIO()
    end = "\r\n" if b"\r\n" in old else "\n"
    writer = csv.DictWriter(lines, header, restval="", lineterminator=end)
    for student, name in new.items():
        writer.writerow({"id": student, "name": text_cell(name)})
    gap = b"" if old.endswith(b"\n") else end.encode()
    write(path, old + gap + lines.getvalue().encode())
