"""Write what a command made into a file."""

from __future__ import annotations

from pathlib import Path

from geo.errors import FileError


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole: into a neighbour first, then renamed, so that a stop leaves no half file.

    Raises
    ------
    FileError
        If the folder is not there or may not be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FileError("file_not_written", file=path.name) from error
