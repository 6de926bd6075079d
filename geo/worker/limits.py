"""How much a file may cost to read: memory, time, what comes out of it, how many at a time (读取限额)."""

from __future__ import annotations

from dataclasses import dataclass

from geo.settings import Settings


@dataclass(frozen=True)
class WorkerLimits:
    """The limits of one installation, with the defaults of `geo.settings`."""

    memory_mb: int = 3000
    """Address space one reader may take beyond what the program itself occupies."""
    timeout_s: int = 300
    """Wall time of one file, from the moment its turn has come."""
    output_mb: int = 1000
    """Largest table that may come out of a file."""
    count: int = 2
    """Files read at a time."""


def worker_limits_of(settings: Settings) -> WorkerLimits:
    """Take the limits of readers out of the settings.

    Examples
    --------
    >>> worker_limits_of(Settings(worker_count=1)).count
    1
    """
    return WorkerLimits(
        memory_mb=settings.worker_memory_mb,
        timeout_s=settings.worker_timeout_s,
        output_mb=settings.worker_output_mb,
        count=settings.worker_count,
    )
