"""Databases of every kind for tests: DuckDB files in a folder, and a PostgreSQL server of our own.

The server listens on a free port of the loopback address, keeps its data in a temporary folder and
asks for a password. A database is made from a template that has all migrations, in 0.1 s.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg

from geo.store.migrating import migrate
from geo.store.postgis import open_postgis

VARIABLE = "GETU_TEST_STORE"
"""Names the kind of database of the tests that do not run on both: duckdb (when empty) or postgis."""
KINDS = ("duckdb", "postgis")
MADE = datetime(2026, 11, 1, tzinfo=UTC)


def find_server_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL that has PostGIS, or None."""
    found = []
    for control in Path("/usr/share/postgresql").glob("*/extension/postgis.control"):
        version = control.parts[-3]
        folder = Path("/usr/lib/postgresql") / version / "bin"
        if (folder / "initdb").is_file():
            found.append((int(version), folder))
    return max(found)[1] if found else None


class Server:
    """A private PostgreSQL server. `is_safe` keeps fsync on, as the tests of crashes need it."""

    def __init__(self, programs: Path, *, is_safe: bool = False) -> None:
        self._programs = programs
        self._is_safe = is_safe
        self._user = "postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="getu-postgis-"))
        self.password = secrets.token_hex(8)
        self.port = _free_port()
        self._names = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()
        self.start()
        self.make("getu_template")
        with_migrations = open_postgis(self.url("getu_template"))
        migrate(with_migrations, "postgis", now=MADE)
        with_migrations.close()

    def _initialise(self) -> None:
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        secret = self.folder / "password"
        secret.write_text(self.password, encoding="ascii")
        secret.chmod(0o644)
        command = [self._programs / "initdb", "--pgdata", self.folder / "data", "--username", "postgres",
                   "--pwfile", secret, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
                   "--no-sync"]  # fmt: skip
        subprocess.run(command, user=self._user, cwd="/", check=True, capture_output=True)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        given = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": self.port,
            "fsync": "on" if self._is_safe else "off", "shared_buffers": "128MB", "max_connections": 80,
            "max_wal_size": "2GB", "log_min_messages": "fatal",
        }  # fmt: skip
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        for name, value in given.items():
            command += ["-c", f"{name}={value}"]
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                command, user=self._user, cwd="/", stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text(encoding="utf-8")[-2000:]) from None
                with suppress(subprocess.TimeoutExpired):  # ends early when the server dies
                    self._process.wait(timeout=0.02)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop the server; `at_once` as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            self._process.wait(timeout=60)
            self._process = None

    def close(self) -> None:
        """Stop the server and take its folder away."""
        self.stop(at_once=not self._is_safe)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, *, user: str = "postgres", password: str = "") -> str:
        """Return the address of a database."""
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Carry out one statement as the owner of the server."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def make(self, name: str = "", *, template: str = "template0") -> str:
        """Make a database; return its name."""
        name = name or f"test_{next(self._names)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Places(Protocol):
    """Where the stores of a test are."""

    kind: str

    def new(self, name: str = "store") -> str:
        """Return the address of a store that is made when it is first opened; the same for one name."""

    def copy(self, url: str, name: str) -> str:
        """Copy a store that nobody has open; return the address of the copy."""

    def clear(self) -> None:
        """Take away what cannot be left to the temporary folder."""


class DuckdbPlaces:
    """Stores in files of one folder."""

    kind = "duckdb"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self, name: str = "store") -> str:
        """Return the address of a file."""
        return f"duckdb:{self._folder / name}.duckdb"

    def copy(self, url: str, name: str) -> str:
        """Copy the file."""
        made = self.new(name)
        shutil.copy(url.removeprefix("duckdb:"), made.removeprefix("duckdb:"))
        return made

    def clear(self) -> None:
        """Nothing to do: the folder is temporary."""


class PostgisPlaces:
    """Stores in databases of the private server."""

    kind = "postgis"

    def __init__(self, server: Server) -> None:
        self.server = server
        self._made: dict[str, str] = {}

    def new(self, name: str = "store") -> str:
        """Return the address of a database that has all migrations and nothing else."""
        if name not in self._made:
            self._made[name] = self.server.make(template="getu_template")
        return self.server.url(self._made[name])

    def copy(self, url: str, name: str) -> str:
        """Make a database from another."""
        if name in self._made:
            self.server.drop(self._made.pop(name))
        self._made[name] = self.server.make(template=url.rpartition("/")[2])
        return self.server.url(self._made[name])

    def clear(self) -> None:
        """Drop the databases."""
        for name in self._made.values():
            self.server.drop(name)
        self._made.clear()


NewStore = Callable[..., str]
"""Returns the address of an empty store."""
