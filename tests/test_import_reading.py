"""The Import page reads a file beside itself: it says what goes on, stops when asked, and says what went wrong."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import streamlit as st

from geo.crs import from_wgs84, wgs84_to_gcj02
from geo.errors import GeoError
from geo.settings import Settings
from geo.tasks import reading as tasks_reading
from geo.tasks.bringing import store_preview
from geo.worker.failpoints import VARIABLE
from geo.worker.keepers import Keepers
from tests import test_pages
from tests.intake.layer_files import shapefile, zip_of
from tests.tasks.test_datums import WHO, lattice
from tests.tasks.test_datums import bring as bring_boundaries
from tests.test_pages import all_text, panels
from tests.worker.files import SOON_S, eventually, point_geopackage, squares, workbook
from ui import import_draft, import_reading, session
from ui.import_reading import Reading, start_reading

open_page, empty_store = test_pages.open_page, test_pages.empty_store


@pytest.fixture
def temp_folder(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def bring():
    """Return a function that uploads files on the first step, and runs the page until they have been read."""
    pages = []

    def upload(page, *files):
        pages.append(page)
        (box,) = page.file_uploader
        box.set_value([(name, content, "") for name, content in files])
        page.run()
        while "opening" in page.session_state:
            page.session_state["opening"].reading.work.wait(SOON_S)
            page.run()
        return page

    yield upload
    for page in pages:
        if "draft" in page.session_state:
            page.session_state["draft"].folder.cleanup()


def choose(page, kind):
    page.radio[0].set_value(kind).run()
    return page


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("boundaries", "网格.geojson", squares(3)),
        ("facilities", "设施.xlsx", workbook([["编号", "名称"], ["1", "甲"], ["2", "乙"], ["3", "丙"]])),
        ("cases", "工单.csv", "工单编号,标题\n1,a\n2,b\n3,c\n".encode()),
    ],
)
def test_an_upload_is_read_and_the_columns_are_asked_for(bring, open_page, empty_store, kind, name, content):
    page = bring(choose(open_page("import_data", empty_store, lang="en"), kind), (name, content))
    assert panels(page, "steps")[0]["current"] == 2
    assert page.session_state["draft"].names == (name,)
    assert import_draft.n_rows(page.session_state["draft"].file) == 3


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "意外中断，没有存入任何内容"), ("en", "broke off; nothing was stored")]
)
def test_fault_G03_the_page_says_that_the_reader_died_and_the_file_can_be_brought_again(
    bring,
    open_page, empty_store, monkeypatch, temp_folder, lang, said
):  # fmt: skip
    monkeypatch.setenv(VARIABLE, "worker.read:die")
    page = bring(open_page("import_data", empty_store, lang=lang), ("网格.geojson", squares(3)))
    assert said in all_text(page) and "Traceback" not in all_text(page)
    assert panels(page, "steps")[0]["current"] == 1
    assert not list(temp_folder.iterdir())
    assert empty_store.count_rows()["import_batches"] == empty_store.count_rows()["areas"] == 0
    monkeypatch.delenv(VARIABLE)
    bring(page, ("网格.geojson", squares(3)))
    assert panels(page, "steps")[0]["current"] == 2


def test_a_file_that_cannot_be_read_is_said_and_its_folder_is_gone(
    bring, open_page, empty_store, temp_folder
):
    page = bring(open_page("import_data", empty_store, lang="en"), ("a.geojson", b"<html/>"))
    assert "a.geojson" in all_text(page)
    assert panels(page, "steps")[0]["current"] == 1
    assert not list(temp_folder.iterdir())


def test_another_sheet_is_read_when_it_is_chosen(bring, open_page, empty_store):
    book = workbook([["编号", "名称"], ["1", "甲"]], second="第二")
    page = bring(choose(open_page("import_data", empty_store), "facilities"), ("b.xlsx", book))
    (sheet,) = [box for box in page.selectbox if box.key.startswith("sheet")]
    sheet.set_value("第二").run()
    while (again := page.session_state["draft"].again) is not None:
        again.work.wait(SOON_S)
        page.run()
    draft = page.session_state["draft"]
    assert (draft.sheet, draft.file.sheet, draft.file.columns) == ("第二", "第二", ("编号", "z"))


def test_a_sheet_that_cannot_be_read_leaves_the_file_as_it_was(bring, open_page, empty_store, monkeypatch):
    book = workbook([["编号", "名称"], ["1", "甲"]], second="第二")
    page = bring(choose(open_page("import_data", empty_store), "facilities"), ("b.xlsx", book))
    monkeypatch.setenv(VARIABLE, "worker.read:die")
    (sheet,) = [box for box in page.selectbox if box.key.startswith("sheet")]
    sheet.set_value("第二").run()
    page.session_state["draft"].again.work.wait(SOON_S)
    page.run()
    draft = page.session_state["draft"]
    assert "意外中断，没有存入任何内容" in all_text(page)
    assert (draft.sheet, draft.file.sheet) == (None, "Sheet1")


def upload(page, name: str, content: bytes) -> None:
    """Upload a file and wait until it has been read, or a question stands."""
    (box,) = page.file_uploader
    box.set_value([(name, content, "")])
    page.run()
    settle(page)


def settle(page) -> None:
    if "opening" in page.session_state:
        page.session_state["opening"].reading.work.wait(SOON_S)
        page.run()
    assert not page.exception, page.exception


def answer(page, value: str) -> None:
    (choice,) = [box for box in page.selectbox if box.key.startswith("answer")]
    choice.set_value(value)
    (button,) = [button for button in page.button if button.form_id]
    button.click().run()
    settle(page)


@pytest.fixture
def layers(tmp_path):
    """A GeoPackage of two layers."""
    return point_geopackage(tmp_path).read_bytes()


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "含有多个图层：second, 点"), ("en", "holds several layers: second, 点")]
)
def test_a_file_of_several_layers_asks_which_one_is_meant(
    open_page, empty_store, layers, temp_folder, lang, said
):
    page = open_page("import_data", empty_store, lang=lang)
    upload(page, "网格.gpkg", layers)
    assert said in all_text(page)
    (choice,) = [box for box in page.selectbox if box.key.startswith("answer")]
    assert choice.options == ["second", "点"] and choice.value is None
    answer(page, "点")
    draft = page.session_state["draft"]
    assert (draft.file.layer, draft.layer, draft.step) == ("点", "点", 2)
    draft.folder.cleanup()
    assert not list(temp_folder.iterdir())


def test_another_layer_is_read_when_it_is_chosen(open_page, empty_store, layers):
    page = open_page("import_data", empty_store)
    upload(page, "网格.gpkg", layers)
    answer(page, "点")
    (again,) = [box for box in page.selectbox if box.key.startswith("layer_")]
    again.set_value("second").run()
    while (reading := page.session_state["draft"].again) is not None:
        reading.work.wait(SOON_S)
        page.run()
    assert page.session_state["draft"].file.layer == "second"
    page.session_state["draft"].folder.cleanup()


def test_another_file_may_be_brought_instead_of_an_answer(open_page, empty_store, layers, temp_folder):
    page = open_page("import_data", empty_store)
    upload(page, "网格.gpkg", layers)
    upload(page, "网格.geojson", squares(3))
    assert page.session_state["draft"].names == ("网格.geojson",)
    page.session_state["draft"].folder.cleanup()
    assert not list(temp_folder.iterdir())


def test_an_encoding_that_a_file_names_wrongly_is_asked_for(open_page, empty_store, tmp_path):
    path = shapefile(tmp_path, encoding="GBK", name=["大慈寺社区", "东大路街道"])
    path.with_suffix(".cpg").write_text("UTF-8")
    page = open_page("import_data", empty_store)
    upload(page, "网格.zip", zip_of(tmp_path))
    assert "不是 utf-8 编码" in all_text(page)
    answer(page, "gb18030")
    draft = page.session_state["draft"]
    assert draft.file.table["name"].tolist() == ["大慈寺社区", "东大路街道"]
    assert not draft.is_encoding_open
    draft.folder.cleanup()


@pytest.mark.parametrize(
    ("lang", "differs", "exchanged", "metres"),
    [
        ("zh", "图层最像 GCJ-02", "纬度在前、经度在后", "数值像是以米为单位"),
        ("en", "fits best as GCJ-02", "latitude before longitude", "look like metres"),
    ],
)
def test_the_step_of_the_columns_says_what_speaks_against_the_system(
    open_page, empty_store, lang, differs, exchanged, metres
):
    store_preview(empty_store, bring_boundaries(empty_store, lattice(), "wgs84"), **WHO)

    def to_metres(lon, lat):
        return from_wgs84(lon, lat, coord_sys="cgcs2000-cm105")

    for content, said in (
        (lattice(wgs84_to_gcj02), differs),
        (lattice(swap=True), exchanged),
        (lattice(to_metres), metres),
    ):
        page = open_page("import_data", empty_store, lang=lang)
        upload(page, "网格.geojson", content)
        assert said in all_text(page)
        page.session_state["draft"].folder.cleanup()
    assert "105°E" in all_text(page)


def test_axes_are_exchanged_by_a_tick_and_then_judged_anew(open_page, empty_store):
    store_preview(empty_store, bring_boundaries(empty_store, lattice(), "wgs84"), **WHO)
    page = open_page("import_data", empty_store, lang="zh")
    upload(page, "网格.geojson", lattice(swap=True))
    (tick,) = [box for box in page.checkbox if box.key.startswith("swap_layer")]
    assert tick.value is False
    tick.check().run()
    assert "纬度在前、经度在后" not in all_text(page)
    assert "图层按 WGS84 与已有数据吻合" in all_text(page)
    draft = page.session_state["draft"]
    assert import_draft.as_chosen(draft).boxes[0][0] == pytest.approx(104.0)
    assert draft.file.boxes[0][0] == pytest.approx(30.6)
    draft.folder.cleanup()


@pytest.fixture
def hung(monkeypatch, tmp_path):
    """Return a reading that never ends by itself."""
    monkeypatch.setattr(session, "settings", lambda: Settings(worker_count=1))
    monkeypatch.setenv(VARIABLE, "worker.begun:loop")
    path = Path(tmp_path / "a.geojson")
    path.write_bytes(squares(1))
    first = start_reading("boundaries", [path], ["a.geojson"])
    assert eventually(lambda: any(keeper.reader for keeper in tasks_reading.KEEPERS.busy))
    monkeypatch.delenv(VARIABLE)
    yield first, path
    first.work.stop()
    first.work.wait(SOON_S)


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "前面还有 1 个文件"), ("en", "files ahead of this one: 1")]
)
def test_whoever_waits_is_told_and_can_leave(hung, monkeypatch, lang, said):
    first, path = hung
    second = start_reading("boundaries", [path], ["b.geojson"])
    monkeypatch.setattr(session, "language", lambda: lang)
    assert eventually(lambda: second.n_before == 1)
    assert said in second.say()
    assert "a.geojson" in first.say()
    second.work.stop()
    second.work.wait(SOON_S)
    assert (second.work.result, second.work.error.code) == (None, "work_stopped")
    assert first.work.is_running


def test_a_reading_is_stopped_with_its_process(hung):
    first, _ = hung
    first.work.stop()
    first.work.wait(SOON_S)
    assert first.work.error.code == "work_stopped"
    assert not tasks_reading.KEEPERS.busy


def test_a_list_that_was_stopped_while_it_was_read_is_not_taken(monkeypatch, tmp_path):
    (tmp_path / "a.csv").write_text("编号\n1\n", encoding="utf-8")
    monkeypatch.setattr(session, "settings", Settings)
    made: list[Reading] = []
    real = import_reading.read_table_file

    def read_and_be_stopped(*args, **choices):
        assert eventually(lambda: made)
        made[0].work.stop()
        return real(*args, **choices)

    monkeypatch.setattr(import_reading, "read_table_file", read_and_be_stopped)
    made.append(start_reading("cases", [tmp_path / "a.csv"], ["a.csv"]))
    made[0].work.wait(SOON_S)
    assert (made[0].work.result, made[0].work.error.code) == (None, "work_stopped")


def test_a_draft_that_is_dropped_stops_what_is_read_for_it(hung, monkeypatch):
    first, _ = hung
    folder = tempfile.TemporaryDirectory()
    draft = import_draft.Draft("boundaries", ("a",), (), folder, None, import_draft.Choices(), again=first)
    monkeypatch.setattr(st, "session_state", {"draft": draft})
    import_draft.drop()
    first.work.wait(SOON_S)
    assert isinstance(first.work.error, GeoError)


def test_the_page_makes_a_reader_ready(open_page, empty_store, monkeypatch):
    keepers = Keepers()
    monkeypatch.setattr(tasks_reading, "KEEPERS", keepers)
    open_page("import_data", empty_store)
    assert len(keepers._idle) == 1
    keepers.end()
