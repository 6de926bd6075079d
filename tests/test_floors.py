"""A module imports from its own floor or a lower one (DESIGN 2, style 1)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

FLOORS = {
    "geo": 0, "geo.errors": 0, "geo.settings": 0, "geo.schema": 0, "geo.crs": 0, "geo.gcj02": 0,
    "geo.characters": 0, "geo.hexagons": 0, "geo.measure": 0, "geo.lines": 0,
    "geo.messages": 0, "geo.vector_tiles": 0, "geo.whole_files": 0,
    "geo.intake": 1,
    "geo.worker": 2,
    "geo.analysis": 2, "geo.casework": 2, "geo.access": 2,
    "geo.store": 3, "geo.present": 3,
    "geo.tasks": 4, "geo.demo": 4, "geo.demo_parts": 4,
    "geo.cli": 5, "geo.__main__": 5, "geo.commands": 5,
}  # fmt: skip

PURE = ("geo.analysis", "geo.casework", "geo.access")
NEVER_IN_PURE = {"pathlib", "os", "io", "tempfile", "socket", "urllib", "http", "duckdb", "psycopg",
                 "time", "sqlite3", "requests", "subprocess", "geo.settings"}  # fmt: skip
SQL_OF_FILES = {
    "geo.intake.geopackages": "a GeoPackage is an SQLite file; its contents are listed before GDAL sees it"
}
"""Modules with SQL that never reaches the store, and why."""
PAGES_MAY = ("streamlit", "ui", "geo.tasks", "geo.present", "geo.errors", "__future__")


def modules(folder):
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def floor_of(module):
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (name := ".".join(parts[:length])) in FLOORS and (name != "geo" or module == "geo"):
            return FLOORS[name]
    return None


@pytest.mark.parametrize("path", modules("geo"), ids=name_of)
def test_a_module_imports_only_from_its_own_floor_or_a_lower_one(path):
    own = floor_of(name_of(path))
    assert own is not None, f"{name_of(path)} stands on no floor: name it in this test and in DESIGN"
    above = {name for name in imports_of(path) if (floor := floor_of(name)) is not None and floor > own}
    assert not above


@pytest.mark.parametrize(
    "path", [p for folder in PURE for p in modules(folder.replace(".", "/"))], ids=name_of
)
def test_analysis_casework_and_access_touch_no_file_clock_setting_or_store(path):
    touched = {
        name for name in imports_of(path) if name.split(".")[0] in NEVER_IN_PURE or name in NEVER_IN_PURE
    }
    assert not touched


@pytest.mark.parametrize("path", modules("geo"), ids=name_of)
def test_geo_never_imports_streamlit_or_the_pages(path):
    assert not {
        name
        for name in imports_of(path)
        if name.split(".")[0] in {"streamlit", "ui", "pages", "streamlit_folium"}
    }


def test_store_and_present_never_import_each_other():
    for path in modules("geo/store"):
        assert not {name for name in imports_of(path) if name.startswith("geo.present")}, path
    for path in modules("geo/present"):
        assert not {name for name in imports_of(path) if name.startswith("geo.store")}, path


@pytest.mark.parametrize("path", modules("pages"), ids=name_of)
def test_a_page_imports_only_what_a_page_may(path):
    stray = {name for name in imports_of(path) if not name.startswith(PAGES_MAY)}
    assert not stray


@pytest.mark.parametrize("path", modules("pages"), ids=name_of)
def test_a_page_has_at_most_120_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("path", [*modules("geo"), *modules("ui")], ids=name_of)
def test_a_module_has_at_most_500_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


@pytest.mark.parametrize("path", [*modules("geo"), *modules("ui"), *modules("pages")], ids=name_of)
def test_sql_text_stands_only_in_the_store(path):
    if name_of(path).startswith("geo.store") or name_of(path) in SQL_OF_FILES:
        return
    strings = [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    starts = ("SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE TABLE", "DROP TABLE")
    assert not [text for text in strings if text.strip().startswith(starts)]


def test_a_violation_would_be_seen():
    assert floor_of("geo.store.duckdb") > floor_of("geo.analysis.assign")
    assert floor_of("geo.tasks.placing") > floor_of("geo.present.maps")
    assert floor_of("geo.unheard_of") is None
