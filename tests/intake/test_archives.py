"""An archive is judged before it is unpacked; nothing ever leaves the work folder."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import FileError, LimitError
from geo.intake.archives import escape, is_zip, list_members, open_single_member, unpack_to
from geo.intake.limits import Limits

LIMITS = Limits()


def pack(*members: tuple[str, bytes], compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compress) as archive:
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as written, without zipfile's own tidying
            info.compress_type = compress
            archive.writestr(info, content)
    return buffer.getvalue()


def refused(content: bytes, code: str, folder: Path, limits: Limits = LIMITS) -> str:
    """Refuse to list, to unpack and to open, each time for the same reason, leaving the folder empty."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    doors = (
        lambda: list_members(content, file_name="a.zip", limits=limits),
        lambda: unpack_to(content, work, limits=limits, file_name="a.zip"),
        lambda: open_single_member(content, limits=limits, endings=(".csv",), file_name="a.zip"),
    )
    said = ""
    for door in doors:
        with pytest.raises(FileError) as caught:
            door()
        assert caught.value.code == code
        said = str(caught.value)
    assert [path for path in folder.rglob("*") if path != work] == []
    return said


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/x.csv", "/etc/x.csv", "C:/x.csv", "c:x.csv", "..\\..\\x.csv", "a/../../x.csv", "a\\x.csv",
        "./x.csv", "a//x.csv", "..", "x\x1b[31m.csv", "x\u202evsc.csv", "\\\\server\\x.csv",
    ],
)  # fmt: skip
def test_fault_A05_a_member_that_leads_out_of_the_folder_is_refused_and_shown_escaped(name, tmp_path):
    said = refused(pack(("good.csv", b"a"), (name, b"a")), "archive_name_unsafe", tmp_path)
    assert "\x1b" not in said and "\u202e" not in said
    assert escape(name) in said


def test_a_name_in_gbk_is_read_as_it_was_meant_even_with_a_back_slash_inside_a_sign():
    name = "誠信.csv"
    assert b"\\" in name.encode("gb18030")
    content = pack((name.encode("gb18030").decode("cp437"), b"1"))
    # zipfile marks names beyond ASCII as UTF-8; take the mark off, as archives of Windows have none.
    buffer = bytearray(content)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = buffer.find(magic)
        buffer[start + at + 1] &= 0xF7
    raw = name.encode("gb18030").decode("cp437").encode("utf-8")
    fixed = bytes(buffer).replace(raw, name.encode("gb18030").ljust(len(raw), b"_"))
    assert list_members(fixed, file_name="a.zip", limits=LIMITS)[0].startswith("誠信.csv")


def test_fault_A06_a_link_or_a_device_is_refused(tmp_path):
    for kind in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            info = zipfile.ZipInfo("x.csv")
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        refused(buffer.getvalue(), "archive_member_is_link", tmp_path)


def test_fault_A01_a_bomb_is_refused_by_its_ratio_and_by_its_size(tmp_path):
    bomb = pack(("x.csv", b"0" * 3_000_000))
    refused(bomb, "archive_ratio_too_high", tmp_path)
    refused(bomb, "archive_too_large", tmp_path, Limits(max_unpacked_mb=2, max_archive_ratio=100_000))


def test_a_member_that_unpacks_to_more_than_it_declares_is_refused():
    content = bytearray(pack(("x.csv", b"0" * 1000), compress=zipfile.ZIP_STORED))
    central = content.find(b"PK\x01\x02")
    content[central + 24 : central + 28] = (10).to_bytes(4, "little")
    with pytest.raises(FileError) as caught:
        open_single_member(bytes(content), limits=LIMITS, endings=(".csv",))
    assert caught.value.code in ("archive_member_lies", "archive_member_broken")


def test_fault_A02_members_that_share_bytes_are_refused(tmp_path):
    content = bytearray(pack(("a.csv", b"1" * 100), ("b.csv", b"2" * 100), compress=zipfile.ZIP_STORED))
    second = content.rfind(b"PK\x01\x02")
    content[second + 42 : second + 46] = (10).to_bytes(4, "little")  # points into the first member
    refused(bytes(content), "archive_overlaps", tmp_path)


@pytest.mark.parametrize("name", ["inner.zip", "INNER.ZIP", "x.7z", "a/x.tar", "x.kmz"])
def test_fault_A03_an_archive_inside_an_archive_is_refused(name, tmp_path):
    refused(pack((name, pack(("x.csv", b"1")))), "archive_nested", tmp_path)


def test_fault_A04_too_many_members_are_refused_by_their_number(tmp_path):
    said = refused(pack(*((f"{n}.csv", b"") for n in range(201))), "archive_too_many_members", tmp_path)
    assert "201" in said and len(said) < 300


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.csv", "A.CSV"),
        ("caf\u00e9.csv", "cafe\u0301.csv"),
        ("网格１.csv", "网格1.csv"),
        ("a.csv", "a.csv"),
    ],
)
def test_fault_A07_names_that_are_equal_to_a_disk_are_refused(first, second, tmp_path, recwarn):
    content = pack((first, b"1"), (second, b"2"))
    recwarn.clear()
    said = refused(content, "archive_names_equal", tmp_path)
    assert escape(first) in said and escape(second) in said


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\x00" * 10, b"not a zip"])
def test_what_is_no_archive_is_refused(content, tmp_path):
    refused(content, "archive_broken", tmp_path)


def test_a_damaged_member_is_refused(tmp_path):
    content = bytearray(pack(("x.csv", b"abc" * 100), compress=zipfile.ZIP_STORED))
    content[60] ^= 0xFF
    with pytest.raises(FileError, match="damaged"):
        unpack_to(bytes(content), tmp_path, limits=LIMITS)


def test_the_one_member_of_a_kind_is_opened_and_what_systems_leave_behind_is_passed_over():
    content = pack(
        ("__MACOSX/._x.csv", b"?"), (".DS_Store", b"?"), ("案件/x.CSV", b"a,b\n"), ("readme.txt", b"")
    )
    assert open_single_member(content, limits=LIMITS, endings=(".csv",)) == (b"a,b\n", "案件/x.CSV")


def test_none_or_several_members_of_a_kind_are_told():
    for members, code in (
        ((("x.txt", b""),), "archive_holds_none"),
        ((("a.csv", b""), ("b.csv", b"")), "archive_holds_several"),
    ):
        with pytest.raises(FileError) as caught:
            open_single_member(pack(*members), limits=LIMITS, endings=(".csv",))
        assert caught.value.code == code


def test_folders_are_unpacked_inside_the_work_folder(tmp_path):
    written = unpack_to(pack(("a/", b""), ("a/b/x.csv", b"1"), ("y.csv", b"2")), tmp_path, limits=LIMITS)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == ["a/b/x.csv", "y.csv"]
    assert [path.read_bytes() for path in written] == [b"1", b"2"]


def test_a_limit_is_no_file_error_of_another_kind():
    with pytest.raises(LimitError):
        list_members(pack(*((f"{n}", b"") for n in range(201))), file_name="a.zip", limits=LIMITS)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(content):
    try:
        list_members(b"PK\x03\x04" + content, file_name="a.zip", limits=LIMITS)
    except FileError as error:
        assert error.code.startswith("archive_")


@given(st.text(max_size=100))
def test_an_escaped_name_is_printable_and_short(name):
    shown = escape(name)
    assert shown.isprintable() and len(shown) <= 80


def test_an_archive_is_known_by_its_first_bytes():
    assert is_zip(pack(("a", b""))) and is_zip(pack()) and not is_zip(b"{}")
