"""Write what a command made into a file."""

from __future__ import annotations

from pathlib import Path

from geo.whole_files import sweep, write_whole


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and take away what a killed export left beside it.

    Raises
    ------
    FileError
        If the folder is not there or may not be written, or the disk is full.
    """
    sweep(path.parent)
    write_whole(path, content)
