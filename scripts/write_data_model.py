"""Write docs/data-model.md from `geo/schema.py`: `python scripts/write_data_model.py`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from geo.schema import TABLES, Table  # noqa: E402

PAGE = ROOT / "docs" / "data-model.md"
_HEAD = """# Data model 数据模型

Written from `geo/schema.py` by `scripts/write_data_model.py`; a test checks that it is current. One store holds one
city or district. Points are two columns `lon`, `lat` in WGS84 degrees; polygons and lines are WGS84 geometries;
moments are UTC. *must* = never empty.
"""


def describe(table: Table) -> str:
    """Return one table as a section."""
    lines = [
        f"## `{table.name}`",
        "",
        f"{table.about[0].upper()}{table.about[1:]}. Key: {', '.join(f'`{name}`' for name in table.key)}.",
        "",
        "| column | type | | holds |",
        "| --- | --- | --- | --- |",
    ]
    for column in table.columns:
        about = column.about + (f" ({column.unit})" if column.unit else "")
        about += f"; one of {', '.join(column.choices)}" if column.choices else ""
        about += "; **personal**" if column.personal else ""
        lines.append(f"| `{column.name}` | {column.type} | {'must' if column.required else ''} | {about} |")
    return "\n".join(lines) + "\n"


def write_page() -> str:
    """Return the whole page."""
    return _HEAD + "\n" + "\n".join(describe(table) for table in TABLES.values())


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
