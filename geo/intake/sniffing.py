"""Decide by its content what a file is (文件类型识别).

The name of a file is a claim, not a fact. A table comes in as delimited text, as an Excel workbook
or as GeoJSON, and as nothing else: markup, archives, pictures, old Excel files and serialised objects
are refused whatever they are called, and so is a file whose ending and content disagree, since one of
the two is then a mistake.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
from pathlib import Path
from typing import BinaryIO, Literal

from geo.errors import EmptyError, FileError, LimitError
from geo.intake.encodings import find_utf16
from geo.intake.limits import MB, Limits

TableFormat = Literal["csv", "xlsx", "geojson"]

SAMPLE_BYTES = 65_536
MAX_NAME_CHARACTERS = 120

_ENDINGS: dict[str, str] = {
    "csv": "csv", "txt": "csv", "tsv": "csv", "xlsx": "xlsx", "geojson": "geojson", "json": "geojson",
}  # fmt: skip
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_is_old_excel"),
    (b"\x1f\x8b", "file_is_packed"),
    (b"7z\xbc\xaf\x27\x1c", "file_is_packed"),
    (b"Rar!", "file_is_packed"),
    (b"BZh", "file_is_packed"),
    (b"\xfd7zXZ", "file_is_packed"),
)
_BOM_SIGNS = b"\xef\xbb\xbf\xff\xfe"
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]")
_MOST_CONTROLS = 0.01
_MOST_NULS = 0.2
_DISPLAY_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def open_source(source: Path | bytes) -> BinaryIO:
    """Open a file, or bytes in memory, for reading from the start.

    Raises
    ------
    FileError
        If the file cannot be opened.
    """
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return source.open("rb")
    except OSError as error:
        raise FileError("file_unreadable", file=clean_file_name(source.name)) from error


def clean_file_name(name: str) -> str:
    r"""Return the name to show for a file: no folder, no control or direction signs, no endless name.

    Examples
    --------
    >>> clean_file_name("../../etc/工单\u202ecsv.exe")
    '工单csv.exe'
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(sign for sign in last if unicodedata.category(sign) not in _DISPLAY_UNSAFE).strip(" .")
    return shown[-MAX_NAME_CHARACTERS:] or "file"


def measure_file(source: Path | bytes, *, file_name: str, limits: Limits) -> str:
    """Return the SHA-256 of a file that is neither empty nor larger than the limit.

    Raises
    ------
    EmptyError
        If the file has no byte.
    LimitError
        If it is larger than `max_file_mb`.
    """
    digest, size, most = hashlib.sha256(), 0, limits.max_file_mb * MB
    with open_source(source) as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            size += len(block)
            if size > most:
                raise LimitError("file_too_large", file=file_name, limit=limits.max_file_mb)
    if not size:
        raise EmptyError("file_empty", file=file_name)
    return digest.hexdigest()


def find_format(source: Path | bytes, *, file_name: str) -> TableFormat | Literal["zip"]:
    """Tell what a file is by its first bytes, and refuse what is no table.

    Raises
    ------
    FileError
        If it is markup, an archive of another kind, a binary file, JSON that is no GeoJSON object, or
        if the ending of the name says something else than the content.
    """
    with open_source(source) as stream:
        sample = stream.read(SAMPLE_BYTES)
        found: TableFormat | Literal["zip"]
        if sample.startswith(b"PK\x03\x04"):
            found = _look_into_zip(stream, file_name)
        else:
            found = _find_text_format(sample, file_name)
    ending = file_name.rsplit(".", 1)[-1].lower() if "." in file_name else ""
    said = "zip" if ending == "zip" else _ENDINGS.get(ending)
    if found == "zip" and said != "zip":
        raise FileError("file_is_packed", file=file_name)
    if said is not None and said != found:
        raise FileError("file_not_as_named", file=file_name, found=found)
    return found


def _look_into_zip(stream: BinaryIO, file_name: str) -> Literal["xlsx", "zip"]:
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError) as error:
        raise FileError("file_damaged", file=file_name) from error
    return "xlsx" if {"[Content_Types].xml", "xl/workbook.xml"} <= names else "zip"


def _find_text_format(sample: bytes, file_name: str) -> Literal["csv", "geojson"]:
    for magic, code in _FOREIGN:
        if sample.startswith(magic):
            raise FileError(code, file=file_name)
    if _is_binary(sample):
        raise FileError("file_not_a_table", file=file_name)
    first = sample.replace(b"\x00", b"").lstrip(_BOM_SIGNS + b" \t\r\n")[:1]
    if first == b"<":
        raise FileError("file_is_markup", file=file_name)
    if first == b"[":
        raise FileError("file_is_json_list", file=file_name)
    return "geojson" if first == b"{" else "csv"


def _is_binary(sample: bytes) -> bool:
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    if (wide := find_utf16(sample)) is not None:  # half of a sign may look like a control
        sample = sample.decode(wide, errors="replace").encode("utf-8", "surrogatepass")
    if sample.count(b"\x00") > _MOST_NULS * len(sample):
        return True
    n_controls = len(_CONTROLS.findall(sample))
    return n_controls > 1 and n_controls > _MOST_CONTROLS * len(sample)
