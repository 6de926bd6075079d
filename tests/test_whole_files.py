"""A file is whole under its name or not there, whatever fails at whatever write."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from geo import whole_files
from geo.commands.writing import write_file
from geo.errors import FileError
from geo.whole_files import STALE_S, sweep, unfinished_name, write_whole

CONTENT = os.urandom(3_500_000)


@pytest.fixture
def file(tmp_path):
    """A file that holds something already."""
    made = tmp_path / "export.csv"
    made.write_bytes(b"the former one")
    return made


@pytest.fixture
def gone():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(timeout=60)
    return process.pid


def only(file):
    """Whether nothing but this file is in its folder."""
    return [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_is_written_whole_and_replaces_the_former_one(file):
    write_whole(file, CONTENT)
    assert file.read_bytes() == CONTENT
    assert only(file)
    write_whole(file, b"")
    assert file.read_bytes() == b""


def test_fault_G12_short_writes_are_gone_on_with(file, monkeypatch):
    real = os.write
    monkeypatch.setattr(whole_files.os, "write", lambda handle, part: real(handle, part[:77_777]))
    write_whole(file, CONTENT)
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_fault_G12_an_error_at_the_nth_write_leaves_the_former_file(file, monkeypatch, number, nth):
    real, calls = os.write, []

    def write(handle, part):
        calls.append(1)
        if len(calls) == nth:
            raise OSError(number, os.strerror(number))
        return real(handle, part)

    monkeypatch.setattr(whole_files.os, "write", write)
    with pytest.raises(FileError, match=r"export\.csv could not be written"):
        write_file(file, CONTENT)
    assert len(calls) == nth
    assert file.read_bytes() == b"the former one"
    assert only(file)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_fault_G12_an_error_while_flushing_or_naming_leaves_the_former_file(file, monkeypatch, step):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(*((whole_files.os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(FileError):
        write_whole(file, CONTENT)
    assert file.read_bytes() == b"the former one"
    assert only(file)


LIMITED = """
import resource, sys
from pathlib import Path
from geo.errors import FileError
from geo.whole_files import write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (1_200_000, 1_200_000))
try:
    write_whole(Path(sys.argv[1]), bytes(3_000_000))
except FileError as error:
    print(error.code)
"""


def test_fault_G10_a_disk_that_fills_while_exporting_leaves_the_former_file(file):
    answer = subprocess.run(
        [sys.executable, "-c", LIMITED, str(file)], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "file_not_written\n"
    assert file.read_bytes() == b"the former one"
    assert only(file)


def test_fault_G10_a_device_is_never_replaced_by_a_file(tmp_path):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    with pytest.raises(FileError):
        write_whole(full, b"x")
    assert full.is_symlink() and Path("/dev/full").is_char_device()


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileError, match="could not be written"):
        write_file(tmp_path / "none" / "a.csv", b"x")


def test_fault_G20_what_a_killed_program_left_is_swept_and_nothing_else(tmp_path, gone):
    own = unfinished_name(tmp_path / "a.csv").name
    left = own.replace(f"-{os.getpid()}-", f"-{gone}-")
    machine = whole_files._machine()
    elsewhere = own.replace(machine, "another-machine")
    names = {
        left: False, f"{left}.wal": False, own: True, f"{own}.wal": True, elsewhere: True,
        "a.csv": True, "a.unfinished": True, f"a.{machine}-x-1.unfinished": True, f"{left}.csv": True,
    }  # fmt: skip
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / f"{left}.tmp").mkdir()
    (tmp_path / f"{left}.tmp" / "part").write_bytes(b"x")
    assert sweep(tmp_path) == 3
    assert {path.name for path in tmp_path.iterdir()} == {name for name, stays in names.items() if stays}
    assert sweep(tmp_path) == 0
    late = (tmp_path / elsewhere).stat().st_mtime + STALE_S
    assert sweep(tmp_path, now_s=late - 1) == 0
    assert sweep(tmp_path, now_s=late + 1) == 1
    assert not (tmp_path / elsewhere).exists()


def test_sweeping_a_folder_that_is_not_there_does_nothing(tmp_path):
    assert sweep(tmp_path / "none") == 0


def test_two_writers_of_one_name_have_two_unfinished_files(tmp_path):
    assert unfinished_name(tmp_path / "a") != unfinished_name(tmp_path / "a")
