"""Hide persons in what a check tells of a file: its problems, remarks and notes (导入提示脱敏)."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from geo.access.masking import mask, mask_codes, mask_text
from geo.intake.checked import Checked, Note

_CODE_FIELDS = ("source_no", "category_id", "stated_area", "area_id", "point_id", "h3", "building_id",
                "land_id", "edge_id", "courtyard_id")  # fmt: skip
_CODE_COLUMNS = ("id_column", "parent_column")


def hide_personal(checked: Checked, choices: object) -> Checked:
    """Mask what problems and notes repeat of cells: a telephone may stand in any column.

    Parameters
    ----------
    checked
        Outcome of a check.
    choices
        What the file was checked with; in the columns it names as codes a number of 15 digits is a code,
        not an identity number.
    """
    columns = _columns_of_codes(choices)

    def hide(problems: pd.DataFrame) -> pd.DataFrame:
        is_code = problems["column_name"].isin(columns)
        value = mask_text(problems["value"])
        return problems.assign(value=value.mask(is_code, mask_codes(problems["value"])))

    return replace(
        checked,
        notes=tuple(_hide_words(note) for note in checked.notes),
        rejected=hide(checked.rejected),
        remarks=hide(checked.remarks),
    )


def _columns_of_codes(choices: object) -> list[str]:
    """Return the columns of the file that hold codes."""
    mapped = getattr(choices, "columns", {})
    named = [mapped.get(name) for name in _CODE_FIELDS] + [
        getattr(choices, name, None) for name in _CODE_COLUMNS
    ]
    return [column for column in named if column]


def _hide_words(note: Note) -> Note:
    values = dict(note.values)
    if "words" not in values:
        return note
    values["words"] = mask(str(values["words"]))
    if note.severity != "blocks":  # words that somebody has to explain must be found again as they stand
        values.pop("counts", None)
    return replace(note, values=values)


def show_changes(changes: pd.DataFrame, *, time_zone: str) -> pd.DataFrame:
    """Return what would change as people read it: texts masked, moments in a zone instead of UTC.

    Parameters
    ----------
    changes
        `column_name`, `old`, `new` as the store compares them, moments as text in UTC.
    time_zone
        IANA name of the zone of the store.
    """
    if not len(changes):
        return changes
    is_moment = changes["column_name"].str.endswith("_at")
    shown = {}
    for name in ("old", "new"):
        text = mask_text(changes[name].astype("str"))
        moments = pd.to_datetime(changes[name].where(is_moment), utc=True, format="ISO8601")
        local = moments.dt.tz_convert(time_zone).dt.strftime("%Y-%m-%d %H:%M:%S")
        shown[name] = text.mask(is_moment & moments.notna(), local)
    return changes.assign(**shown)
