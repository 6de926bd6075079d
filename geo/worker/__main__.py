"""`python -m geo.worker`: keep a process ready that reads files; started by `geo.worker.keepers` only."""

from __future__ import annotations

from geo.worker.keeper import main

main()
