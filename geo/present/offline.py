"""Where the third-party scripts and styles of maps stand (离线资源)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

VENDOR: Final = Path(__file__).with_name("assets") / "vendor"
"""Third-party scripts and styles, listed with their digests in `manifest.json`."""
