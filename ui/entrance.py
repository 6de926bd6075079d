"""Who is let in: visits that are signed in, and the judgement on every request (入口).

One entrance serves the whole process. A visit is kept here, on the server: the browser holds a signed
random number and nothing else, so that signing out, a new password and the end of a working day end a
visit at once, wherever its number has gone. Nothing of a visit outlives the process.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from itsdangerous import BadSignature, Signer

from geo.access.callers import Caller, Proxy, read_proxy
from geo.access.guesses import Guesses
from geo.access.seats import OPERATOR, Role, Seat
from geo.errors import AccessError, GeoError
from geo.settings import Settings, read_settings
from geo.tasks.entering import Passwords, find_role, read_passwords, reason_not_to_serve

LIFETIME_S: Final = timedelta(hours=12).total_seconds()
"""A visit ends after a working day."""
IDLE_S: Final = timedelta(hours=2).total_seconds()
"""And when nothing was asked for so long."""
MOST_VISITS: Final = 10_000
VISIT_HEADER: Final = "x-getu-visit"
"""Header in which the gate tells the pages which visit a connection belongs to; from outside it is
taken away."""


@dataclass(frozen=True)
class Admitted:
    """Let in, as somebody."""

    seat: Seat
    visit: str
    """Number under which the pages find the seat again; empty where the proxy named the user."""


@dataclass(frozen=True)
class Asked:
    """Nobody yet: a password is asked for."""


@dataclass(frozen=True)
class Refused:
    """Not let in, whatever is typed."""

    reason: GeoError


Judgement = Admitted | Asked | Refused


@dataclass
class _Visit:
    seat: Seat
    stamp: str
    """Digest of what it was signed in with; another one later ends the visit."""
    ends_s: float
    idle_from_s: float


class Entrance:
    """The visits of one process, and what decides who comes in."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self.guesses = Guesses()
        self.clock = clock
        self._lock = threading.Lock()
        self._visits: dict[str, _Visit] = {}
        self._signer = Signer(secrets.token_bytes(32), salt="getu.visit", digest_method=hashlib.sha256)
        self._local = secrets.token_urlsafe(32)
        """Number of all visits from this machine while nothing is set."""
        self._proxy = read_proxy(settings.trusted_proxy, settings.user_header, settings.proxy_editors)
        self._file: tuple[object, Passwords] = (None, {})

    @property
    def proxy(self) -> Proxy | None:
        """The proxy whose headers are believed."""
        return self._proxy

    def passwords(self) -> Passwords:
        """Return the passwords in force; the file is read again when it was changed.

        Raises
        ------
        AccessError
            If there is a file and it cannot be read.
        """
        facts = _facts(self.settings.access_file)
        known, passwords = self._file
        if facts is None or facts != known:
            passwords = read_passwords(self.settings)
            self._file = (facts, passwords)
        return passwords

    def is_open(self) -> bool:
        """Tell whether nothing is set, so that this machine alone is served, without signing in."""
        return not self.passwords() and not (self._proxy is not None and self._proxy.user_header)

    def _is_surely_open(self) -> bool:
        try:
            return self.is_open()
        except AccessError:
            return False  # nobody can tell any more whether a password is set

    def judge(self, caller: Caller, cookie: str) -> Judgement:
        """Decide on one request or connection."""
        try:
            passwords = self.passwords()
            is_open = self.is_open()
        except AccessError as error:
            return Refused(error)
        if self._proxy is not None and (seat := self._proxy.seat_of(caller)) is not None:
            return Admitted(seat, "")
        if is_open and caller.is_local:
            return Admitted(OPERATOR, self._local)
        if not passwords:
            code = "access_nothing_set" if is_open else "access_proxy_only"
            return Refused(AccessError(code))
        reason = reason_not_to_serve(self.settings, passwords)
        if reason is not None and not caller.is_local:
            return Refused(reason)
        visit = self._read_cookie(cookie)
        seat = self.seat_of(visit)
        return Asked() if seat is None else Admitted(seat, visit)

    def sign_in(self, password: str) -> str | None:
        """Begin a visit with a password; return its cookie, None where the password is wrong."""
        passwords = self.passwords()
        role = find_role(password, passwords)
        if role is None:
            return None
        visit = self._keep(Seat(role, role), stamp=_stamp(passwords, role))
        return self._signer.sign(visit).decode()

    def role_of(self, cookie: str) -> Role | None:
        """Return the role of the visit of a cookie; None where there is none."""
        seat = self.seat_of(self._read_cookie(cookie))
        return seat.role if seat else None

    def sign_out(self, cookie: str) -> None:
        """End the visit of a cookie."""
        with self._lock:
            self._visits.pop(self._read_cookie(cookie), None)

    def seat_of(self, visit: str) -> Seat | None:
        """Return who a visit belongs to; None where it has ended or never was."""
        if secrets.compare_digest(visit.encode(), self._local.encode()):
            return OPERATOR if self._is_surely_open() else None
        now_s = self.clock()
        with self._lock:
            known = self._visits.get(visit)
            if known is None:
                return None
            if now_s >= known.ends_s or now_s >= known.idle_from_s + IDLE_S or self._is_stale(known):
                del self._visits[visit]
                return None
            known.idle_from_s = now_s
            return known.seat

    def begin(self, seat: Seat) -> str:
        """Begin a visit of a user the proxy has named, for one connection."""
        return self._keep(seat, stamp="")

    def drop(self, visit: str) -> None:
        """Forget a visit that `begin` began."""
        with self._lock:
            self._visits.pop(visit, None)

    def _is_stale(self, known: _Visit) -> bool:
        if not known.stamp:
            return False
        try:
            return _stamp(self.passwords(), known.seat.role) != known.stamp
        except AccessError:
            return True  # nobody can tell any more whether the password still holds

    def _keep(self, seat: Seat, *, stamp: str) -> str:
        now_s = self.clock()
        visit = secrets.token_urlsafe(32)
        with self._lock:
            while len(self._visits) >= MOST_VISITS:
                del self._visits[next(iter(self._visits))]
            self._visits[visit] = _Visit(seat, stamp, now_s + LIFETIME_S, now_s)
        return visit

    def _read_cookie(self, cookie: str) -> str:
        try:
            return self._signer.unsign(cookie).decode()
        except (BadSignature, UnicodeError):
            return ""


def _stamp(passwords: Passwords, role: Role) -> str:
    kept = passwords.get(role)
    return hashlib.sha256(kept.hash.encode()).hexdigest() if kept else "none"


def _facts(name: str) -> object:
    """Return what changes whenever a file is replaced; None where nothing can be told."""
    try:
        found = Path(name).stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode, found.st_uid)


class _Held:
    """The entrance of this process, made when it is first asked for."""

    def __init__(self) -> None:
        self.entrance: Entrance | None = None
        self.lock = threading.Lock()


_held = _Held()


def entrance() -> Entrance:
    """Return the entrance of this process.

    Raises
    ------
    SettingError
        If the settings cannot be read.
    """
    with _held.lock:
        if _held.entrance is None:
            _held.entrance = Entrance(read_settings())
        return _held.entrance


def set_entrance(made: Entrance | None) -> None:
    """Let another entrance decide, as tests do."""
    with _held.lock:
        _held.entrance = made
