"""What a reader leaves is judged like the file of a stranger: it may have been taken over by one."""

from __future__ import annotations

import json
import os

import pyarrow as pa
import pyarrow.ipc
import pytest

from geo.errors import WorkerError
from geo.intake.layers import read_layer
from geo.intake.tables import read_table
from geo.settings import Settings
from geo.tasks.reading import read_layer_files
from geo.worker import reading
from geo.worker.keeper import Ended
from geo.worker.results import (
    ANSWER,
    PROBLEMS,
    ROWS,
    ForgedError,
    pack_layer,
    pack_table,
    read_answer,
    unpack_layer,
    unpack_table,
)
from tests.worker.files import LIMITS, require_same, squares, workbook

MOST = 10_000_000


@pytest.fixture
def layer(tmp_path):
    made = read_layer(squares(3), file_name="a.geojson", limits=LIMITS)
    return json.loads(json.dumps(pack_layer(made, tmp_path)))


@pytest.fixture(scope="module")
def book():
    """One workbook for both readings: it holds the second in which it was made."""
    return workbook([["a", "b"], ["1", "=2"]])


@pytest.fixture
def table(tmp_path, book):
    made = read_table(book, file_name="a.xlsx", limits=LIMITS)
    return json.loads(json.dumps(pack_table(made, tmp_path)))


def write(path, schema, columns):
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def test_what_is_packed_comes_back(tmp_path, table, book):
    made = read_table(book, file_name="a.xlsx", limits=LIMITS)
    require_same(unpack_table(table, tmp_path, most_bytes=MOST), made)


@pytest.mark.parametrize("name", [ROWS, PROBLEMS])
@pytest.mark.parametrize("how", ["gone", "link", "pipe", "folder", "text", "cut", "large", "other columns"])
def test_a_file_that_is_none_of_ours_is_refused(tmp_path, layer, name, how):
    path, most = tmp_path / name, MOST
    content = path.read_bytes()
    path.unlink()
    if how == "link":
        (tmp_path / "other").write_bytes(content)
        path.symlink_to(tmp_path / "other")
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    elif how == "text":
        path.write_bytes(b"ARROW1 but not really")
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "large":
        path.write_bytes(content)
        most = len(content) - 1
    elif how == "other columns":
        write(path, pa.schema([("row", pa.int64())]), [pa.array([1])])
    with pytest.raises(ForgedError):
        unpack_layer(layer, tmp_path, most_bytes=most)


def test_shapes_that_are_none_and_codes_nobody_knows_are_refused(tmp_path, layer):
    with pa.ipc.open_file(tmp_path / ROWS) as reader:
        rows = reader.read_all()
    shapes = pa.array([b"\x01nonsense"] * 3, type=pa.large_binary())
    write(tmp_path / ROWS, rows.schema, [*rows.columns[:-1], shapes])
    with pytest.raises(ForgedError):
        unpack_layer(layer, tmp_path, most_bytes=MOST)
    write(tmp_path / ROWS, rows.schema, rows.columns)
    unpack_layer(layer, tmp_path, most_bytes=MOST)
    with pa.ipc.open_file(tmp_path / PROBLEMS) as reader:
        schema = reader.schema
    write(
        tmp_path / PROBLEMS, schema, [pa.array([1]), *(pa.array(["x"], pa.large_string()) for _ in range(3))]
    )
    with pytest.raises(ForgedError):
        unpack_layer(layer, tmp_path, most_bytes=MOST)


def test_offsets_that_lead_out_of_their_buffer_are_refused(tmp_path, layer):
    content = (tmp_path / ROWS).read_bytes()
    names = "格0格1格2".encode()
    at = content.index(names)
    offsets = content.rindex((8).to_bytes(8, "little"), 0, at)
    (tmp_path / ROWS).write_bytes(
        content[:offsets] + (1 << 40).to_bytes(8, "little") + content[offsets + 8 :]
    )
    with pytest.raises(ForgedError):
        unpack_layer(layer, tmp_path, most_bytes=MOST)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": None}, {"columns": ["id"]}, {"parts": [["a"]]}, {"encoding_candidates": 5}, {"more": "1"},
        {"encoding": ["a"]}, {"n_heights": {"a": 1}},
    ],
)  # fmt: skip
def test_facts_of_a_layer_that_do_not_fit_are_refused(tmp_path, layer, change):
    with pytest.raises(ForgedError):
        unpack_layer({**layer, **change}, tmp_path, most_bytes=MOST)


@pytest.mark.parametrize(
    "change",
    [
        {"notes": [["no_such_code", "warns", {}]]}, {"notes": [["sheet_has_formulas", "shouts", {"n": 1}]]},
        {"notes": [["sheet_has_formulas", "warns", {}]]}, {"sheets": 5}, {"header_row": [1]},
    ],
)  # fmt: skip
def test_facts_of_a_table_that_do_not_fit_are_refused(tmp_path, table, change):
    with pytest.raises(ForgedError):
        unpack_table({**table, **change}, tmp_path, most_bytes=MOST)


def test_missing_cells_are_refused(tmp_path, table):
    with pa.ipc.open_file(tmp_path / ROWS) as reader:
        rows = reader.read_all()
    row = pa.array([None] * rows.num_rows, type=pa.int64())
    write(tmp_path / ROWS, rows.schema, [row, *rows.columns[1:]])
    with pytest.raises(ForgedError):
        unpack_table(table, tmp_path, most_bytes=MOST)


@pytest.mark.parametrize("content", ["", "[]", "nonsense", "[" * 100_000])
def test_an_answer_that_is_none_is_refused(tmp_path, content):
    (tmp_path / ANSWER).write_text(content)
    with pytest.raises(ForgedError):
        read_answer(tmp_path, most_bytes=MOST)


def test_no_answer_is_no_forgery(tmp_path):
    assert read_answer(tmp_path, most_bytes=MOST) == {}


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"layer": 5}, {"layer": {}}, {"table": {}}, {"error": "GeoError"},
        {"error": "SystemExit", "code": "file_empty", "values": {"file": "x"}},
        {"error": "annotations", "code": "file_empty", "values": {"file": "x"}},
        {"error": "FileError", "code": "no_such_code", "values": {}},
        {"error": "FileError", "code": "file_empty", "values": {}},
        {"error": "FileError", "code": ["file_empty"], "values": {}},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_a_reader_answers_the_program_says_a_sentence(monkeypatch, tmp_path, answer):
    def run(job, *, look):
        with open(os.path.join(job["folder"], ANSWER), "w", encoding="ascii") as file:  # noqa: PTH118, PTH123
            json.dump(answer, file)
        return Ended()

    monkeypatch.setattr(reading.KEEPERS, "run", run)
    with pytest.raises(WorkerError) as caught:
        read_layer_files([squares(1)], settings=Settings(), file_names=["a.geojson"])
    assert caught.value.code == "worker_died"
