"""What differs between installations (设置).

Settings come from `getu.toml` beside the program, then from variables `GETU_…`, the latter
winning. They are read once, typed, and passed on; a name that is not known is refused, since a
mistyped setting that is silently ignored is worse than none.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_args, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geo.errors import SettingError

PREFIX = "GETU_"
OUTSIDE = ("GETU_SHARED_DATA", "GETU_FAIL_AT", "GETU_TEST_STORE")
"""Variables with our prefix that belong to tests and tools, not to the program."""


@dataclass(frozen=True)
class Settings:
    """All settings with their defaults.

    Examples
    --------
    >>> read_settings(environ={"GETU_TIME_ZONE": "America/New_York"}).time_zone
    'America/New_York'
    """

    store_url: str = "duckdb:data/getu.duckdb"
    """Where the data is: `duckdb:` and a file, `duckdb::memory:`, or the address of a database on a
    server, `postgresql://user:password@host:5432/database`."""

    time_zone: str = ""
    """Time zone in which months, weeks and hours are read. A store keeps the zone it was created
    with; empty means Asia/Shanghai for a new store and whatever the store says for an old one."""

    language: Literal["", "zh", "en"] = ""
    """Language of pages and commands; empty means Chinese pages and English commands."""

    host: str = "127.0.0.1"
    """Address the pages are served on. Any but the loopback address asks for passwords or a proxy."""

    port: int = 8501
    """Port the pages are served on."""

    access_file: str = "data/access.json"
    """File with the hashes of the passwords, written by `python -m geo access set`, for its owner only."""

    trusted_proxy: str = ""
    """Addresses or networks of the proxy in front, joined by commas, such as `10.0.0.5`; empty: none."""

    user_header: str = ""
    """Header in which that proxy names the user it has signed in, such as `X-Forwarded-User`; empty:
    people sign in with a password."""

    proxy_editors: str = ""
    """Users named by the proxy who are editors, joined by commas; all others are viewers."""

    map_review_number: str = ""
    """Map review number 审图号, shown bottom left on maps and exports; empty warns on export."""

    map_source: str = ""
    """Source of the map data, shown beside the review number."""

    max_upload_mb: int = 100
    """Largest file taken by the browser, in MB; larger files come in by command."""

    max_file_mb: int = 500
    """Largest file taken by a command, in MB."""

    max_unpacked_mb: int = 2000
    """Largest archive when unpacked, in MB."""

    max_archive_ratio: int = 100
    """Largest ratio of unpacked to packed size of an archive member."""

    max_archive_members: int = 200
    """Largest number of members of an archive."""

    max_rows: int = 2_000_000
    """Most rows of one table file."""

    max_columns: int = 200
    """Most columns of one table file."""

    max_cell_kb: int = 1000
    """Largest single cell of a table file, in kB."""

    max_features: int = 200_000
    """Most features of one boundary file."""

    max_vertices: int = 5_000_000
    """Most vertices of one boundary file."""

    worker_count: int = 2
    """Files read at a time, each in a process of its own; further ones wait their turn."""

    worker_memory_mb: int = 3000
    """Memory one such process may take, in MB (on Linux)."""

    worker_timeout_s: int = 300
    """Longest one file may take to be read, in seconds."""

    worker_output_mb: int = 1000
    """Largest table one file may turn into, in MB."""

    store_memory_mb: int = 1200
    """Memory the embedded database may use, in MB."""

    store_threads: int = 2
    """Threads the embedded database may use."""

    store_connections: int = 8
    """Most connections to a database server, of this program."""

    store_timeout_s: int = 120
    """Longest one question to a database server may take, in seconds."""

    backup_folder: str = "data/backups"
    """Where an older store of a server is kept before its shape is changed; that of a file is kept
    beside it."""


def read_settings(*, environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read the settings of this installation.

    Parameters
    ----------
    environ
        Variables; those of the process when missing.
    file
        A TOML file; `getu.toml` in the working folder when missing and there.

    Raises
    ------
    SettingError
        If a name is unknown, a value has the wrong type, or a time zone does not exist.
    """
    environ = os.environ if environ is None else environ
    file = Path("getu.toml") if file is None else file
    given: dict[str, object] = dict(_read_toml(file)) if file.is_file() else {}
    for name, value in environ.items():
        if name.startswith(PREFIX) and name not in OUTSIDE:
            given[name.removeprefix(PREFIX).lower()] = value
    settings = Settings(**_typed(given))  # type: ignore[arg-type]
    if settings.time_zone:
        require_time_zone(settings.time_zone)
    return settings


def require_time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name, or refuse it.

    Raises
    ------
    SettingError
        If there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingError("time_zone_unknown", name=name) from error


def _read_toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError("settings_unreadable", file=file.name) from error


def _typed(given: Mapping[str, object]) -> dict[str, object]:
    hints = get_type_hints(Settings)
    known = {field.name for field in fields(Settings)}
    if unknown := sorted(set(given) - known):
        raise SettingError("setting_unknown", name=unknown[0], known=", ".join(sorted(known)))
    return {name: _convert(name, value, hints[name]) for name, value in given.items()}


def _convert(name: str, value: object, hint: type) -> object:
    if hint is int:
        if isinstance(value, bool):
            raise SettingError("setting_not_number", name=name, value=value)
        try:
            number = int(str(value))
        except ValueError as error:
            raise SettingError("setting_not_number", name=name, value=value) from error
        if number <= 0:
            raise SettingError("setting_not_number", name=name, value=value)
        return number
    if (choices := get_args(hint)) and value not in choices:
        raise SettingError(
            "setting_not_choice", name=name, value=value, choices=", ".join(repr(c) for c in choices)
        )
    return str(value)
