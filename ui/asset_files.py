"""Where the scripts and styles of the map stand, and under which address they are served.

The address holds a digest of all of them, so a browser may keep them for a year and still gets new
ones after an update.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import streamlit as st

from geo.present.offline import VENDOR

OURS: Final = Path(__file__).with_name("assets")
"""Scripts and styles written here."""


def digest_files(*folders: Path) -> str:
    """Return twelve hexadecimal digits that change with any file of the folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


ASSET_PATH: Final = f"/assets/{digest_files(VENDOR, OURS)}"
"""Start of the address of every script and style, after `base_path()`."""


def base_path() -> str:
    """Return what stands before every address of this app, empty or `/name`, as Streamlit is told."""
    name = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{name}" if name else ""
