"""What became of each area from one boundary set to the next (边界版本对比).

Areas are matched by where they are, not by what they are called. An area that lies mostly in another
belongs to it; whoever belongs together makes one change:

- one and one: the same area, with the same outline or *reshaped*; it may be *renamed* or *recoded*;
- one and several: the former one was *split*; several and one: they were *merged*;
- several and several: pairs that overlap most are the same area, reshaped; who finds no partner is
  *removed* or *added*;
- nobody: *removed* (its place went to areas that lie mostly elsewhere, or to none), *added*.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import area_m2

Change = Literal["added", "removed", "split", "merged", "reshaped", "recoded", "renamed", "unchanged"]
CHANGES: tuple[Change, ...] = (
    "added", "removed", "split", "merged", "reshaped", "recoded", "renamed", "unchanged",
)  # fmt: skip

MOST_SHARE = 0.5
"""An area belongs to another when more than half of it lies there: there can be only one such area."""

SAME_SHARE = 0.999
"""Outlines are the same when what both cover is at least this share of what either covers. 0.1 % of a grid
of 200 m is a border drawn 5 cm beside itself: less than any survey of it."""

LEAST_TOUCH = 1e-6
"""Overlaps below this share of both areas are where neighbours touch, not places they share."""

_COLUMNS = (
    "change", "from_id", "to_id", "from_name", "to_name", "from_share", "to_share", "is_reshaped", "is_recoded",
    "is_renamed", "is_code_reused",
)  # fmt: skip


@dataclass(frozen=True)
class SetChanges:
    """What changed between two sets."""

    table: pd.DataFrame
    """One row per pair of former and new area that belong together, and per area without a partner: `change`,
    `from_id`, `to_id`, `from_name`, `to_name` (missing where there is none), `from_share` (share of the
    former area that lies in the new one), `to_share` (share of the new one that lies in the former), and
    `is_reshaped`, `is_recoded`, `is_renamed` of a pair of one and one, `is_code_reused` where the code of a
    new area was that of another area before. In order of change, former and new code."""
    counts: dict[Change, int]
    """Areas by change: former ones that were removed or split, new ones that were added or merged from
    several, pairs of the rest."""

    @property
    def same(self) -> set[tuple[str, str]]:
        """Pairs of former and new code that mean the same area, whatever became of its outline or name."""
        table = self.table
        is_pair = ~table["change"].isin(["added", "removed", "split", "merged"])
        keeps_code = table["from_id"].eq(table["to_id"])
        rows = table[is_pair | (keeps_code & table["change"].isin(["split", "merged"]))]
        return set(zip(rows["from_id"], rows["to_id"], strict=True))


def compare_sets(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> SetChanges:
    """Say what became of each area of a set.

    Parameters
    ----------
    old, new
        `area_id` (unique), `name` and polygons in WGS84, of one level and one place. May be empty.

    Returns
    -------
    SetChanges
        Every former and every new area is in at least one row. The order of rows of the tables does not
        matter.
    """
    old, new = (table.sort_values("area_id").reset_index(drop=True) for table in (old, new))
    pairs = _find_overlaps(old, new)
    pairs["belongs"] = (pairs["from_share"] > MOST_SHARE) | (pairs["to_share"] > MOST_SHARE)
    rows: list[dict[str, object]] = []
    for before, after in _group(pairs[pairs["belongs"]], len(old), len(new)):
        rows += _judge(before, after, pairs)
    table = _name(pd.DataFrame(rows, columns=["change", "before", "after"]), old, new, pairs)
    return SetChanges(table, _count(table))


def _find_overlaps(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> pd.DataFrame:
    """List pairs that share surface: places in both tables, shares of both, what both cover of either."""
    inner, outer = (table.geometry.to_numpy(dtype=object) for table in (old, new))
    before, after = shapely.STRtree(outer).query(inner, predicate="intersects")
    is_equal = shapely.equals_exact(inner[before], outer[after], tolerance=0.0)
    shared_m2 = np.zeros(len(before))
    own_m2, other_m2 = area_m2(inner), area_m2(outer)
    shared_m2[is_equal] = own_m2[before[is_equal]]
    cut = np.flatnonzero(~is_equal)
    shared_m2[cut] = area_m2(shapely.intersection(inner[before[cut]], outer[after[cut]]))
    with np.errstate(invalid="ignore", divide="ignore"):
        from_share = np.nan_to_num(shared_m2 / own_m2[before])
        to_share = np.nan_to_num(shared_m2 / other_m2[after])
        both = np.nan_to_num(shared_m2 / (own_m2[before] + other_m2[after] - shared_m2))
    pairs = pd.DataFrame(
        {"before": before, "after": after, "from_share": from_share, "to_share": to_share, "both_share": both}
    )
    is_shared = (from_share > LEAST_TOUCH) | (to_share > LEAST_TOUCH)
    shared: pd.DataFrame = pairs.loc[is_shared].reset_index(drop=True)
    return shared


def _group(links: pd.DataFrame, n_old: int, n_new: int) -> list[tuple[list[int], list[int]]]:
    """Put areas that belong together, directly or through others, into groups."""
    root = np.arange(n_old + n_new)

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = int(root[place])
        return place

    for before, after in zip(links["before"], links["after"], strict=True):
        one, other = find(int(before)), find(n_old + int(after))
        root[max(one, other)] = min(one, other)
    groups: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for place in range(n_old + n_new):
        before_or_after = groups[find(place)][0 if place < n_old else 1]
        before_or_after.append(place if place < n_old else place - n_old)
    return list(groups.values())


def _judge(before: list[int], after: list[int], pairs: pd.DataFrame) -> list[dict[str, object]]:
    """Say what became of one group."""
    if not after:
        return [{"change": "removed", "before": place, "after": -1} for place in before]
    if not before:
        return [{"change": "added", "before": -1, "after": place} for place in after]
    if len(before) == 1 and len(after) == 1:
        return [{"change": "same", "before": before[0], "after": after[0]}]
    if len(before) == 1:
        return [{"change": "split", "before": before[0], "after": place} for place in after]
    if len(after) == 1:
        return [{"change": "merged", "before": place, "after": after[0]} for place in before]
    return _pair_up(before, after, pairs)


def _pair_up(before: list[int], after: list[int], pairs: pd.DataFrame) -> list[dict[str, object]]:
    """Pair those of a group that overlap most, one after the other; the rest came or went."""
    own = pairs[pairs["before"].isin(before) & pairs["after"].isin(after) & pairs["belongs"]]
    own = own.sort_values(["both_share", "before", "after"], ascending=[False, True, True], kind="stable")
    rows: list[dict[str, object]] = []
    left, right = set(before), set(after)
    for one, other in zip(own["before"], own["after"], strict=True):
        if one in left and other in right:
            rows.append({"change": "same", "before": one, "after": other})
            left.discard(one)
            right.discard(other)
    rows += [{"change": "removed", "before": place, "after": -1} for place in sorted(left)]
    rows += [{"change": "added", "before": -1, "after": place} for place in sorted(right)]
    return rows


def _name(
    rows: pd.DataFrame, old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, pairs: pd.DataFrame
) -> pd.DataFrame:
    """Write codes, names, shares and flags beside the places of areas."""
    rows = rows.astype({"before": "int64", "after": "int64"}).merge(pairs, how="left", on=["before", "after"])
    from_id, to_id = _pick(old["area_id"], rows["before"]), _pick(new["area_id"], rows["after"])
    from_name, to_name = _pick(old["name"], rows["before"]), _pick(new["name"], rows["after"])
    is_same = rows["change"].eq("same").to_numpy()
    is_reshaped = is_same & (rows["both_share"].to_numpy() < SAME_SHARE)
    is_recoded = is_same & (from_id != to_id)
    is_renamed = is_same & (from_name != to_name)
    kinds = np.select(
        [~is_same, is_reshaped, is_recoded, is_renamed],
        [rows["change"].to_numpy(dtype=object), "reshaped", "recoded", "renamed"],
        default="unchanged",
    )
    meant = defaultdict(set)
    for one, other in zip(from_id, to_id, strict=True):
        meant[other].add(one)
    former = set(old["area_id"])
    reused = np.array([code in former and code not in meant[code] for code in to_id], dtype=bool)
    table = pd.DataFrame(
        {
            "change": kinds, "from_id": pd.array(from_id, dtype="str"), "to_id": pd.array(to_id, dtype="str"),
            "from_name": pd.array(from_name, dtype="str"), "to_name": pd.array(to_name, dtype="str"),
            "from_share": rows["from_share"].to_numpy(), "to_share": rows["to_share"].to_numpy(),
            "is_reshaped": is_reshaped, "is_recoded": is_recoded, "is_renamed": is_renamed,
            "is_code_reused": reused,
        }
    )[list(_COLUMNS)]  # fmt: skip
    rank = table["change"].map(CHANGES.index)
    order = table.assign(rank=rank).sort_values(["rank", "from_id", "to_id"], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _pick(values: pd.Series, places: pd.Series) -> npt.NDArray[np.object_]:
    """Return the value at each place, None for -1."""
    known = np.array([*values, None], dtype=object)
    picked: npt.NDArray[np.object_] = known[places.to_numpy()]
    return picked


def _count(table: pd.DataFrame) -> dict[Change, int]:
    counts: dict[Change, int] = {}
    for change in CHANGES:
        rows = table[table["change"].eq(change)]
        counts[change] = int(
            (
                rows["to_id"] if change == "merged" else rows["from_id"] if change == "split" else rows.index
            ).nunique()
        )
    return counts
