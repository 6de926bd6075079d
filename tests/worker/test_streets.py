"""Streets read apart are those read here, and what a reader left is not believed."""

import gzip

import pandas as pd
import pyarrow as pa
import pytest
import shapely

from geo.errors import FileError, GeoError
from geo.intake.limits import Limits
from geo.intake.osm_streets import read_osm_streets
from geo.worker.limits import WorkerLimits
from geo.worker.reading import Sources, read_streets_apart
from geo.worker.results import ForgedError
from geo.worker.street_results import EDGES, NODES, pack_streets, unpack_streets
from tests.intake.test_osm_streets import CROSS, STREETS, xml

MOST = 10_000_000


def apart(content):
    return read_streets_apart(Sources([content], ["city.osm"]), limits=Limits(), worker=WorkerLimits())


def here(content):
    return read_osm_streets(content, file_name="city.osm", limits=Limits())


GATED = xml(
    CROSS,
    [*STREETS, ((5, 3), {"highway": "path", "incline": "4%"})],
    tags={6: {"barrier": "gate", "locked": "yes"}},
)


@pytest.mark.parametrize(
    "content", [xml(CROSS, STREETS), GATED, gzip.compress(GATED)], ids=["xml", "gated", "packed"]
)
def test_streets_read_apart_are_those_read_here(content):
    mine, theirs = here(content), apart(content)
    pd.testing.assert_frame_equal(mine.nodes, theirs.nodes)
    columns = theirs.edges.columns.drop("geom")
    pd.testing.assert_frame_equal(pd.DataFrame(mine.edges[columns]), pd.DataFrame(theirs.edges[columns]))
    assert shapely.equals_exact(mine.edges.geometry.to_numpy(), theirs.edges.geometry.to_numpy()).all()
    assert theirs.edges.crs == mine.edges.crs
    assert (theirs.notes, theirs.n_read) == (mine.notes, mine.n_read)


@pytest.mark.parametrize("content", [b"", b"{}", xml(CROSS, [((1, 2), {"building": "yes"})]), GATED[:-40]])
def test_what_is_refused_here_is_refused_apart(content):
    with pytest.raises(GeoError) as mine:
        here(content)
    with pytest.raises(FileError) as theirs:
        apart(content)
    assert (theirs.value.code, theirs.value.values) == (mine.value.code, mine.value.values)


FORGERIES = {
    "an edge to nowhere": lambda s: s.edges.assign(to_node=99),
    "a reason of its own": lambda s: s.edges.assign(why="because"),
    "a direction of its own": lambda s: s.edges.assign(foot_way="up"),
    "two edges with one number": lambda s: s.edges.assign(edge_id=1),
    "a point for a line": lambda s: s.edges.set_geometry(
        s.edges.geometry.centroid.rename("geom").to_crs(4326)
    ),
    "no length": lambda s: s.edges.assign(length_m=float("inf")),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS")
def test_what_no_reader_of_ours_writes_is_refused(forge, tmp_path):
    streets = here(GATED)
    facts = pack_streets(streets, tmp_path)
    assert unpack_streets(facts, tmp_path, most_bytes=MOST).n_read == streets.n_read
    pack_streets(type(streets)(streets.nodes, forge(streets), streets.notes, 1), tmp_path)
    with pytest.raises(ForgedError):
        unpack_streets(facts, tmp_path, most_bytes=MOST)


def test_files_of_another_shape_and_notes_that_are_none_are_refused(tmp_path):
    facts = pack_streets(here(GATED), tmp_path)
    with pytest.raises(ForgedError):
        unpack_streets(
            {**facts, "notes": [["osm_gates_closed", "shouts", {"n": 1}]]}, tmp_path, most_bytes=MOST
        )
    with pytest.raises(ForgedError):
        unpack_streets(facts, tmp_path, most_bytes=10)
    table = pa.table({"node_id": [1]})
    with (tmp_path / NODES).open("wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(ForgedError):
        unpack_streets(facts, tmp_path, most_bytes=MOST)
    (tmp_path / EDGES).unlink()
    with pytest.raises(ForgedError):
        unpack_streets(pack_facts(facts), tmp_path, most_bytes=MOST)


def pack_facts(facts):
    return dict(facts)
