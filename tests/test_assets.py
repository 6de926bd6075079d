"""Every vendored file stands in the manifest with its name, version, digest and licence."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "geo" / "present" / "assets" / "vendor"
OURS = ROOT / "ui" / "assets"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))
FILES = {path: digest for package in MANIFEST["packages"] for path, digest in package["files"].items()}


def test_every_file_in_the_folder_is_in_the_manifest():
    found = {p.relative_to(VENDOR).as_posix() for p in VENDOR.rglob("*") if p.is_file()}

    assert found - {"manifest.json"} == set(FILES)


@pytest.mark.parametrize("path", sorted(FILES))
def test_every_file_has_the_digest_of_the_manifest(path):
    assert hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() == FILES[path]


@pytest.mark.parametrize("package", MANIFEST["packages"], ids=lambda package: package["name"])
def test_every_package_names_its_version_and_brings_its_licence(package):
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    assert package["licence"] in {"BSD-2-Clause", "BSD-3-Clause", "MIT"}
    assert package["licence_file"] in package["files"]
    assert "Copyright" in (VENDOR / package["licence_file"]).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(OURS.glob("*.[jc]s*")), ids=lambda path: path.name)
def test_our_own_scripts_and_styles_name_no_other_host_and_write_no_html(path):
    text = path.read_text(encoding="utf-8")

    assert not re.findall(r"https?://(?!www\.w3\.org/)", text)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
    )


def test_the_test_of_our_scripts_sees_any():
    assert {path.suffix for path in OURS.glob("*.*")} >= {".js", ".css"}
