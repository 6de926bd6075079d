"""Read the attribute table of a Shapefile (.dbf), digits and characters as issued (属性表读取).

A .dbf keeps numbers as text, so a code of 20 digits stands there in full; readers that turn it into
floating point lose it. Its encoding is told by the .cpg file, else by the language byte of the header
where that names one; where neither does, the text itself is looked at (`geo.intake.encodings`). Every
value is decoded strictly: a wrong encoding is refused, never turned into nonsense.
"""

from __future__ import annotations

import codecs
import io
import re
import struct
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ChoiceError, FileError
from geo.intake.encodings import EncodingCandidate, detect_encoding
from geo.intake.features import name_columns

N_PREVIEW = 20
"""Rows shown under each encoding that can be meant."""

_HEADER_BYTES = 32
_FIELD_BYTES = 32
_END_OF_FIELDS = 0x0D
_DELETED = 0x2A
_LANGUAGE_BYTES = {
    0x03: "cp1252", 0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5hkscs", 0x78: "big5hkscs",
    0x7B: "cp932", 0x13: "cp932", 0x79: "cp949", 0x4E: "cp949",
}  # fmt: skip
"""Language driver bytes that name an encoding. 0x57 means "the writer's own" and names none. GBK is
read as GB18030 and Big5 with its Hong Kong signs: both hold the smaller set unchanged."""
_CPG_NAMES = {
    "936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "950": "big5hkscs", "big5": "big5hkscs",
    "65001": "utf-8", "88591": "latin-1",
}  # fmt: skip
_CPG_NUMBER = re.compile(r"(?:ansi|oem|cp|windows)?(\d+)")
_USUAL = ("utf-8", "gb18030", "big5hkscs")
_KNOWN = frozenset(
    ("utf-8", "ascii", "gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp932", "shift_jis", "cp949", "euc_kr",
     "koi8-r", "mac-roman", "cp437", "cp850", "cp852", "cp855", "cp857", "cp860", "cp861", "cp862", "cp863",
     "cp864", "cp865", "cp866", "cp869", "cp874", *(f"cp{n}" for n in range(1250, 1259)), "iso8859-1",
     *(f"iso8859-{n}" for n in range(2, 17)))
)  # fmt: skip
"""Encodings of text a .cpg may name; Python has others that unpack, compute or look things up."""
_NUMBER_TYPES = "NFO"
_TEXT_TYPES = "C"


@dataclass(frozen=True)
class DbfTable:
    """Attributes of a Shapefile."""

    table: pd.DataFrame
    """Text columns; one row per record that is not deleted, index = position in the file, from 0."""
    n_records: int
    """Records in the file, deleted ones included."""
    encoding: str
    is_sure: bool
    """False where the encoding was found by looking at the text and another fits as well."""
    candidates: tuple[EncodingCandidate, ...]
    """Encodings that decode all text, the one taken first, and how the first `N_PREVIEW` rows read in each;
    one only where all text is ASCII."""


@dataclass(frozen=True)
class _Field:
    name: bytes
    kind: str
    start: int
    width: int


def read_dbf(content: bytes, *, cpg: bytes | None, encoding: str | None, file_name: str) -> DbfTable:
    """Read an attribute table.

    Parameters
    ----------
    content
        The .dbf file.
    cpg
        The .cpg file, where there is one.
    encoding
        Encoding the user chose; wins over everything else.
    file_name
        Name of the file in messages.

    Returns
    -------
    DbfTable
        Text columns named as in the file; blank cells are missing; numbers as they stand there, whole
        ones without decimals.

    Raises
    ------
    FileError
        If the header does not fit the file, or the text is not in the encoding.
    ChoiceError
        If the encoding is not known, or cannot be told.
    """
    records, fields, language = _read_layout(content, file_name)
    kept = records[:, 0] != _DELETED if len(records) else np.zeros(0, dtype=bool)
    cells = {field: _cells(records[kept], field) for field in fields}
    text_fields = [field for field in fields if field.kind in _TEXT_TYPES]
    # A value that fills its field may end in half a character, which would rule its encoding out.
    sample = b"\n".join(
        [field.name for field in fields]
        + [v for field in text_fields for v in np.unique(cells[field]).tolist() if len(v) < field.width]
    )
    chosen, is_sure = _choose_encoding(sample, cpg, encoding, language, file_name)
    columns = {
        name: _decode_cells(cells[field], field, chosen, file_name)
        for name, field in zip(_decode_names(fields, chosen, file_name), fields, strict=True)
    }
    index = pd.Index(np.flatnonzero(kept), name="record")
    candidates = _preview(sample, [cells[field][:N_PREVIEW] for field in text_fields], chosen)
    return DbfTable(
        pd.DataFrame(columns, index=index, dtype="str"), len(records), chosen, is_sure, candidates
    )


def _read_layout(content: bytes, file_name: str) -> tuple[NDArray[np.uint8], list[_Field], int]:
    if len(content) < _HEADER_BYTES:
        raise FileError("shapefile_part_damaged", file=file_name, part=".dbf")
    n_records, header_bytes, record_bytes = struct.unpack("<IHH", content[4:12])
    fields: list[_Field] = []
    start = 1
    for at in range(_HEADER_BYTES, min(header_bytes, len(content)) - 1, _FIELD_BYTES):
        if content[at] == _END_OF_FIELDS:
            break
        descriptor = content[at : at + _FIELD_BYTES]
        if len(descriptor) < _FIELD_BYTES:
            raise FileError("shapefile_part_damaged", file=file_name, part=".dbf")
        kind, width = chr(descriptor[11]), descriptor[16]
        if kind in _TEXT_TYPES:  # long text fields keep the upper byte of their width here
            width += descriptor[17] << 8
        fields.append(_Field(descriptor[:11].split(b"\x00")[0], kind, start, width))
        start += width
    is_whole = header_bytes + n_records * record_bytes <= len(content)
    if record_bytes < start or record_bytes == 0 or not is_whole:
        raise FileError("shapefile_part_damaged", file=file_name, part=".dbf")
    body = np.frombuffer(content, np.uint8, count=n_records * record_bytes, offset=header_bytes)
    return body.reshape(n_records, record_bytes), fields, content[29]


def _cells(records: NDArray[np.uint8], field: _Field) -> NDArray[np.bytes_]:
    if not len(records) or not field.width:
        return np.full(len(records), b"", dtype="S1")
    block = np.ascontiguousarray(records[:, field.start : field.start + field.width])
    return np.strings.strip(block.view(f"S{field.width}").ravel())


def _choose_encoding(
    sample: bytes, cpg: bytes | None, encoding: str | None, language: int, file_name: str
) -> tuple[str, bool]:
    if encoding is not None:
        return _known(encoding, file_name), True
    named = (cpg or b"").decode("ascii", "replace").strip("\ufeff\x00 \r\n\t")
    if named:
        plain = re.sub(r"[\s_-]", "", named.lower()).removeprefix("iso")
        if number := _CPG_NUMBER.fullmatch(plain):
            plain = number[1]
        fallback = f"cp{plain}" if number else named
        return _known(_CPG_NAMES.get(plain, fallback), file_name), True
    if language in _LANGUAGE_BYTES:
        return _LANGUAGE_BYTES[language], True
    if sample.isascii():
        return "utf-8", True
    guess = detect_encoding(io.BytesIO(sample), file_name=file_name)
    return guess.encoding, guess.is_sure


def _known(name: str, file_name: str) -> str:
    try:
        known = codecs.lookup(name).name
    except LookupError as error:
        raise ChoiceError("layer_encoding_unknown", file=file_name, encoding=name) from error
    if known not in _KNOWN:
        raise ChoiceError("layer_encoding_unknown", file=file_name, encoding=name)
    return known


def _preview(sample: bytes, columns: list[NDArray[np.bytes_]], chosen: str) -> tuple[EncodingCandidate, ...]:
    """Return how the first rows read in each encoding that can be meant, the one taken first."""
    names = dict.fromkeys((chosen, *(() if sample.isascii() else _USUAL)))
    fitting = [name for name in names if name == chosen or _fits(sample, name)]
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    return tuple(
        EncodingCandidate(
            name,
            "\n".join(" | ".join(cell.decode(name, "replace") for cell in row if cell) for row in rows),
        )
        for name in fitting
    )


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decode_names(fields: list[_Field], encoding: str, file_name: str) -> list[str]:
    return name_columns([_decode(field.name, encoding, file_name, "") for field in fields])


def _decode_cells(
    cells: NDArray[np.bytes_], field: _Field, encoding: str, file_name: str
) -> pd.api.extensions.ExtensionArray:
    distinct, back = np.unique(cells, return_inverse=True)
    name = field.name.decode("ascii", "replace")
    texts = [_decode(value, encoding, file_name, name, field.width) for value in distinct.tolist()]
    if field.kind in _NUMBER_TYPES:
        texts = [_as_issued(text) for text in texts]
    filled = np.asarray([text or None for text in texts], dtype=object)
    return pd.array(filled[back] if len(filled) else filled, dtype="str")


def _decode(value: bytes, encoding: str, file_name: str, column: str, width: int = 0) -> str:
    """Decode a value strictly; one that fills its field may end in half a character, which is left off."""
    for n_cut in range(4 if len(value) == width else 1):
        try:
            return value[: len(value) - n_cut].decode(encoding).strip()
        except UnicodeDecodeError:
            continue
    raise FileError("layer_encoding_wrong", file=file_name, encoding=encoding, column=column)


def _as_issued(number: str) -> str:
    """Return a number of a .dbf as a person would write it; one that lost digits stays as it is.

    Examples
    --------
    >>> _as_issued("1054.00000"), _as_issued("1.05400000000e+003"), _as_issued("4.30102e+017")
    ('1054', '1054', '4.30102e+017')
    """
    if not number.strip("*"):
        return ""
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    if not value.is_finite() or value != value.to_integral_value():
        return number
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        return number
    return str(int(value))
