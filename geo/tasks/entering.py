"""Keep the passwords of the roles, and say whether pages may be served beyond this machine (进入).

The hashes stand in a file of their own and not in the store, for three reasons: who may reach this
server is a matter of the installation, so a backup or a copy of the data carries no secret to another
place; a store in a file is locked while pages are served, and a password must be changeable then; and
a reader of the data, whatever he can read, never reads a hash. The file is readable by its owner only.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from geo.access.callers import is_loopback, read_proxy
from geo.access.passwords import COST, Cost, hash_password, is_hash, matches, require_good
from geo.access.seats import ROLES, Role
from geo.errors import AccessError, GeoError, MissingError
from geo.settings import Settings
from geo.store.base import Store
from geo.whole_files import unfinished_name

_FORMAT: Final = 1
_MOST_BYTES: Final = 10_000
_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Password:
    """What is kept of one password."""

    hash: str
    set_at: datetime


Passwords = Mapping[Role, Password]


def read_passwords(settings: Settings) -> Passwords:
    """Read which passwords are set; none where there is no file.

    Raises
    ------
    AccessError
        If the file is there and cannot be read, or others can read it.
    """
    try:
        number = os.open(settings.access_file, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise AccessError("access_file_open") from error
    with os.fdopen(number, "rb") as file:
        _require_own(os.fstat(file.fileno()))
        return _read(file.read(_MOST_BYTES))


def _require_own(facts: os.stat_result) -> None:
    """Pass a file that belongs to this user, or to root, and that nobody else may touch."""
    if os.name != "posix":  # Windows has no such bits; the folder's own rights hold there
        return
    if facts.st_mode & _FOR_OTHERS or facts.st_uid not in (os.geteuid(), 0):
        raise AccessError("access_file_open")


def _read(content: bytes) -> Passwords:
    try:
        kept = json.loads(content)
        rows = {role: kept["passwords"][role] for role in ROLES if role in kept["passwords"]}
        found = {
            role: Password(str(row["hash"]), datetime.fromisoformat(row["set_at"]))
            for role, row in rows.items()
        }
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AccessError("access_file_unreadable") from error
    if kept.get("format") != _FORMAT or not all(is_hash(password.hash) for password in found.values()):
        raise AccessError("access_file_unreadable")
    return found


def set_password(settings: Settings, role: Role, password: str, *, now: datetime, cost: Cost = COST) -> None:
    """Keep the hash of a new password of a role.

    Raises
    ------
    AccessError
        If it is too easy to guess, belongs to the other role, or cannot be written.
    """
    require_good(password)
    kept = _kept_or_none(settings)
    if any(matches(password, other.hash) for name, other in kept.items() if name != role):
        raise AccessError("password_of_other_role")
    _write(settings, {**kept, role: Password(hash_password(password, cost=cost), now)})


def _kept_or_none(settings: Settings) -> Passwords:
    """Return what is kept; a file that cannot be understood is set anew, since its hashes are lost."""
    try:
        return read_passwords(settings)
    except AccessError as error:
        if error.code != "access_file_unreadable":
            raise
        return {}


def remove_password(settings: Settings, role: Role) -> None:
    """Forget the password of a role.

    Raises
    ------
    MissingError
        If none is set.
    """
    kept = read_passwords(settings)
    if role not in kept:
        raise MissingError(f"password_{role}_not_set")
    _write(settings, {name: password for name, password in kept.items() if name != role})


def _write(settings: Settings, passwords: Passwords) -> None:
    """Write the file whole: beside it first, readable by nobody else from its first moment on."""
    rows = {name: {"hash": kept.hash, "set_at": kept.set_at.isoformat()} for name, kept in passwords.items()}
    content = json.dumps({"format": _FORMAT, "passwords": rows}, indent=1).encode()
    target = Path(settings.access_file)
    part = unfinished_name(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise AccessError("access_file_not_written") from error
    finally:
        part.unlink(missing_ok=True)


def find_role(password: str, passwords: Passwords) -> Role | None:
    """Return the role whose password this is; every hash is tried, so that the time says nothing."""
    right: list[Role] = [role for role, kept in passwords.items() if matches(password, kept.hash)]
    return right[0] if right else None


def note_sign_in(store: Store, *, role: Role | None, place: str, now: datetime, n_left_out: int = 0) -> None:
    """Append a sign-in, or one that was refused, to the audit log; never what was typed.

    Parameters
    ----------
    store
        Whose data were asked for.
    role
        Role whose password it was, None where it was wrong.
    place
        Address it came from, as `geo.access.guesses.place_of` writes it.
    now
        Moment, UTC.
    n_left_out
        Refused ones before this that were too many to write down one by one.
    """
    note = f"from {place}" + (f"; {n_left_out} refused before it are not listed" if n_left_out else "")
    outcome: Literal["done", "refused"] = "done" if role else "refused"
    store.add_audit("sign_in", role or "-", outcome, actor=role or "unknown", taken_at=now, note=note)


def reason_not_to_serve(settings: Settings, passwords: Passwords) -> GeoError | None:
    """Return why pages may not be served to other machines; None where they may."""
    proxy = read_proxy(settings.trusted_proxy, settings.user_header, settings.proxy_editors)
    if proxy is not None and proxy.user_header:
        return None
    missing = [role for role in ROLES if role not in passwords]
    if not missing:
        return None
    if len(missing) == len(ROLES):
        return AccessError("access_nothing_set")
    return AccessError(f"access_{missing[0]}_missing")


def require_servable(settings: Settings, host: str) -> None:
    """Pass an address that may be served: the loopback address, or any where people sign in.

    Raises
    ------
    AccessError
        If other machines would reach pages that nobody has to sign in for.
    SettingError
        If the settings of the proxy make no sense.
    """
    reason = reason_not_to_serve(settings, read_passwords(settings))
    if reason is not None and not is_loopback(host):
        raise reason
