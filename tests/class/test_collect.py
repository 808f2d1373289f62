"""Archives of learning platforms, honest and hostile, into a course folder."""

import json
import os
import stat
import struct
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files

from pooling_class import collect as module
from pooling_class.collect import collect
from pooling_class.course import Course, CourseError

SLUGS = ["conv2d", "max_pool2d", "read_overlap"]
NOON = (2024, 3, 1, 12, 0, 0)
MOODLE = "Jane Doe_1234_assignsubmission_file_"


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    root.mkdir()
    return Course(root, {"week1": SLUGS})


def notebook(source="x = 1", exercise=None):
    metadata = {"pooling_course": {"exercise": exercise}} if exercise else {}
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []}]
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4}).encode()


def archive(path, files, time=NOON, names=None):
    """Write a zip of names (or ZipInfos) and contents."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name, time)
            made.writestr(info, data)
    return path


def at(hour):
    return (*NOON[:3], hour, 0, 0)


def brief(rows):
    return [(row.student, row.exercise, row.status) for row in rows]


def tree(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


# Layouts


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("doejane_12345_678910_conv2d.ipynb", "12345"),
        ("doejane_12345_678910_conv2d-1.ipynb", "12345"),
        ("doejane_LATE_12345_678910_conv2d.ipynb", "12345"),
        ("van_der_berg2_12345_678910_conv2d.ipynb", "12345"),
        ("müller ä_12345_678910_conv2d.ipynb", "12345"),
        ("42_12345_678910_conv2d.ipynb", "12345"),
        ("doejane_12345_678910_77_88_conv2d.ipynb", "12345"),
        ("anon_AbC12_678910_conv2d.ipynb", "AbC12"),
        ("LATE_anon_AbC12_678910_01_conv2d.ipynb", "AbC12"),
        (f"{MOODLE}/conv2d.ipynb", "1234"),
        (f"{MOODLE[:-1]}/sub/conv2d.ipynb", "1234"),
        (f"{MOODLE}conv2d.ipynb", "1234"),
        ("all/Participant_1234_assignsubmission_file_/conv2d.ipynb", "1234"),
        ("Teilnehmerin_1234_assignsubmission_file_conv2d.ipynb", "1234"),
        ("Jane Doe_1234_assignsubmission_file_A_9_assignsubmission_file_conv2d.ipynb", "1234"),
        ("Doe_Jane_jdoe_345/conv2d.ipynb", "jdoe"),
        ("Submissions/Doe_Jane Mary_j_doe_345/conv2d (2).ipynb", "j_doe"),
        ("Abgaben/Team 5/Doe_Jane_jdoe_345/Late - conv2d.ipynb", "jdoe"),
        ("jdoe/conv2d.ipynb", "jdoe"),
        ("jdoe/week1/conv2d.ipynb", "jdoe"),
        ("submitted/jdoe/week1/conv2d.ipynb", "jdoe"),
        ("hw/jdoe/conv2d.ipynb", "jdoe"),
    ],
)
def test_tells_student_and_exercise_by_each_platforms_names(course, tmp_path, name, student):
    zipped = archive(tmp_path / "hw.zip", [(name, notebook())])
    assert brief(collect(course, "week1", zipped)) == [(student, "conv2d", "new")]
    assert tree(course.submitted(student, "week1")) == ["conv2d.ipynb", "timestamp.txt"]
    folder = tmp_path / "hw"
    with zipfile.ZipFile(zipped) as made:
        made.extractall(folder)
    assert brief(collect(course, "week1", folder)) == [(student, "conv2d", "same")]


def test_one_odd_name_does_not_change_the_layout_of_all(course, tmp_path):
    files = [(f"s{i}_{i}_99{i}_conv2d.ipynb", notebook()) for i in range(5)]
    files += [("x_7_8_Me_1_assignsubmission_file_conv2d.ipynb", notebook())]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert [row.student for row in rows] == ["0", "1", "2", "3", "4", "7"]


def test_one_name_as_of_a_platform_leaves_a_plain_folder_plain(course, tmp_path):
    files = [(f"{name}/conv2d.ipynb", notebook()) for name in ("ada", "bob", "eve", "a_b_c_1")]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert [row.student for row in rows] == ["a_b_c_1", "ada", "bob", "eve"]


def test_layout_can_be_said(course, tmp_path):
    zipped = archive(tmp_path / "a.zip", [("a_b_c_1/conv2d.ipynb", notebook())])
    assert brief(collect(course, "week1", zipped, "plain")) == [("a_b_c_1", "conv2d", "new")]
    with pytest.raises(ValueError, match="layout must be auto or one of .*, got 'sakai'"):
        collect(course, "week1", zipped, "sakai")


@pytest.mark.parametrize("name", ["conv2d.ipynb", "jdoe/deeper/conv2d.ipynb", "a/b/c/conv2d.ipynb"])
def test_no_student_is_guessed(course, tmp_path, name):
    zipped = archive(tmp_path / "a.zip", [(name, notebook())])
    assert brief(collect(course, "week1", zipped)) == [("", "", "unrecognized")]
    assert tree(course.root) == []


# Which exercise


@pytest.mark.parametrize(
    "name",
    [
        "CONV2D.ipynb",
        "conv2d (3).ipynb",
        "conv2d_final.ipynb",
        "Doe-conv2d-Copy1.ipynb",
        "conv2d.ipynb.txt",
        "conv2d.json",
    ],
)
def test_renamed_file_is_found_by_its_name(course, tmp_path, name):
    zipped = archive(tmp_path / "a.zip", [(f"jdoe/{name}", notebook())])
    assert brief(collect(course, "week1", zipped)) == [("jdoe", "conv2d", "new")]


@pytest.mark.parametrize("name", ["Max-Pool2d.ipynb", "my max pool2d solution.ipynb"])
def test_spaces_and_hyphens_in_a_name_do_not_matter(course, tmp_path, name):
    zipped = archive(tmp_path / "a.zip", [(f"jdoe/{name}", notebook())])
    assert brief(collect(course, "week1", zipped)) == [("jdoe", "max_pool2d", "new")]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (notebook(exercise="max_pool2d"), ("max_pool2d", "new")),
        (notebook("import numpy\ndef max_pool2d(x):\n    return x"), ("max_pool2d", "new")),
        (notebook(["y = 2\n", "def conv2d (x):\n", "  pass"]), ("conv2d", "new")),
        (notebook("def conv2d(x): 0\ndef max_pool2d(x): 0"), ("", "unrecognized")),
        (notebook("def conv2d_fast(x): 0"), ("", "unrecognized")),
        (notebook("# def conv2d(x)"), ("", "unrecognized")),
        (notebook("def conv2d(x): 0", exercise="pyramid"), ("", "unrecognized")),
        (b"no notebook: def conv2d(x)", ("", "unrecognized")),
        (b'{"cells": [1, {"source": 2}, {"source": [3]}]}', ("", "unrecognized")),
        (b"[" * 100_000, ("", "unrecognized")),
        (b'{"cells": 5, "metadata": 3}', ("", "unrecognized")),
    ],
)
def test_file_of_any_name_is_told_by_its_content_or_reported(course, tmp_path, data, status):
    zipped = archive(tmp_path / "a.zip", [("jdoe/Untitled.ipynb", data)])
    assert brief(collect(course, "week1", zipped)) == [("jdoe", *status)]


def test_name_beats_content_and_metadata_beat_a_part_of_the_name(course, tmp_path):
    files = [
        ("a/conv2d.ipynb", notebook(exercise="max_pool2d")),
        ("b/conv2d backward.ipynb", notebook(exercise="max_pool2d")),
        ("c/conv2d backward.ipynb", notebook(exercise="conv2d_backward")),
        ("d/max_pool2d and conv2d.ipynb", notebook()),
        ("e/preconv2d.ipynb", notebook()),
    ]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert [row.exercise for row in rows] == ["conv2d", "max_pool2d", "", "", ""]
    assert "'conv2d_backward'" in rows[2].reason


def test_longest_name_counts_where_one_holds_another(course, tmp_path):
    both = Course(course.root, {"week1": ["avg_pool2d", "adaptive_bins"]}, tmp_path / "private")
    home = tmp_path / "private" / "pool2d"
    home.mkdir(parents=True)
    text = "---\ntitle: t\nchapter: c\nminutes: 1\n---\n\n# T\n"
    (home / "exercise.md").write_text(text)
    both.assignments["week1"].append("pool2d")
    zipped = archive(tmp_path / "a.zip", [("jdoe/my avg_pool2d.ipynb", notebook())])
    assert brief(collect(both, "week1", zipped)) == [("jdoe", "avg_pool2d", "new")]


# Newest wins


def test_newer_replaces_older_stays_away_and_nothing_is_lost(course, tmp_path):
    def hand_in(hour, source):
        files = [("jdoe/conv2d.ipynb", notebook(source))]
        return brief(collect(course, "week1", archive(tmp_path / "a.zip", files, at(hour))))[0][2]

    path = course.submitted("jdoe", "week1") / "conv2d.ipynb"
    said = [hand_in(*args) for args in [(12, "a"), (12, "a"), (14, "b"), (13, "c"), (14, "d")]]
    assert said == ["new", "same", "newer", "older", "older"]
    assert path.read_bytes() == notebook("b")
    assert hand_in(15, "e") == "newer"
    kept = sorted(p.read_bytes() for p in (path.parent / ".older").iterdir())
    assert kept == [notebook("a"), notebook("b")]


def test_nbgrader_reads_the_time_and_ignores_what_is_kept(course, tmp_path):
    for hour, source in [(12, "a"), (14, "b")]:
        files = [("jdoe/conv2d.ipynb", notebook(source))]
        collect(course, "week1", archive(tmp_path / "a.zip", files, at(hour)))
    files = [("jdoe/max_pool2d.ipynb", notebook())]
    collect(course, "week1", archive(tmp_path / "a.zip", files, at(13)))
    folder = str(course.submitted("jdoe", "week1"))
    there = CourseDirectory(root=str(course.root))
    local = datetime(*at(14)).astimezone(UTC).replace(tzinfo=None)
    assert there.get_existing_timestamp(folder) == local
    assert [os.path.basename(f) for f in find_all_files(folder, [*there.ignore, "*.ipynb"])] == [
        "timestamp.txt"
    ]


def test_newest_of_several_files_wins_by_time_then_by_number(course, tmp_path):
    files = [
        (zipfile.ZipInfo("a/conv2d.ipynb", at(13)), notebook("first")),
        (zipfile.ZipInfo("a/conv2d_final.ipynb", at(14)), notebook("last")),
        ("b/conv2d-2.ipynb", notebook("two")),
        ("b/conv2d-10.ipynb", notebook("ten")),
        ("b/conv2d.ipynb", notebook("zero")),
        ("c/conv2d old.ipynb", notebook("old")),
        ("c/conv2d.ipynb", notebook("named")),
        ("d/conv2d.ipynb", notebook("once")),
    ]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    read = {s: (course.submitted(s, "week1") / "conv2d.ipynb").read_bytes() for s in "abcd"}
    assert read == {
        s: notebook(t) for s, t in zip("abcd", ("last", "ten", "named", "once"), strict=True)
    }
    assert [row.status for row in rows].count("older") == 4


def test_twice_the_same_path_in_one_archive(course, tmp_path):
    old, new = (zipfile.ZipInfo("a/conv2d.ipynb", at(hour)) for hour in (13, 14))
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped = archive(tmp_path / "a.zip", [(new, notebook("new")), (old, notebook("old"))])
    assert [row.status for row in collect(course, "week1", zipped)] in (["new", "older"],)
    assert (course.submitted("a", "week1") / "conv2d.ipynb").read_bytes() == notebook("new")


def test_canvas_upload_number_counts_and_lateness_is_said(course, tmp_path):
    files = [
        (zipfile.ZipInfo("doejane_LATE_1_1000_conv2d.ipynb", at(12)), notebook("second")),
        (zipfile.ZipInfo("doejane_1_999_conv2d-1.ipynb", at(13)), notebook("first")),
    ]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert sorted((row.status, row.reason) for row in rows)[0] == ("new", "late")
    assert (course.submitted("1", "week1") / "conv2d.ipynb").read_bytes() == notebook("second")


# Hostile and broken


@pytest.mark.parametrize(
    "name",
    [
        "../../conv2d.ipynb",
        "jdoe/../../conv2d.ipynb",
        "/jdoe/conv2d.ipynb",
        "C:/jdoe/conv2d.ipynb",
        "jdoe\\..\\conv2d.ipynb",
        "jdoe/..",
        "../conv2d.ipynb",
        f"../{MOODLE}/conv2d.ipynb",
        f"{MOODLE}/../../../conv2d.ipynb",
        "..\\doe_1_2_conv2d.ipynb",
    ],
)
def test_path_that_leads_out_writes_nothing_and_costs_nobody_else(course, tmp_path, name):
    before = tree(tmp_path)
    files = [(name, notebook()), ("ada/conv2d.ipynb", notebook())]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files), "plain")
    assert brief(rows) == [("", "", "refused"), ("ada", "conv2d", "new")]
    new = set(tree(tmp_path)) - set(before) - {"a.zip"}
    home = "course/submitted/ada/week1/"
    assert new == {f"{home}conv2d.ipynb", f"{home}timestamp.txt"}


@pytest.mark.parametrize(
    "student", ["..", ".hidden", " jdoe", "j|doe", "j\ndoe", "j\x1b[2Jdoe", "?"]
)
def test_id_that_cannot_be_a_folder_is_reported_not_repaired(course, tmp_path, student):
    zipped = archive(tmp_path / "a.zip", [(f"{student}/conv2d.ipynb", notebook())])
    (row,) = collect(course, "week1", zipped)
    assert (row.student, row.status in ("refused", "unrecognized")) == ("", True)
    assert row.path.isprintable() and row.reason.isprintable()
    assert tree(course.root) == []


def test_links_are_not_followed(course, tmp_path):
    info = zipfile.ZipInfo("jdoe/conv2d.ipynb", NOON)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    rows = collect(course, "week1", archive(tmp_path / "a.zip", [(info, b"/etc/passwd")]))
    assert brief(rows) == [("jdoe", "", "refused")]
    secret = tmp_path / "secret"
    (secret / "sub").mkdir(parents=True)
    (secret / "conv2d.ipynb").write_bytes(notebook())
    folder = tmp_path / "hw" / "jdoe"
    folder.mkdir(parents=True)
    (folder / "conv2d.ipynb").symlink_to(secret / "conv2d.ipynb")
    (folder / "max_pool2d.ipynb").symlink_to(secret)
    os.mkfifo(folder / "read_overlap.ipynb")
    rows = collect(course, "week1", folder.parent)
    assert brief(rows) == [("jdoe", "", "refused")] * 3
    assert tree(course.root) == []


def test_file_that_is_too_large_is_one_students_problem(course, tmp_path):
    files = [("a/conv2d.ipynb", b"0" * 10_000_001), ("b/conv2d.ipynb", notebook())]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert brief(rows) == [("a", "", "refused"), ("b", "conv2d", "new")]
    assert "10,000,001 bytes" in rows[0].reason


def test_size_is_looked_at_before_a_file_is_read(course, tmp_path):
    zipped = archive(tmp_path / "a.zip", [("a/conv2d.ipynb", notebook())])
    says(zipped, 2_000_000_000)
    (row,) = collect(course, "week1", zipped)
    assert (row.status, row.reason) == (
        "refused",
        "it has 2,000,000,000 bytes, more than 10,000,000",
    )
    sparse = tmp_path / "f" / "a" / "conv2d.ipynb"
    sparse.parent.mkdir(parents=True)
    with sparse.open("wb") as file:
        file.truncate(10**12)
    (row,) = collect(course, "week1", tmp_path / "f")
    assert (row.status, row.reason.split(",")[0]) == ("refused", "it has 1")
    assert "bytes" in row.reason


@pytest.mark.parametrize(("limit", "most"), [("ARCHIVE_ENTRIES", 2), ("ARCHIVE_BYTES", 2_000)])
def test_archive_that_unpacks_to_too_much_is_refused_whole(
    course, tmp_path, monkeypatch, limit, most
):
    monkeypatch.setattr(module, limit, most)
    files = [(f"s{i}/conv2d.ipynb", notebook("#" * 1_000)) for i in range(3)]
    with pytest.raises(CourseError, match="it would unpack to 3 files"):
        collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert tree(course.root) == []


def bad_crc(path):
    """Change the checksums of an archive's first file."""
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\3\4", 14), (b"PK\1\2", 16)):
        struct.pack_into("<I", data, data.index(mark) + offset, 0xBAD)
    path.write_bytes(data)


def encrypted(path):
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)


def says(path, size):
    """Change the size that an archive gives for its first file."""
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", data, data.index(mark) + offset, size)
    path.write_bytes(data)


def smaller_than_it_is(path):
    says(path, 1)


def other_name_inside(path):
    data = path.read_bytes()
    path.write_bytes(data.replace(b"a/conv2d", b"x/conv2d", 1))


def garbled(path):
    data = bytearray(path.read_bytes())
    start = data.index(b"a/conv2d.ipynb") + len("a/conv2d.ipynb")
    data[start : start + 20] = b"\xff" * 20
    path.write_bytes(data)


@pytest.mark.parametrize(
    "spoil", [bad_crc, encrypted, smaller_than_it_is, other_name_inside, garbled]
)
def test_broken_file_is_one_students_problem(course, tmp_path, spoil):
    files = [("a/conv2d.ipynb", notebook("a" * 99)), ("b/conv2d.ipynb", notebook())]
    zipped = archive(tmp_path / "a.zip", files)
    spoil(zipped)
    rows = collect(course, "week1", zipped)
    assert brief(rows) == [("a", "", "refused"), ("b", "conv2d", "new")]
    assert rows[0].reason and not course.submitted("a", "week1").exists()


def test_unusual_compression_is_refused(course, tmp_path):
    zipped = tmp_path / "a.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a/conv2d.ipynb", notebook())
    assert brief(collect(course, "week1", zipped)) == [("a", "", "refused")]


def test_notebook_that_is_none_is_copied_as_it_is(course, tmp_path):
    zipped = archive(tmp_path / "a.zip", [("jdoe/conv2d.ipynb", b"\xff\0 no JSON")])
    (row,) = collect(course, "week1", zipped)
    assert (row.status, row.reason) == ("new", "it is no notebook")
    assert (course.submitted("jdoe", "week1") / "conv2d.ipynb").read_bytes() == b"\xff\0 no JSON"


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\5\6" + b"\0" * 5])
def test_source_that_is_no_archive(course, tmp_path, data):
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(CourseError, match="source must be a zip archive or a folder"):
        collect(course, "week1", tmp_path / "a.zip")
    with pytest.raises(CourseError, match=r"none\.zip is missing"):
        collect(course, "week1", tmp_path / "none.zip")


def test_two_people_of_one_id_are_both_reported(course, tmp_path):
    files = [
        ("doejane_5_100_conv2d.ipynb", notebook("jane's")),
        ("mal\x1b[2J_5_101_9_102_conv2d.ipynb", notebook("not jane's")),
        ("adalove_6_103_conv2d.ipynb", notebook()),
    ]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert [row.status for row in rows] == ["unrecognized", "unrecognized", "new"]
    assert rows[0].reason == "doejane and mal?[2J have the same id 5"
    assert tree(course.root / "submitted") == ["6/week1/conv2d.ipynb", "6/week1/timestamp.txt"]


@pytest.mark.parametrize(
    "names",
    [
        ("Jane Doe_5_assignsubmission_file_", "Mallory M_5_assignsubmission_file_"),
        ("Doe_Jane_jdoe_5", "Doe_Jane_jdoe_6"),
        ("Doe_Jane_jdoe_5", "Doe_Jim_jdoe_5"),
    ],
)
def test_two_people_of_one_id_write_nothing_on_other_platforms(course, tmp_path, names):
    files = [(f"{name}/conv2d.ipynb", notebook(name)) for name in names]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert brief(rows) == [("", "", "unrecognized")] * 2
    assert tree(course.root) == []


def test_what_computers_leave_behind_is_passed_over(course, tmp_path):
    files = [
        ("a/", b""),
        ("a/conv2d.ipynb", notebook()),
        ("__MACOSX/a/._conv2d.ipynb", b"0"),
        ("a/._conv2d.ipynb", b"0"),
        ("a/.DS_Store", b"0"),
        (".DS_Store", b"0"),
        ("a/.ipynb_checkpoints/conv2d-checkpoint.ipynb", notebook("older")),
        ("a/Thumbs.db", b"0"),
    ]
    zipped = archive(tmp_path / "a.zip", files)
    assert brief(collect(course, "week1", zipped)) == [("a", "conv2d", "new")]


def test_other_files_are_reported(course, tmp_path):
    files = [("a/conv2d.pdf", b"%PDF"), ("a/conv2d.py", b"def conv2d(x): 0"), ("a/c.tar", b"")]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert brief(rows) == [("a", "", "unrecognized")] * 3


# Zips in zips


def zipped_bytes(tmp_path, files, **more):
    return archive(tmp_path / "inner.zip", files, **more).read_bytes()


def test_zip_that_a_student_handed_in_is_unpacked_once(course, tmp_path):
    twice = zipped_bytes(tmp_path, [("conv2d.ipynb", notebook())])
    inner = zipped_bytes(
        tmp_path,
        [
            ("mine/conv2d.ipynb", notebook()),
            ("max_pool2d.ipynb", notebook()),
            ("__MACOSX/._conv2d.ipynb", b"0"),
            ("../../read_overlap.ipynb", notebook()),
            ("again.zip", twice),
        ],
    )
    zipped = archive(tmp_path / "a.zip", [(f"{MOODLE}/all my work.ZIP", inner)])
    rows = collect(course, "week1", zipped)
    assert brief(rows) == [
        ("1234", "", "refused"),
        ("1234", "", "unrecognized"),
        ("1234", "conv2d", "new"),
        ("1234", "max_pool2d", "new"),
    ]
    assert rows[2].path == f"{MOODLE}/all my work.ZIP/mine/conv2d.ipynb"


@pytest.mark.parametrize("limit", ["HANDED_IN_ENTRIES", "HANDED_IN_BYTES"])
def test_zip_bomb_is_one_students_problem(course, tmp_path, monkeypatch, limit):
    monkeypatch.setattr(module, limit, 1)
    bomb = zipped_bytes(tmp_path, [("conv2d.ipynb", b"0" * 9_000), ("b.ipynb", b"0" * 9_000)])
    files = [("a/all.zip", bomb), ("b/conv2d.ipynb", notebook()), ("c/all.zip", b"no zip")]
    rows = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert brief(rows) == [("a", "", "refused"), ("b", "conv2d", "new"), ("c", "", "refused")]


def test_student_cannot_choose_the_time_of_a_submission(course, tmp_path):
    early = zipped_bytes(tmp_path, [("conv2d.ipynb", notebook())], time=(1999, 1, 1, 0, 0, 0))
    collect(course, "week1", archive(tmp_path / "a.zip", [("a/all.zip", early)]))
    path = course.submitted("a", "week1") / "conv2d.ipynb"
    assert path.stat().st_mtime == datetime(*NOON).timestamp()


def test_month_zero_is_a_time_too(course, tmp_path):
    zipped = archive(tmp_path / "a.zip", [("a/conv2d.ipynb", notebook())], (1980, 0, 0, 0, 0, 0))
    assert brief(collect(course, "week1", zipped)) == [("a", "conv2d", "new")]


# Names


@pytest.mark.parametrize(("encoding", "flag"), [("utf-8", 0x800), ("utf-8", 0), ("cp437", 0)])
def test_umlauts_in_any_encoding(course, tmp_path, encoding, flag):
    plain = "Jurgen Muller_1_assignsubmission_file_/conv2d.ipynb"
    umlauts = plain.replace("u", "ü", 2)
    stand_in = "~" * len(umlauts.split("_")[0].encode(encoding)) + plain[13:]
    zipped = archive(tmp_path / "a.zip", [(stand_in, notebook())])
    data = zipped.read_bytes().replace(stand_in.encode(), umlauts.encode(encoding))
    if flag:
        data = bytearray(data)
        data[data.index(b"PK\3\4") + 7] |= 8
        data[data.index(b"PK\1\2") + 9] |= 8
    zipped.write_bytes(data)
    (row,) = collect(course, "week1", zipped)
    assert (row.student, row.path) == ("1", umlauts)
    assert "1,Jürgen Müller,\n" in (course.root / "roster.csv").read_text("utf-8")


def test_names_are_added_to_the_roster_and_nothing_in_it_changes(course, tmp_path):
    old = '\ufeffemail,id,name,group\r\na@b.de,1,"Doe,  Jane",x\r\n,2,,\r\nno id,,,'.encode()
    (course.root / "roster.csv").write_bytes(old)
    files = [
        ("other_1_11_conv2d.ipynb", notebook()),
        ("second_2_12_conv2d.ipynb", notebook()),
        ("=cmd_4_13_conv2d.ipynb", notebook()),
        ("third, jr_3_14_conv2d.ipynb", notebook()),
        ("nothing_9_15_essay.pdf", b"%PDF"),
    ]
    zipped = archive(tmp_path / "a.zip", files)
    collect(course, "week1", zipped)
    now = (course.root / "roster.csv").read_bytes()
    assert now == old + b'\r\n,3,"third, jr",\r\n,4,\'=cmd,\r\n'
    collect(course, "week1", zipped)
    assert (course.root / "roster.csv").read_bytes() == now


def test_roster_is_made_with_names_that_platforms_give(course, tmp_path):
    files = [("Doe_Jane_jdoe_345/conv2d.ipynb", notebook()), ("Doe_Jo_jo_3/x.ipynb", notebook())]
    collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert (course.root / "roster.csv").read_text() == "id,name,email\njdoe,Jane Doe,\n"


def test_roster_without_ids_is_refused(course, tmp_path):
    (course.root / "roster.csv").write_text("id;name;email\n1;Jane Doe;\n")
    zipped = archive(tmp_path / "a.zip", [("1/conv2d.ipynb", notebook())])
    with pytest.raises(CourseError, match="must have columns id,name,email"):
        collect(course, "week1", zipped)


def test_moodle_name_that_one_student_of_the_class_list_has_is_that_student(course, tmp_path):
    rows = ['jd,"Doe, Jane",jd@u.de', "no,No Mail,", "t1,Two Same,1@u.de", "t2,Two Same,2@u.de"]
    rows += ["al,Ada Love,al@u.de"]
    (course.root / "roster.csv").write_text("\n".join(["id,name,email", *rows]))
    names = ["Jane Doe_1", "No Mail_2", "Two Same_3", "Ada Love_4", "Ada Love_5", "Participant_6"]
    files = [(f"{name}_assignsubmission_file_/conv2d.ipynb", notebook()) for name in names]
    collected = collect(course, "week1", archive(tmp_path / "a.zip", files))
    assert [row.student for row in collected] == ["2", "3", "4", "5", "6", "jd"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(max_size=30), layout=st.sampled_from(["auto", *module.LAYOUTS]))
def test_no_name_raises_or_writes_elsewhere(course, tmp_path, name, layout):
    name = name.encode("utf-8", "replace").decode()
    names = (f"{name}/conv2d.ipynb", f"{name}_1_2_conv2d.ipynb", name)
    different = {zipfile.ZipInfo(n).filename for n in names}
    zipped = archive(tmp_path / "a.zip", [(n, notebook()) for n in sorted(different)])
    rows = collect(course, "week1", zipped, layout)
    written = {
        path.parts[1] for path in map(type(tmp_path), tree(course.root)) if len(path.parts) > 1
    }
    assert written >= {row.student for row in rows if row.status == "new"}
    assert {p.name for p in tmp_path.iterdir()} == {"course", "a.zip"}
    assert {p.name for p in course.root.iterdir()} <= {"submitted", "roster.csv"}
