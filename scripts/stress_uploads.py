"""Twenty users upload 100 MB each at once while others read: memory stays bounded, readers are answered (H02).

`make stress` runs it. The uploads are the worst of their kind: nobody's page takes them, so each one that
arrives is held. Exit code 1 when the server grows by more than the room for uploads and a half, a reader
waits longer than three seconds, or an upload is neither taken nor told to wait.
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections import Counter
from pathlib import Path
from statistics import median

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from geo.store import open_store
from tests.served import free_port, wait_until_served
from tests.small_store import fill_small_store
from ui.turns import UPLOADS_AT_ONCE

ROOT = Path(__file__).resolve().parents[1]
MB = 1_000_000
LONGEST_S = 3.0
PIECE = b"x" * MB


def run_page(
    port: int, page: str, hold: threading.Event | None = None, told: list[str] | None = None
) -> None:
    """Open a page and let its script run to its end; with `hold`, stay until it is set."""
    address = f"127.0.0.1:{port}"
    start = BackMsg()
    start.rerun_script.query_string = "lang=en"
    start.rerun_script.page_name = page
    stream = f"ws://{address}/_stcore/stream"
    with connect(stream, origin=f"http://{address}", subprotocols=["streamlit"], max_size=None) as line:
        line.send(start.SerializeToString())
        session = ""
        while True:
            message = ForwardMsg.FromString(line.recv(timeout=120))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                session = message.new_session.initialize.session_id
            if kind == "script_finished":
                break
        if told is not None and hold is not None:
            told.append(session)
            hold.wait(300)


def upload(port: int, session: str, token: str, n_mb: int, statuses: Counter[int]) -> None:
    """Send one file, piece by piece, as a browser does."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    tail = b"\r\n--x--\r\n"
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=180)
    line.putrequest("PUT", f"/_stcore/upload_file/{session}/{uuid.uuid4()}")
    headers = {
        "Content-Type": "multipart/form-data; boundary=x", "Cookie": f"_streamlit_xsrf={token}",
        "X-Xsrftoken": token, "Content-Length": str(len(head) + n_mb * MB + len(tail)),
    }  # fmt: skip
    for name, value in headers.items():
        line.putheader(name, value)
    try:
        line.endheaders(head)
        for _ in range(n_mb):
            line.send(PIECE)
        line.send(tail)
    except (BrokenPipeError, ConnectionResetError):
        pass  # told to wait before all was sent: the answer is there
    try:
        statuses[line.getresponse().status] += 1
    except (http.client.HTTPException, OSError):
        statuses[429] += 1  # the answer went with the connection that was closed on the rest of the file
    finally:
        line.close()


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1000
    return float("nan")


def main() -> int:
    """Upload and read; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--users", type=int, default=20, metavar="N", help="who uploads (default: %(default)s)"
    )
    parser.add_argument(
        "--mb", type=int, default=100, metavar="MB", help="size of a file (default: %(default)s)"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="getu-stress-") as name:
        url = f"duckdb:{name}/a.duckdb"
        with open_store(url, time_zone="Asia/Shanghai") as store:
            fill_small_store(store)
        port = free_port()
        own = {**os.environ, "GETU_STORE_URL": url, "GETU_ACCESS_FILE": f"{name}/access.json"}
        words = [sys.executable, "-m", "geo", "serve", "--port", str(port)]
        with Path(name, "log.txt").open("wb") as log:
            server = subprocess.Popen(words, cwd=ROOT, env=own, stdout=log, stderr=log)
            try:
                if not wait_until_served(f"http://127.0.0.1:{port}/_stcore/health", server):
                    print("the server did not start", file=sys.stderr)
                    return 1
                return _run(port, server.pid, args)
            finally:
                server.terminate()
                server.wait(timeout=60)


def _run(port: int, pid: int, args: argparse.Namespace) -> int:
    for page in ("", "dashboard", "import"):
        run_page(port, page)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/host-config", timeout=20) as answer:
        cookie = answer.headers.get("Set-Cookie", "")
    if "_streamlit_xsrf=" not in cookie:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=20) as answer:
            cookie = answer.headers.get("Set-Cookie", "")
    token = cookie.partition("_streamlit_xsrf=")[2].partition(";")[0].strip('"')
    hold, sessions, statuses = threading.Event(), [], Counter()
    visits = [
        threading.Thread(target=run_page, args=(port, "import", hold, sessions)) for _ in range(args.users)
    ]
    for visit in visits:
        visit.start()
    while len(sessions) < args.users and any(visit.is_alive() for visit in visits):
        time.sleep(0.1)
    before, most, waits = memory_mb(pid), 0.0, []
    uploads = [
        threading.Thread(target=upload, args=(port, session, token, args.mb, statuses))
        for session in sessions
    ]
    for one in uploads:
        one.start()
    while any(one.is_alive() for one in uploads):
        began = time.perf_counter()
        run_page(port, ("", "dashboard")[len(waits) % 2])
        waits.append(time.perf_counter() - began)
        most = max(most, memory_mb(pid))
        time.sleep(0.2)
    hold.set()
    for thread in (*uploads, *visits):
        thread.join()
    room = UPLOADS_AT_ONCE * args.mb
    grown = most - before
    print(f"{args.users} uploads of {args.mb} MB: {dict(statuses)}; memory {before:.0f} -> {most:.0f} MB "
          f"(room {room} MB); {len(waits)} pages: median {median(waits):.2f} s, worst {max(waits):.2f} s")  # fmt: skip
    is_good = grown <= 1.5 * room + 150 and max(waits) <= LONGEST_S and set(statuses) <= {204, 429}
    is_good &= statuses[204] >= min(UPLOADS_AT_ONCE, args.users) - 1 and statuses.total() == args.users
    return int(not is_good)


if __name__ == "__main__":
    sys.exit(main())
