"""Fetch the JavaScript that maps need from npm into the program's own folder, with a manifest.

Run it by hand when a version changes: `python scripts/vendor_assets.py`. The program itself never
fetches anything; `tests/test_assets.py` compares the folder with the manifest.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "geo" / "present" / "assets" / "vendor"


@dataclass(frozen=True)
class Package:
    """One npm package and the few files of it that are kept."""

    name: str
    version: str
    licence: str
    licence_file: str
    files: tuple[str, ...]


PACKAGES = (
    Package("leaflet", "1.9.4", "BSD-2-Clause", "LICENSE", ("dist/leaflet.js", "dist/leaflet.css")),
    Package("leaflet.heat", "0.2.0", "BSD-2-Clause", "LICENSE", ("dist/leaflet-heat.js",)),
    Package(
        "leaflet.markercluster", "1.5.3", "MIT", "MIT-LICENCE.txt",
        ("dist/leaflet.markercluster.js", "dist/MarkerCluster.css"),
    ),
    Package("pbf", "5.1.2", "BSD-3-Clause", "LICENSE", ("dist/pbf.js",)),
)  # fmt: skip


def fetch(package: Package, folder: Path) -> dict[str, bytes]:
    """Return the kept files of one package by their path inside it."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[-1]
    with tarfile.open(fileobj=io.BytesIO((folder / packed).read_bytes())) as archive:
        kept = {}
        for path in (*package.files, package.licence_file):
            member = archive.extractfile(f"package/{path}")
            if member is None:
                raise SystemExit(f"{package.name} {package.version} has no file {path}.")
            kept[path] = member.read()
    return kept


def main() -> int:
    """Fetch every package anew and write the manifest."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    entries = []
    with tempfile.TemporaryDirectory() as temporary:
        for package in PACKAGES:
            files = {}
            for path, content in fetch(package, Path(temporary)).items():
                target = FOLDER / package.name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                files[f"{package.name}/{path}"] = hashlib.sha256(content).hexdigest()
            entries.append(
                {
                    "name": package.name,
                    "version": package.version,
                    "licence": package.licence,
                    "licence_file": f"{package.name}/{package.licence_file}",
                    "files": files,
                }
            )
    manifest = json.dumps({"packages": entries}, indent=2) + "\n"
    (FOLDER / "manifest.json").write_text(manifest, encoding="utf-8")
    print(f"{len(entries)} packages, {sum(len(entry['files']) for entry in entries)} files.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
