"""Rendered layers, kept packed in memory and made once however many ask (图层缓存)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable


class RenderCache:
    """Bytes by key, the least recently used thrown out first.

    Parameters
    ----------
    most_bytes
        Sum of what is kept; a single answer that is larger is not kept at all.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._n_bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: str, make: Callable[[], bytes]) -> bytes:
        """Return what is kept under a key, or make it; those who ask meanwhile wait for the one maker."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                content = make()
                self._keep(key, content)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return content

    @property
    def n_bytes(self) -> int:
        """Bytes kept now."""
        return self._n_bytes

    def _keep(self, key: str, content: bytes) -> None:
        if len(content) > self._most_bytes:
            return
        with self._lock:
            self._kept[key] = content
            self._n_bytes += len(content)
            while self._n_bytes > self._most_bytes:
                _, old = self._kept.popitem(last=False)
                self._n_bytes -= len(old)
