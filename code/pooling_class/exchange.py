"""nbgrader's exchange on a machine with many accounts: what is whose, and feedback back."""

import glob
import os
import pwd
import stat
from collections.abc import Iterator
from datetime import datetime
from logging import Logger
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash

MOST_FILES, MOST_BYTES = 100, 50_000_000  # of one submission


class Collect(ExchangeCollect):
    """Take from the exchange what is a student's own: who owns a folder handed it in.

    nbgrader's own class believes the name of the folder, follows links with the rights of the
    instructor, and stops at the first folder that it cannot read.
    """

    def _path_to_record(self, path):
        """Return what nbgrader knows of a folder, with its owner for the student."""
        try:
            record = super()._path_to_record(path)
        except Exception:  # no time in its name: the oldest
            record = {"filename": Path(path).name, "timestamp": datetime.min}
        return {**record, "username": pwd.getpwuid(os.lstat(path).st_uid).pw_name}

    def copy_files(self):
        """Collect each folder; what cannot be collected costs its student alone."""
        records = self.src_records
        for record in records:
            self.src_records = [record]
            try:
                super().copy_files()
            except Exception as error:
                self.log.error("not collected: %s: %s", record["filename"], error)

    def do_copy(self, src, dest, log=None):
        """Copy what belongs to the owner of the folder."""
        folder = os.open(src, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            files = dict(own_files(folder, self.log))
        finally:
            os.close(folder)
        Path(dest).mkdir()
        for name, content in files.items():
            (Path(dest) / name).write_bytes(content)


def own_files(folder: int, log: Logger) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the ordinary files that belong to the owner of an open folder.

    Each is opened once and then looked at, so that nothing can be put in its place in between.
    """
    names, left = os.listdir(folder), MOST_BYTES
    if len(names) > MOST_FILES:
        raise ValueError(f"{len(names)} files")
    for name in names:
        try:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except OSError as error:
            log.warning("not collected: %s", error)
            continue
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.fstat(folder).st_uid:
            log.warning("not collected: %s is no file of its owner", name)
            os.close(file)
            continue
        with open(file, "rb") as stream:
            content = stream.read(left + 1)
        left -= len(content)
        if left < 0:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        yield name, content


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Hand back ``feedback.html``, one for all notebooks of a student, where nbgrader wrote none.

    As with nbgrader, the name of the copy is known to those only who handed in the notebook.
    """

    def copy_files(self):
        """Copy the pages to where students fetch them."""
        for folder in map(Path, sorted(glob.glob(self.src_path))):
            student, assignment = folder.parent.name, folder.name
            directory = self.coursedir.submitted_directory
            submitted = Path(self.coursedir.format_path(directory, student, assignment))
            secret = submitted / "submission_secret.txt"
            if not secret.is_file():
                self.log.warning("%s did not hand in through the exchange: no feedback", student)
                continue
            for notebook in submitted.glob("*.ipynb"):
                pages = [folder / f"{notebook.stem}.html", folder / "feedback.html"]
                page = next((page for page in pages if page.is_file()), None)
                if page is not None:
                    name = notebook_hash(secret=secret.read_text(), notebook_id=notebook.stem)
                    copy = Path(self.dest_path) / f"{name}.html"
                    copy.write_bytes(page.read_bytes())
                    copy.chmod(0o644)
            self.log.info("feedback for %s", student)
