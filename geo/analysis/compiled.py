"""Compile inner loops once, and keep what was compiled (编译缓存).

Numba keeps compiled code beside the source, and where that folder is read-only in the user's cache
folder. Where neither can be written (a locked-down container without a home) the loops are compiled
again in every process instead of failing at import. `NUMBA_CACHE_DIR` chooses another place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.base import BaseContext
from numba.core.typing.templates import Signature
from numba.extending import intrinsic
from numpy.typing import NDArray

N_CORES = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
"""Cores this process may use."""

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


def pasted(function: _Function) -> _Function:
    """Write a small function into every compiled loop that calls it, as if it stood there.

    For what an inner loop does at every step with arrays: handing arrays over costs more than using them.
    """
    return cast(_Function, numba.njit(nogil=True, inline="always")(function))


def _prefetch(
    typingctx: object, array: types.Array, index: types.Integer
) -> tuple[Signature, Callable[..., object]]:
    """Tell numba how to ask the processor for the memory behind `array[index]`."""

    def write_code(
        context: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Sequence[ir.Value]
    ) -> object:
        as_array = context.make_array(signature.args[0])  # type: ignore[no-untyped-call]
        data = as_array(context, builder, arguments[0]).data
        word, pointer = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, word, word, word])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
        place = builder.bitcast(builder.gep(data, [arguments[1]]), pointer)
        builder.call(call, [place, word(0), word(3), word(1)])  # to read, to keep, data
        return context.get_dummy_value()  # type: ignore[no-untyped-call]

    return types.void(array, types.int64), write_code


prefetch = cast(Callable[[NDArray[Any], int], None], intrinsic(_prefetch))
"""Ask the processor to fetch `array[index]`, without waiting. Changes nothing but the time; an index past
the end does no harm. For loops that read far places in an order known ahead; compiled code only."""
