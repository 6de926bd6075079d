"""Each limit is exact: just under and equal pass, just over is refused, and the sentence says the limit."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from geo.errors import LimitError
from geo.intake.archives import list_members
from geo.intake.limits import Limits
from geo.settings import Settings
from geo.tasks.reading import read_layer_files, read_table_file

RING = [[104, 30], [104.01, 30], [104.01, 30.01], [104, 30]]


def table(content, **limits):
    content = content if isinstance(content, bytes) else content.encode()
    return read_table_file(content, settings=Settings(**limits), file_name="a.csv")


def layer(n, **limits):
    shape = {"type": "Polygon", "coordinates": [RING]}
    features = [{"type": "Feature", "properties": {"code": str(i)}, "geometry": shape} for i in range(n)]
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    return read_layer_files([content], settings=Settings(**limits), file_names=["a.geojson"])


def archive(n_members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("a.csv", "a,b\n1,2\n")
        for n in range(n_members - 1):
            packed.writestr(f"{n}.txt", "x")
    return made.getvalue()


READERS = {
    "max_rows": (lambda n, limit: table("a,b\n" + "1,2\n" * n, max_rows=limit), 3),
    "max_columns": (lambda n, limit: table(",".join(f"c{i}" for i in range(n)) + "\n" + "1," * (n - 1) + "1\n",
                                           max_columns=limit), 4),
    "max_features": (lambda n, limit: layer(n, max_features=limit), 5),
    "max_vertices": (lambda n, limit: layer(n, max_vertices=limit * len(RING)), 5),
    "max_archive_members": (lambda n, limit: list_members(archive(n), file_name="a.zip",
                                                          limits=Limits(max_archive_members=limit)), 4),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_fault_H01_a_file_under_and_at_a_limit_is_read_and_one_over_it_is_refused(name):
    read, limit = READERS[name]
    read(limit - 1, limit)
    read(limit, limit)
    with pytest.raises(LimitError) as over:
        read(limit + 1, limit)
    shown = limit * len(RING) if name == "max_vertices" else limit
    for language in ("en", "zh"):
        assert str(shown) in over.value.say(language)


@pytest.mark.parametrize(("over", "is_read"), [(-1, True), (0, True), (1, False)])
def test_fault_H01_the_size_of_a_file_is_exact_to_the_byte(over, is_read):
    content = b"a,b\n" + b"1,2\n" * 249_999  # exactly a million bytes, 1 MB
    content = content[:over] if over < 0 else content + b" " * over
    if is_read:
        assert table(content, max_file_mb=1).n_rows == 249_999
    else:
        with pytest.raises(LimitError, match="1 MB"):
            table(content, max_file_mb=1)


@pytest.mark.parametrize(("size", "is_kept"), [(1999, True), (2000, True), (2001, False)])
def test_fault_H01_a_cell_over_the_limit_costs_its_row(size, is_kept):
    read = table(f"a,b\n{'x' * size},2\n1,2\n", max_cell_kb=2)
    assert read.bad_rows["code"].tolist() == ([] if is_kept else ["cell_too_large"])
    assert sum(len(chunk) for chunk in read.chunks()) == 1 + is_kept


def test_fault_H02_the_features_of_two_hundred_files_are_counted_together():
    shape = {"type": "Polygon", "coordinates": [RING]}
    feature = {"type": "Feature", "properties": {"code": "1"}, "geometry": shape}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    names = [f"{n}.geojson" for n in range(200)]
    read_layer_files([content] * 200, settings=Settings(max_features=200), file_names=names)
    with pytest.raises(LimitError) as refused:
        read_layer_files([content] * 200, settings=Settings(max_features=199), file_names=names)
    assert refused.value.code == "layer_too_many_features"
