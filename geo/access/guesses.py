"""Slow down whoever guesses passwords (口令尝试限速).

Every address may be wrong a few times and then waits longer for each further try; all addresses
together have a share too, so that guesses from many places are slow as well. Nobody is locked out for
good: every wait ends. A visit that is signed in already never asks here.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from typing import Final

FREE: Final = 5
"""Wrong passwords of one address before it waits."""
REFILL_S: Final = 60.0
"""One of them is forgiven in this time."""
FREE_OF_ALL: Final = 60
REFILL_OF_ALL_S: Final = 5.0
MOST_ADDRESSES: Final = 10_000


class Guesses:
    """Counts wrong passwords, as buckets that leak; moments are seconds of a clock that only grows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By address: how full its bucket was, and when."""
        self._of_all = (0.0, 0.0)

    def wait_s(self, address: str, now_s: float) -> float:
        """Return how long an address must wait before its next try, 0 where it need not."""
        with self._lock:
            own = _level(self._of.get(place_of(address), (0.0, now_s)), now_s, REFILL_S)
            everyone = _level(self._of_all, now_s, REFILL_OF_ALL_S)
        return max(_wait(own, FREE, REFILL_S), _wait(everyone, FREE_OF_ALL, REFILL_OF_ALL_S))

    def take(self, address: str, now_s: float) -> None:
        """Count a try before it is judged, so that tries at the same moment do not slip through."""
        place = place_of(address)
        with self._lock:
            full = _level(self._of.pop(place, (0.0, now_s)), now_s, REFILL_S)
            self._of[place] = (full + 1, now_s)
            self._of_all = (_level(self._of_all, now_s, REFILL_OF_ALL_S) + 1, now_s)
            while len(self._of) > MOST_ADDRESSES:
                self._of.popitem(last=False)

    def forgive(self, address: str, now_s: float) -> None:
        """Take back the try that was right, and forget the wrong ones of its address."""
        with self._lock:
            self._of.pop(place_of(address), None)
            self._of_all = (max(0.0, _level(self._of_all, now_s, REFILL_OF_ALL_S) - 1), now_s)


def place_of(address: str) -> str:
    r"""Return what counts as one address: an IPv4 address, or the /64 network of an IPv6 address.

    Examples
    --------
    >>> place_of("192.0.2.7"), place_of("2001:db8:1:2:aaaa::1"), place_of("x\ny")
    ('192.0.2.7', '2001:db8:1:2::/64', 'unknown')
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(known) >> 64 << 64, 64)))
    return str(known)


def _level(bucket: tuple[float, float], now_s: float, refill_s: float) -> float:
    full, at_s = bucket
    return max(0.0, full - max(0.0, now_s - at_s) / refill_s)


def _wait(full: float, free: int, refill_s: float) -> float:
    return max(0.0, (full - free + 1) * refill_s) if full > free - 1 else 0.0
