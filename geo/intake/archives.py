"""Read zip archives that strangers made (压缩包安全读取).

An archive is judged by its list of members before a byte is unpacked, and again while it is
unpacked, since the list may lie. Refused are: names that lead out of the folder (`../`, absolute,
drive letters, back-slashes, control characters), links and devices, archives inside archives,
encrypted members, names that are equal once case and Unicode forms are folded, members that overlap
in the file, and whatever passes a limit on members, size or ratio. A bad name is shown escaped.
"""

from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from geo.errors import FileError, LimitError
from geo.intake.limits import MB, Limits

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_NESTED = (".zip", ".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".kmz", ".jar")
_JUNK = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")
_SMALL = 100_000
"""Bytes below which a high ratio is no danger: a short text of blanks packs a thousandfold."""
_CHUNK = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UTF8_NAME = 0x800
_LOCAL_HEADER = 30
"""Bytes of the fixed part of a member's own header (APPNOTE 4.3.7)."""


def is_zip(head: bytes) -> bool:
    """Tell by its first bytes whether a file is a zip archive."""
    return head.startswith(_MAGIC)


def list_members(source: Path | bytes, *, file_name: str, limits: Limits) -> tuple[str, ...]:
    """List the members of an archive, after refusing a dangerous one.

    Folders and what operating systems leave behind (`__MACOSX`, `.DS_Store`) are not listed.

    Raises
    ------
    FileError
        If the archive is broken or dangerous; the sentence names the member.
    LimitError
        If it is too large, in members, size or ratio.
    """
    with _open(source, file_name) as archive:
        return tuple(real_name(member) for member in _checked(archive, file_name, limits))


def open_single_member(
    source: Path | bytes, *, limits: Limits, endings: tuple[str, ...], file_name: str = ""
) -> tuple[bytes, str]:
    """Unpack the one member of an archive whose name has one of the endings.

    Parameters
    ----------
    source
        The archive.
    limits
        Largest archive taken.
    endings
        Endings with their dot, in lower case: `(".csv", ".xlsx")`.
    file_name
        Name of the archive in messages; that of the path when not given.

    Returns
    -------
    tuple
        Its bytes and its name.

    Raises
    ------
    FileError
        As `list_members`; and if no member, or more than one, has such an ending.
    LimitError
        As `list_members`.
    """
    file_name = file_name or _name_of(source)
    with _open(source, file_name) as archive:
        members = _checked(archive, file_name, limits)
        fitting = [member for member in members if real_name(member).lower().endswith(endings)]
        wanted = ", ".join(endings)
        if not fitting:
            raise FileError("archive_holds_none", file=file_name, endings=wanted)
        if len(fitting) > 1:
            raise FileError(
                "archive_holds_several", file=file_name, endings=wanted, n=len(fitting),
                first=escape(real_name(fitting[0])), second=escape(real_name(fitting[1])),
            )  # fmt: skip
        content = b"".join(_stream(archive, fitting[0], file_name))
        return content, real_name(fitting[0])


def unpack_to(source: Path | bytes, folder: Path, *, limits: Limits, file_name: str = "") -> tuple[Path, ...]:
    """Unpack an archive into a folder that exists and is empty.

    Returns
    -------
    tuple
        The unpacked files, in the order of the archive.

    Raises
    ------
    FileError, LimitError
        As `list_members`; nothing is written then, unless a member lied about its size.
    """
    file_name = file_name or _name_of(source)
    written: list[Path] = []
    with _open(source, file_name) as archive:
        for member in _checked(archive, file_name, limits):
            path = folder.joinpath(*PurePosixPath(real_name(member)).parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                for chunk in _stream(archive, member, file_name):
                    file.write(chunk)
            written.append(path)
    return tuple(written)


def escape(name: str) -> str:
    """Return a name in printable signs, everything else escaped, for messages.

    Examples
    --------
    >>> escape("网格/../a" + chr(27) + "[31m") == "网格/../a" + chr(92) + "x1b[31m"
    True
    """
    shown = "".join(
        sign if sign.isprintable() and sign != "\\" else sign.encode("unicode_escape").decode("ascii")
        for sign in name
    )
    return shown if len(shown) <= 80 else shown[:79] + "…"


def _name_of(source: Path | bytes) -> str:
    return source.name if isinstance(source, Path) else "zip"


@contextmanager
def _open(source: Path | bytes, file_name: str) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FileError("archive_broken", file=file_name) from error
    with archive:
        yield archive


def _checked(archive: zipfile.ZipFile, file_name: str, limits: Limits) -> list[zipfile.ZipInfo]:
    every = archive.infolist()
    if len(every) > limits.max_archive_members:
        raise LimitError(
            "archive_too_many_members", file=file_name, n=len(every), limit=limits.max_archive_members
        )
    for member in every:
        _require_safe(member, file_name)
    _require_different_names(every, file_name)
    _require_apart(every, file_name)
    _require_small(every, file_name, limits)
    return [member for member in every if not member.is_dir() and not _is_junk(real_name(member))]


def _require_safe(member: zipfile.ZipInfo, file_name: str) -> None:
    name = real_name(member)
    parts = name.split("/")
    is_bad = (
        not name
        or "\\" in name
        or ":" in name
        or any(part in ("..", ".") for part in parts)
        or "" in parts[:-1]  # an absolute name begins with an empty part
        or any(unicodedata.category(sign) in ("Cc", "Cf", "Cs") for sign in name)
    )
    if is_bad:
        raise FileError("archive_name_unsafe", file=file_name, member=escape(name))
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise FileError("archive_member_is_link", file=file_name, member=escape(name))
    if member.flag_bits & 0x1:
        raise FileError("archive_encrypted", file=file_name, member=escape(name))
    if member.compress_type not in _METHODS:
        raise FileError("archive_method_unknown", file=file_name, member=escape(name))
    if name.lower().endswith(_NESTED):
        raise FileError("archive_nested", file=file_name, member=escape(name))


def real_name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member, decoded as its writer meant it.

    Without the UTF-8 flag the standard says code page 437; Windows in China writes GBK all the same,
    in which a back-slash is also the second half of a character.
    """
    name = member.orig_filename  # zipfile has cut `filename` at NUL and turned separators already
    if member.flag_bits & _UTF8_NAME or name.isascii():
        return name
    raw = name.encode("cp437")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def _require_different_names(members: list[zipfile.ZipInfo], file_name: str) -> None:
    seen: dict[str, str] = {}
    for member in members:
        name = real_name(member)
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).rstrip("/")
        if folded in seen:
            raise FileError(
                "archive_names_equal", file=file_name, first=escape(seen[folded]), second=escape(name)
            )
        seen[folded] = name


def _require_apart(members: list[zipfile.ZipInfo], file_name: str) -> None:
    """Refuse members that share bytes of the file (Fifield 2019, a better zip bomb)."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise FileError("archive_overlaps", file=file_name, member=escape(real_name(member)))
        name_bytes = len(member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8_NAME else "cp437"))
        end = member.header_offset + _LOCAL_HEADER + name_bytes + member.compress_size


def _require_small(members: list[zipfile.ZipInfo], file_name: str, limits: Limits) -> None:
    total = sum(member.file_size for member in members)
    if total > limits.max_unpacked_mb * MB:
        raise LimitError(
            "archive_too_large", file=file_name, size_mb=-(-total // MB), limit_mb=limits.max_unpacked_mb
        )
    for member in members:
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > _SMALL and ratio > limits.max_archive_ratio:
            raise LimitError(
                "archive_ratio_too_high", file=file_name, member=escape(real_name(member)),
                ratio=round(ratio), limit=limits.max_archive_ratio,
            )  # fmt: skip


def _stream(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file_name: str) -> Iterator[bytes]:
    """Unpack a member in pieces; refuse one that holds more than it declared, or other bytes."""
    left = member.file_size
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    raise FileError("archive_member_lies", file=file_name, member=escape(real_name(member)))
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise FileError("archive_member_broken", file=file_name, member=escape(real_name(member))) from error


def _is_junk(name: str) -> bool:
    folded = name.lower()
    return folded.startswith(_JUNK[0]) or folded.rsplit("/", 1)[-1] in _JUNK[1:]
