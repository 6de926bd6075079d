"""Short-lived signed tokens for the addresses a map fetches (地图数据令牌).

The routes under `/api` stand outside the pages' session, so each request carries a token that a page
made: who may see what (`scope`), of which store, until when. The secret is made anew by every
process and never leaves it. Times are rounded to the hour, so that a token stays the same while a
reader works.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Final, Literal

from itsdangerous import BadSignature, URLSafeSerializer

ROUNDED_S: Final = 3600
LIFETIME_S: Final = 7200
"""A token made at any moment of an hour ends this long after the hour began: it lives one to two hours."""

_SERIALIZER: Final = URLSafeSerializer(secrets.token_bytes(32), salt="getu.api")

Refusal = Literal["bad", "expired"]


@dataclass(frozen=True)
class Grant:
    """What a token allows."""

    scope: str
    """`all`, as long as accounts do not exist."""
    store: str
    """Identity of the store the page was made from."""


def mint(grant: Grant, *, now_s: float | None = None) -> str:
    """Return a token for a grant.

    Parameters
    ----------
    grant
        What the token allows.
    now_s
        Seconds of a clock that never jumps; the one of this process when missing.
    """
    now_s = time.monotonic() if now_s is None else now_s
    ends_s = int(now_s // ROUNDED_S) * ROUNDED_S + LIFETIME_S
    return str(_SERIALIZER.dumps([grant.scope, grant.store, ends_s]))


def verify(token: str, *, now_s: float | None = None) -> Grant | Refusal:
    """Return what a token allows, or why it is refused."""
    now_s = time.monotonic() if now_s is None else now_s
    try:
        given = _SERIALIZER.loads(token)
    except BadSignature:
        return "bad"
    match given:
        case [str(scope), str(store), int(ends_s)]:
            return Grant(scope, store) if now_s < ends_s else "expired"
        case _:
            return "bad"
