"""Passwords of the roles: which are good enough, how they are kept and compared (口令).

A password is never kept, only a slow salted hash of it: scrypt (RFC 7914), which needs 64 MB for every
try (twice 2^16 blocks, as the OWASP Password Storage Cheat Sheet names them). The numbers stand in the
hash, so that they can grow later while old hashes still work.

A role's password is known to several people and no second factor stands beside it, so it has at least
12 signs (OWASP ASVS 5.0, 6.2.1: at least 8, better 15). Signs of any script count; 64 and more are
taken. Full-width and half-width signs are the same (NFKC), since input methods exchange them unseen.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Final

from geo.errors import AccessError

LEAST_SIGNS: Final = 12
MOST_SIGNS: Final = 200
LEAST_DIFFERENT: Final = 5

_COMMON: Final = re.compile(
    "administrator|admin|passwords?|passwort|passw0rd|p@ssword|qwertyuiop|asdfghjkl|zxcvbnm|qwerty|qazwsxedc"
    "|qazwsx|1qaz2wsx|1q2w3e4r5t|iloveyou|changeme|welcome|letmein|secret|guest|login|root|test|user|woaini"
    "|mima|getu|viewer|editor|管理员|街道办|密码|口令|格图|网格|查看|编辑"
)
"""What a guess begins with; digits and signs around it do not make it better."""
_LINES: Final = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True)
class Cost:
    """What one try costs: 128 · 2^`log_n` · `r` bytes of memory, `p` times over."""

    log_n: int = 16
    r: int = 8
    p: int = 2


COST: Final = Cost()
_KEY_BYTES, _SALT_BYTES = 32, 16
_FORM: Final = re.compile(r"scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([0-9a-f]{32})\$([0-9a-f]{64})")
_MOST_LOG_N: Final = 20


def require_good(password: str) -> None:
    """Pass a password that is hard enough to guess.

    Raises
    ------
    AccessError
        If it is too short or too long, or among what is tried first.
    """
    plain = _plain(password)
    if len(plain) < LEAST_SIGNS:
        raise AccessError("password_short", least=LEAST_SIGNS, given=len(plain))
    if len(plain) > MOST_SIGNS:
        raise AccessError("password_long", most=MOST_SIGNS)
    if any(unicodedata.category(sign) == "Cc" for sign in plain):
        raise AccessError("password_control_sign")
    if _is_tried_first(plain.casefold()):
        raise AccessError("password_common")


def _is_tried_first(text: str) -> bool:
    if len(set(text)) < LEAST_DIFFERENT or any(text in line for line in _LINES):
        return True
    return not re.sub(r"[\W\d_]+", "", _COMMON.sub("", text))


def hash_password(password: str, *, cost: Cost = COST, salt: bytes | None = None) -> str:
    """Return a slow salted hash of a password, with everything needed to compare later.

    Parameters
    ----------
    password
        As typed.
    cost
        What one try shall cost.
    salt
        16 bytes; random ones when missing.
    """
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    key = _derive(password, salt, cost)
    return f"scrypt${cost.log_n}${cost.r}${cost.p}${salt.hex()}${key.hex()}"


def is_hash(text: str) -> bool:
    """Tell whether a text is a hash as `hash_password` makes it, at a cost this machine can pay."""
    match = _FORM.fullmatch(text)
    return match is not None and 1 <= int(match[1]) <= _MOST_LOG_N and int(match[2]) > 0 and int(match[3]) > 0


def matches(password: str, kept: str) -> bool:
    """Tell whether a password is the one a hash was made of, in the same time whatever it is.

    Raises
    ------
    AccessError
        If `kept` is no hash of ours.
    """
    match = _FORM.fullmatch(kept)
    if match is None or not is_hash(kept):
        raise AccessError("access_file_unreadable")
    cost = Cost(int(match[1]), int(match[2]), int(match[3]))
    return hmac.compare_digest(_derive(password, bytes.fromhex(match[4]), cost), bytes.fromhex(match[5]))


def _derive(password: str, salt: bytes, cost: Cost) -> bytes:
    n = 2**cost.log_n
    return hashlib.scrypt(
        _plain(password[: 4 * MOST_SIGNS]).encode("utf-8", "surrogatepass"),
        salt=salt, n=n, r=cost.r, p=cost.p, maxmem=130 * n * cost.r + 1_000_000 * cost.p, dklen=_KEY_BYTES,
    )  # fmt: skip


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
