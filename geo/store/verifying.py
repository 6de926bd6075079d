"""Look for rows that break a rule of the store (校验)."""

from __future__ import annotations

from geo.store.database import Database


def verify(db: Database, time_zone: str) -> list[str]:
    """Look for rows that break a rule of the store."""
    return []
