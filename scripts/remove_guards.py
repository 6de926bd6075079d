"""Take guards away one by one, and see that the test of each fails without it (fault C11).

`make stress` runs it; `--only D20` takes those whose name begins so. Everything happens in a copy of the
project. First the tests pass as the project stands; then each guard of `scripts/guards.py` is taken away,
its test is run, and the guard is put back. A test that passes without its guard proves nothing.

Exit code 1 when one does, or when a test fails with its guard in place. Writes one line a guard.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.guards import GUARDS, Guard
from tests.guarded.sitecustomize import environ_of_children

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 600
"""A test that hangs without its guard proves nothing either, and ends the run."""
_FAILED = 1
"""Exit code of pytest when tests failed; other codes mean that none was run."""


def copy_project(folder: Path) -> None:
    """Copy every file of the project, as it stands in the work folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def run_tests(folder: Path, guards: list[Guard]) -> tuple[int, str]:
    """Run the tests of some guards; return the exit code and the last line pytest wrote."""
    files = sorted({guard.test.split("::")[0] for guard in guards})
    names = " or ".join(sorted({guard.test.split("::")[1] for guard in guards}))
    # No compiled files: one edit and its undoing may fall into the same second.
    environ = environ_of_children({**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"})
    environ.setdefault("GETU_SHARED_DATA", str(ROOT.parent / "shared" / "data"))
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", "-k", names, *files],
        cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip
    lines = answer.stdout.strip().splitlines()
    return answer.returncode, lines[-1] if lines else answer.stderr[-300:]


def try_without(folder: Path, guard: Guard) -> tuple[bool, str]:
    """Take one guard away, run its test, and put it back; tell whether the test failed, and what it said."""
    file = folder / guard.file
    whole = file.read_text(encoding="utf-8")
    file.write_text(guard.take_away(whole), encoding="utf-8")
    try:
        code, said = run_tests(folder, [guard])
    finally:
        file.write_text(whole, encoding="utf-8")
    return code == _FAILED and " failed" in said, said


def main() -> int:
    """Take the guards away; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="NAME", help="guards whose name begins so")
    args = parser.parse_args()
    guards = [guard for guard in GUARDS if guard.name.startswith(args.only)]
    folder = Path(tempfile.mkdtemp(prefix="getu-guards-"))
    try:
        copy_project(folder)
        code, said = run_tests(folder, guards)
        print(f"with every guard: {said}", flush=True)
        if code != 0:
            return 1
        n_bad = 0
        for guard in guards:
            bites, said = try_without(folder, guard)
            n_bad += not bites
            print(f"{'bites' if bites else 'DOES NOT BITE'}  {guard.name}: {said}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(guards)} guards, {n_bad} whose test passes without them")
    return int(n_bad > 0)


if __name__ == "__main__":
    sys.exit(main())
