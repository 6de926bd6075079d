"""What a reader may not do: take more than its share, reach the network, outlive its keeper (读取进程的约束).

Three fences stand around the network, each behind the other. GDAL, PROJ and their kin are told by
settings not to use it (`QUIET`). Python is watched by an audit hook, which nothing can take away again.
On Linux the kernel refuses system calls that make a socket or start another program, to libraries
written in C as well (seccomp, a filter in classic BPF). Elsewhere the first two have to do.

Memory, processor time and the size of files are limited by the kernel where it can: all three on Linux,
not the memory on macOS, none on Windows. Wall time is watched by the keeper, everywhere.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
from pathlib import Path

if sys.platform != "win32":
    import resource

MB = 1_000_000

QUIET = {
    "OPENBLAS_NUM_THREADS": "1",  # threads of the keeper would not live on in a forked reader
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # the others reserve a gigabyte of addresses at once
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PROJ_NETWORK": "OFF",
    "GDAL_DRIVER_PATH": "disable",
    "OGR_SKIP": (
        "OGR_VRT,GDALG,EEDA,OGCAPI,WFS,OAPIF,CSW,HTTP,Elasticsearch,Carto,AmigoCloud,PLSCENES,NGW,GPSBabel,ADBC"
    ),
    "GDAL_HTTP_PROXY": "127.0.0.1:1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_CONNECTTIMEOUT": "1",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
}
"""Environment of a keeper: no threads, no drivers that open other places, nothing fetched."""

_NEVER = (
    "socket.", "http.client.", "urllib.", "ftplib.", "smtplib.", "subprocess.Popen", "os.system", "os.exec",
    "os.posix_spawn", "os.spawn", "os.startfile", "os.fork", "pickle.find_class", "ctypes.dlopen", "webbrowser.",
)  # fmt: skip
"""Audit events a reader may not raise, by how they begin; ctypes could call what Python may not."""

LAST_WORDS_MB = 50
"""What a reader that ran out of memory gets on top, to write down that it did."""
SHORT_SHARE = 0.95
"""A reader that came this near its limit of memory may have got less than it asked for somewhere."""

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 1, 38, 22, 2
_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EPERM
_OTHER_ABI = 0x40000000
_CALLS: dict[str, tuple[int, tuple[int, ...]]] = {
    # socket connect accept sendto sendmsg bind listen socketpair execve ptrace process_vm_writev execveat
    # accept4 io_uring_setup
    "x86_64": (0xC000003E, (41, 42, 43, 44, 46, 49, 50, 53, 59, 101, 311, 322, 288, 425)),
    "aarch64": (0xC00000B7, (198, 203, 202, 206, 211, 200, 201, 199, 221, 117, 271, 281, 242, 425)),
}
"""Architecture → its audit number and the numbers of the system calls refused (linux/unistd.h)."""


def limit_resources(*, memory_mb: int, timeout_s: int, file_mb: int) -> int:
    """Limit memory, processor time and the size of files of this process; return the limit of memory.

    Parameters
    ----------
    memory_mb
        Address space beyond what this process occupies now, MB.
    timeout_s
        Processor seconds; a little more is given, since the keeper watches the wall time.
    file_mb
        Largest file that may be written, MB.

    Returns
    -------
    int
        Bytes of address space this process may have in all; 0 where that is not limited.
    """
    if sys.platform == "win32":
        return 0
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (timeout_s + 5, timeout_s + 10))
    limit_files(file_mb)
    if sys.platform != "linux":
        return 0
    most = _status("VmSize") + memory_mb * MB
    resource.setrlimit(resource.RLIMIT_AS, (most, most + LAST_WORDS_MB * MB))
    return most


def make_room_for_last_words() -> None:
    """Give a reader that ran out of memory enough to say so."""
    if sys.platform == "linux":
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def limit_files(file_mb: int) -> None:
    """Limit the size of files this process writes, where the system can."""
    if sys.platform == "win32":
        return
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    soft = file_mb * MB if hard == resource.RLIM_INFINITY else min(file_mb * MB, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def is_short_of_memory(most: int) -> bool:
    """Tell whether this process came so near its limit that something may have gone without.

    GEOS takes a geometry it has no memory for as one it cannot read; a result made at the limit is
    therefore not believed.
    """
    return most > 0 and peak_address_space() > SHORT_SHARE * most


def peak_address_space() -> int:
    """Return the most bytes of address space this process has had; 0 where that is not known."""
    return _status("VmPeak") if sys.platform == "linux" else 0


def own_memory() -> int:
    """Return the bytes a child of this process shares with it at its birth; 0 where that is not known.

    Pages of files are not among them: a child meets those anew.
    """
    return _status("RssAnon") if sys.platform == "linux" else 0


def _status(line: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.split(f"{line}:")[1].split()[0]) * 1024


def die_with(keeper: int) -> None:
    """End this process when its keeper ends, on Linux; elsewhere its limits of time end it."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != keeper:  # it ended before it was asked about
        os._exit(1)


def cut_off() -> bool:
    """Refuse the network and other programs from now on; return whether the kernel refuses them too."""
    is_refused = _filter_calls()
    sys.addaudithook(_refuse)
    return is_refused


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event.startswith(_NEVER):
        raise PermissionError(f"a reader may not: {event}")


def _filter_calls() -> bool:
    """Install a filter of system calls; False where the kernel or the processor knows none."""
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return False
    program = _write_filter(*_CALLS[platform.machine()])
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    buffer = ctypes.create_string_buffer(head, len(head))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return not libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(buffer), 0, 0)


def _write_filter(architecture: int, calls: tuple[int, ...]) -> bytes:
    """Write the filter: another architecture or ABI and the calls named are refused, all else is allowed."""
    refusal = 5 + len(calls)  # where the last step stands; a jump counts from the step behind it
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUALS, 0, refusal - 2, architecture),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, refusal - 4, 0, _OTHER_ABI),
        *((_EQUALS, refusal - 1 - at, 0, call) for at, call in enumerate(calls, start=4)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
