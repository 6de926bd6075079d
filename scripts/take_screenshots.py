"""Take the pictures of the documentation from a demo store (截图).

    python scripts/take_screenshots.py            # makes a demo store in a temporary folder first
    python scripts/take_screenshots.py --store duckdb:data/demo.duckdb

Writes PNG files of at most 200 kB into `docs/images`. Needs Debian's chromium and `playwright`.
"""

from __future__ import annotations

import argparse
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.page_tools import wait_until_drawn  # noqa: E402

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 200_000
SHOTS = {
    "one-map.png": ("/?layer=microgrid&by=n_new&lang=zh", 1440, 900, False),
    "one-map-en.png": ("/?layer=grid&by=on_time_share&lang=en", 1440, 900, False),
    "dashboard.png": (
        "/dashboard?area=510199001&level=subdistrict&lang=zh&by=on_time_share",
        1440,
        1180,
        False,
    ),
    "dashboard-en.png": (
        "/dashboard?area=510199001&level=subdistrict&lang=en&by=on_time_share",
        1440,
        1180,
        False,
    ),
    "dashboard-phone.png": ("/dashboard?area=510199001&level=subdistrict&lang=zh", 390, 844, True),
    "cases.png": ("/cases?area=510199001&level=subdistrict&lang=zh", 1440, 900, False),
    "import.png": ("/import?lang=zh", 1440, 900, False),
}
"""File → address, width, height in px, dark."""
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description="Take the pictures of the documentation.")
    parser.add_argument("--store", help="address of a store that holds a demo district")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = args.store or f"duckdb:{folder}/demo.duckdb"
        if args.store is None:
            environ = {**os.environ, "GETU_STORE_URL": store}
            subprocess.run([sys.executable, "-m", "geo", "demo"], cwd=ROOT, env=environ, check=True)
        take_all(store)


def take_all(store: str) -> None:
    """Serve a store on a free port and take every picture."""
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(ROOT / "streamlit_app.py"),
        "--server.port",
        str(port),
    ]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "GETU_STORE_URL": store})
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
            for name, (path, width, height, dark) in SHOTS.items():
                page = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
                )
                take(page, f"http://127.0.0.1:{port}{path}", IMAGES / name)
                page.close()
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=20)


def take(page: Page, address: str, file: Path) -> None:
    """Take one picture, with as many colours as fit the size."""
    page.goto(address)
    page.wait_for_selector(".st-key-method", state="attached", timeout=90_000)
    wait_until_drawn(page)
    page.wait_for_timeout(1500)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    file.parent.mkdir(parents=True, exist_ok=True)
    for colours in (256, 128, 64, 32):
        content = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
        if len(content.getvalue()) <= MOST_BYTES:
            break
    file.write_bytes(content.getvalue())
    print(f"{file.name}: {len(content.getvalue()):,} bytes, {colours} colours")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        if server.poll() is not None:
            raise SystemExit("the server did not start")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise SystemExit("the server did not answer")


if __name__ == "__main__":
    main()
