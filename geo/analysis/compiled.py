"""Compile inner loops once, and keep what was compiled (编译缓存).

Numba keeps compiled code beside the source, and where that folder is read-only in the user's cache
folder. Where neither can be written (a locked-down container without a home) the loops are compiled
again in every process instead of failing at import. `NUMBA_CACHE_DIR` chooses another place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function to machine code that runs without the interpreter lock.

    Threads are left to the caller: numba's own may not be entered by two Python threads at once,
    which is what a web page does.
    """
    try:
        return cast(_Function, numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # numba: "cannot cache function …: no locator available"
        return cast(_Function, numba.njit(nogil=True)(function))
