"""Starts `kill_me.py` once, and lets it do one thing at a time in a child that may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.guarded.sitecustomize import environ_of_children

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Killer:
    """A process that forks for each thing to do. What children say of their errors goes to a file."""

    def __init__(self, errors: Path, script: Path = HERE / "kill_me.py") -> None:
        self._errors = errors
        environ = environ_of_children({**os.environ, "PYTHONPATH": str(ROOT)})
        with errors.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, str(script)], env=environ, cwd=ROOT, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=said, text=True,
            )  # fmt: skip

    def do(
        self, deed: str, url: str, other: object = "", *, fail_at: str = "",
        kill_after_s: float | None = None, migrations: object = "",
    ) -> tuple[int, float]:  # fmt: skip
        """Do one thing; return the exit code (negative: the signal) and the seconds it took."""
        order = {"deed": deed, "url": url, "other": str(other), "fail_at": fail_at,
                 "kill_after_s": kill_after_s, "migrations": str(migrations)}  # fmt: skip
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["code"] in (0, -signal.SIGKILL), self._errors.read_text()[-1500:]
        return answer["code"], answer["seconds"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()
