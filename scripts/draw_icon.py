"""Draw the icon of the pages: nine cells of a grid, one of them marked (图标).

Writes `ui/assets/icon.png`, 64 by 64 px, with nothing but the standard library.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

SIZE, MARGIN, GAP = 64, 6, 4
GREY, ACCENT = (154, 164, 178, 255), (29, 95, 168, 255)
MARKED = (1, 0)
FILE = Path(__file__).resolve().parents[1] / "ui" / "assets" / "icon.png"


def draw() -> bytes:
    """Return the icon as PNG."""
    cell = (SIZE - 2 * MARGIN - 2 * GAP) // 3
    lines = []
    for y in range(SIZE):
        line = bytearray([0])
        for x in range(SIZE):
            (column, dx), (row, dy) = divmod(x - MARGIN, cell + GAP), divmod(y - MARGIN, cell + GAP)
            is_inside = 0 <= column < 3 and 0 <= row < 3 and dx < cell and dy < cell
            line += bytes((ACCENT if (column, row) == MARKED else GREY) if is_inside else (0, 0, 0, 0))
        lines.append(bytes(line))
    head = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
    body = zlib.compress(b"".join(lines), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


if __name__ == "__main__":
    FILE.write_bytes(draw())
