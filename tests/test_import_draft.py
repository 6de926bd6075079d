"""What is uploaded stays within its limits, and a draft without its files, or files without a draft, are noticed.

Faults H02, G20 and G21. There are no photos yet; what stands beside rows are the files of a draft, which has
no row before it is confirmed: both halves of G21 are a draft whose file is gone, and a file whose draft is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from geo.access.seats import OPERATOR, Seat
from geo.errors import GeoError
from geo.settings import Settings
from geo.store import open_store as open_at
from geo.tasks.opening import open_store
from geo.whole_files import unfinished_folder
from tests.test_pages import all_text, open_page  # noqa: F401
from ui import import_draft

CSV = "编号,地址\n1,二\n".encode()
MIB = import_draft.MEBIBYTE


class Upload(BytesIO):
    def __init__(self, name, content=CSV):
        super().__init__(content)
        self.name = name


@pytest.fixture
def visit(monkeypatch, tmp_path):
    """Stand in for a visit, with small limits and a folder of its own for temporary files."""
    state = {}
    settings = Settings(max_upload_mb=1, max_archive_members=20)
    monkeypatch.setattr(import_draft.session, "settings", lambda: settings)
    monkeypatch.setattr(import_draft.session, "store", lambda: SimpleNamespace(time_zone="Asia/Shanghai"))
    monkeypatch.setattr(import_draft, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield state
    import_draft.drop()


def open_upload(kind, uploads):
    """Open an upload and wait until it has been read, as the page does."""
    import_draft.start_opening(kind, uploads)
    import_draft.opening().reading.work.wait(60)
    return import_draft.finish_opening()


def read_again(draft, **choices):
    again = import_draft.start_again(draft, **choices)
    again.work.wait(60)
    import_draft.finish_again(draft, again)


def refusal(kind, uploads):
    with pytest.raises(GeoError) as refused:
        open_upload(kind, uploads)
    for language in ("zh", "en"):
        assert refused.value.say(language)
    return refused.value.code


def left(folder):
    return [path.name for path in folder.rglob("*")]


@pytest.mark.parametrize(("n", "code"), [(21, "upload_too_many"), (200, "upload_too_many")])
def test_fault_H02_more_files_than_are_taken_at_once_are_refused_before_one_is_written(
    visit, tmp_path, n, code
):
    uploads = [Upload(f"{k}.geojson") for k in range(n)]
    assert refusal("boundaries", uploads) == code
    assert left(tmp_path) == []
    assert all(upload.tell() == 0 for upload in uploads)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("cases", "a.csv"), ("facilities", "a.xlsx"), ("population", "a.csv"), ("cases", "a.geojson")],
)
def test_fault_H02_of_two_lists_none_is_left_out_in_silence(visit, tmp_path, kind, name):
    assert refusal(kind, [Upload(name), Upload("b.csv")]) == "upload_one_list"
    assert left(tmp_path) == []


def test_fault_H02_the_files_of_one_upload_are_as_large_as_one_together(visit, tmp_path):
    parts = [Upload(f"{k}.geojson", b" " * (MIB // 2)) for k in range(3)]
    assert refusal("boundaries", parts) == "upload_too_large"
    assert left(tmp_path) == []
    exactly = Upload("a.csv", CSV + "2,三\n".encode() * ((MIB - len(CSV)) // 6))
    assert len(exactly.getvalue()) <= MIB
    assert open_upload("cases", [exactly]).file.n_rows > 1000


def test_fault_H02_all_drafts_together_are_bounded_and_a_dropped_one_makes_room(visit, tmp_path):
    full = CSV + "2,三\n".encode() * ((MIB - len(CSV)) // 6)
    drafts = [open_upload("cases", [Upload("a.csv", full)]) for _ in range(import_draft.MOST_DRAFTS)]
    assert refusal("cases", [Upload("a.csv", full)]) == "upload_no_room"
    assert import_draft.bytes_of_drafts() == import_draft.MOST_DRAFTS * len(full)
    drafts.pop(0).folder.cleanup()
    open_upload("cases", [Upload("a.csv", full)])
    for draft in drafts:
        draft.folder.cleanup()
    import_draft.drop()
    assert left(tmp_path) == []


def test_fault_G21_a_draft_whose_file_is_gone_says_so_and_asks_for_it_again(visit):
    draft = open_upload("cases", [Upload("周报.csv")])
    draft.paths[0].unlink()
    for step in (
        lambda: import_draft.start_check(draft),
        lambda: read_again(draft, encoding="gb18030", sheet=None),
    ):
        with pytest.raises(GeoError) as refused:
            step()
        assert refused.value.code == "upload_gone"
        assert "周报.csv" in refused.value.say("zh") and str(draft.paths[0].parent) not in refused.value.say(
            "zh"
        )


def test_fault_G21_files_whose_draft_is_gone_are_swept_at_the_next_start_which_says_so(
    visit, tmp_path, caplog
):
    draft = open_upload("cases", [Upload("a.csv")])
    own = Path(draft.folder.name)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    dead = own.with_name(own.name.replace(f"-{os.getpid()}-", f"-{process.pid}-"))
    dead.mkdir()
    (dead / "0.csv").write_bytes(CSV)
    others = tmp_path / "getu-upload.txt"
    others.write_text("not ours to take away")
    settings = Settings(store_url=f"duckdb:{tmp_path / 's' / 'a.duckdb'}", language="en")
    with open_store(settings):
        assert not dead.exists()
        assert own.exists() and others.exists()
    assert any("unfinished" in message for message in caplog.messages)
    if os.name == "posix":
        assert own.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/网格.csv",
        "网\x00格.c\x00sv",
        "网格\u202egpj.csv",
        "a" * 300 + ".csv",
        "CON.csv",
        "x.c/sv",
        "a\n.csv",
    ],
)
def test_fault_A27_a_file_is_kept_under_a_number_whatever_it_is_called(visit, tmp_path, name):
    import_draft.start_opening("cases", [Upload(name)])
    waiting = import_draft.opening()
    waiting.reading.work.wait(60)
    (path,) = waiting.paths
    assert re.fullmatch(r"0(\.[a-z0-9]{1,12})?", path.name)
    assert path.parent == Path(waiting.folder.name) and path.is_file()
    assert {item.name for item in tmp_path.rglob("*") if item.is_file()} == {path.name}
    import_draft.drop_opening()


def test_a_folder_for_files_on_their_way_vanishes_with_who_made_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with unfinished_folder("getu-x") as name:
        assert Path(name).parent == tmp_path
    assert left(tmp_path) == []


@pytest.mark.parametrize(("lang", "says"), [("zh", "已清理 3 个"), ("en", "3 unfinished files")])
@pytest.mark.parametrize(("seat", "is_told"), [(OPERATOR, True), (Seat("viewer", "viewer"), False)])
def test_fault_G20_what_a_start_swept_is_told_to_editors_on_the_page_where_data_are_managed(
    open_page, tmp_path, lang, says, seat, is_told  # noqa: F811
):  # fmt: skip
    with open_at(f"duckdb:{tmp_path / 'a.duckdb'}", n_swept=3) as store:
        page = open_page("import_data", store, seat=seat, lang=lang)
        assert (says in all_text(page)) is is_told


def test_nothing_is_told_of_a_start_that_found_nothing(open_page, tmp_path):  # noqa: F811
    with open_at(f"duckdb:{tmp_path / 'a.duckdb'}") as store:
        assert "last started" not in all_text(open_page("import_data", store, lang="en"))
