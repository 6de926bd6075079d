"""How large a file may be (大小限制)."""

from __future__ import annotations

from dataclasses import dataclass

from geo.settings import Settings

KB = 1000
MB = 1_000_000


@dataclass(frozen=True)
class Limits:
    """The limits of one installation, with the defaults of `geo.settings`."""

    max_file_mb: int = 500
    max_rows: int = 2_000_000
    max_columns: int = 200
    max_cell_kb: int = 1000
    max_unpacked_mb: int = 2000
    max_archive_ratio: int = 100
    max_archive_members: int = 200
    max_features: int = 200_000
    max_vertices: int = 5_000_000


def limits_of(settings: Settings) -> Limits:
    """Take the limits out of the settings.

    Examples
    --------
    >>> limits_of(Settings(max_rows=10)).max_rows
    10
    """
    return Limits(
        max_file_mb=settings.max_file_mb,
        max_rows=settings.max_rows,
        max_columns=settings.max_columns,
        max_cell_kb=settings.max_cell_kb,
        max_unpacked_mb=settings.max_unpacked_mb,
        max_archive_ratio=settings.max_archive_ratio,
        max_archive_members=settings.max_archive_members,
        max_features=settings.max_features,
        max_vertices=settings.max_vertices,
    )
