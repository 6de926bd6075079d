"""As `kill_me.py`, on stores large enough that random kills strike everywhere. Started by `make stress`."""

from __future__ import annotations

from tests.store import big_deeds, kill_me

if __name__ == "__main__":
    kill_me.DEEDS |= big_deeds.DEEDS
    kill_me.serve()
