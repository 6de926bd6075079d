"""Make a thing once, however many ask for it at the same time (同一结果只算一次).

A cold dashboard that fifty people open together is measured by the first of them; the others wait for
what he gets. When he fails, the next in line tries by himself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Once(Generic[Made]):
    """What is being made at the moment, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._making: dict[Hashable, tuple[int, Future[Made]]] = {}

    def get(self, key: Hashable, *, find: Callable[[], tuple[Made] | None], make: Callable[[], Made]) -> Made:
        """Return what `find` has, or what another thread is making, or make it.

        Parameters
        ----------
        key
            What is asked for.
        find
            Looks among what was made before: a tuple of one, or None. Called again and again.
        make
            Makes it and puts it where `find` looks. May ask for other keys, not for its own.
        """
        while True:
            found = find()
            if found is not None:
                return found[0]
            with self._lock:
                maker, made = self._making.get(key, (0, None))
                if made is None:
                    own: Future[Made] = Future()
                    self._making[key] = (threading.get_ident(), own)
                    break
            if maker == threading.get_ident():
                return make()
            if made.exception() is None:
                return made.result()
        return self._make(key, own, find, make)

    def _make(
        self,
        key: Hashable,
        own: Future[Made],
        find: Callable[[], tuple[Made] | None],
        make: Callable[[], Made],
    ) -> Made:
        try:
            found = find()  # it may have been finished between the look and the claim
            result = make() if found is None else found[0]
        except BaseException as error:
            self._forget(key)
            own.set_exception(error)
            raise
        self._forget(key)
        own.set_result(result)
        return result

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            del self._making[key]
