"""Write what is said of each messy file into docs/messy-files.md: `python scripts/write_messy_files.py`.

The last column, why that is right, is written by hand and kept.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from geo.errors import GeoError  # noqa: E402
from geo.intake.layers import RawLayer, choose_layer_coord_sys, read_layer  # noqa: E402
from geo.intake.limits import Limits  # noqa: E402
from geo.intake.polygons import check_polygons  # noqa: E402
from geo.intake.tables import read_table  # noqa: E402

PAGE = ROOT / "docs" / "messy-files.md"
LIMITS = Limits()
_ROW = re.compile(r"^\| `([^`]+)` \| (.*?) \| (.*?) ?\|$")
_PARTS = (".shx", ".prj", ".cpg")


def list_files(folder: Path) -> list[str]:
    """Return the files that are brought: all but the parts that belong to a .shp."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    alone = [
        p
        for p in files
        if p.suffix not in _PARTS and not (p.suffix == ".dbf" and p.with_suffix(".shp").exists())
    ]
    return [path.relative_to(folder).as_posix() for path in alone]


def say(path: Path) -> str:
    """Return what is said of one file: its refusal, or what it was read as and what of it was refused."""
    try:
        if path.suffix == ".csv":
            table = read_table(path, file_name=path.name, limits=LIMITS)
            sure = "" if table.is_encoding_sure else "?"
            return f"read: {table.n_rows} rows, {table.encoding}{sure}" + _list_codes(table.bad_rows["code"])
        layer = read_layer(path, file_name=path.name, limits=LIMITS)
    except GeoError as error:
        return f"refused: `{error.code}`"
    said = f"read: {layer.format}, {layer.n_features}" + (
        f", {layer.encoding}" if layer.format == "shapefile" else ""
    )
    return f"{said}; {_say_system(layer)}{_list_codes(_refused(layer))}"


def _say_system(layer: RawLayer) -> str:
    try:
        system, _ = choose_layer_coord_sys(layer)
    except GeoError as error:
        return f"asked: `{error.code}`"
    return f"{system} by the {layer.crs_basis}"


def _refused(layer: RawLayer) -> list[str]:
    """Return the codes of what is refused of a layer as areas, in the system it says, or else in WGS84."""
    try:
        choose_layer_coord_sys(layer)
        named = None
    except GeoError:
        named = "wgs84"
    try:
        checked = check_polygons(layer, coord_sys=named)
    except GeoError:
        return layer.problems["code"].tolist()
    return [*checked.rejected["code"], *checked.remarks["code"]]


def _list_codes(codes: object) -> str:
    counts: dict[str, int] = {}
    for code in codes:  # type: ignore[attr-defined]
        counts[code] = counts.get(code, 0) + 1
    return "".join(f"; {n} `{code}`" for code, n in sorted(counts.items()))


def read_rows(page: str) -> dict[str, tuple[str, str]]:
    """Return the table of a page: file, what is said, why."""
    found = (_ROW.match(line) for line in page.splitlines())
    return {row[1]: (row[2], row[3]) for row in found if row}


def write_page(page: str, folder: Path) -> str:
    """Return the page with what is said now."""
    reasons = {name: why for name, (_, why) in read_rows(page).items()}
    head = page.split("| file |", maxsplit=1)[0]
    lines = [f"| `{name}` | {say(folder / name)} | {reasons.get(name, '')} |" for name in list_files(folder)]
    return (
        head
        + "\n".join(["| file | what is said | why that is right |", "| --- | --- | --- |", *lines])
        + "\n"
    )


if __name__ == "__main__":
    shared = Path(os.environ.get("GETU_SHARED_DATA", ROOT.parent / "shared" / "data")) / "messy"
    PAGE.write_text(write_page(PAGE.read_text(encoding="utf-8"), shared), encoding="utf-8")
