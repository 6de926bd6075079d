"""Word the cases as people do: titles, texts, and addresses in many spellings (案件文字).

Addresses come with and without the district, with 栋, 幢, 号楼 or #, in Chinese numerals or full-width
digits, under other names, and down to the room. Some texts carry a telephone and a room number, so
that masking can be seen; the numbers are canaries that belong to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.demo_parts.names import DISTRICT_NAME, canary_telephone, chinese_number, full_width

SPELLINGS = (
    "full",
    "street",
    "estate_zhuang",
    "full_width",
    "numerals",
    "estate_haolou",
    "alias",
    "number_only",
    "hash",
    "city_spaces",
    "room",
)
"""How an address can be spelled; the truth names the one each case uses."""
_SHARES = (0.16, 0.15, 0.12, 0.09, 0.07, 0.12, 0.05, 0.08, 0.05, 0.05, 0.06)
VAGUE = ("菜市场旁边路口", "公交站对面", "小区门口附近", "学校后门那条路", "河边步道", "铁路桥下")
_DETAILS = (
    "希望尽快处理。",
    "已持续一周，请核实。",
    "此前反映过，仍未解决。",
    "请有关部门到现场查看。",
    "老人孩子出行不便。",
    "望回复。",
    "影响正常生活。",
    "",
)


@dataclass(frozen=True)
class Doors:
    """The address of every home."""

    street: np.ndarray
    number: np.ndarray
    estate: np.ndarray
    """Name of the courtyard; empty for a dormitory."""
    alias: np.ndarray
    """Another name of the courtyard, or empty."""
    building: np.ndarray
    """Number of the building in its parcel, as an integer."""
    subdistrict: np.ndarray
    plain: np.ndarray
    """Whether the courtyard is named by its street and number (28号院)."""


def make_doors(
    homes: pd.DataFrame,
    of_parcel: pd.DataFrame,
    doors: pd.DataFrame,
    aliases: pd.DataFrame,
    subdistricts: dict[str, str],
) -> Doors:
    """Gather the addresses of homes."""
    where = doors.set_index("parcel").reindex(homes["parcel"])
    yard = of_parcel.reindex(homes["parcel"])
    other = aliases.drop_duplicates("area_id").set_index("area_id")["alias"].reindex(yard["courtyard_id"])
    estate = yard["courtyard_name"].fillna("").to_numpy(dtype=object)
    street, number = where["street"].to_numpy(dtype=object), where["street_number"].to_numpy(dtype=object)
    return Doors(
        street,
        number,
        estate,
        other.fillna("").to_numpy(dtype=object),
        homes["name"].str.removesuffix("栋").astype(int).to_numpy(),
        homes["subdistrict_id"].map(subdistricts).to_numpy(dtype=object),
        np.array([e == f"{s}{n}院" for e, s, n in zip(estate, street, number, strict=True)]),
    )


def spell_addresses(doors: Doors, home: np.ndarray, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Return the address of each report and the name of its spelling."""
    styles = rng.choice(len(SPELLINGS), len(home), p=_SHARES)
    units, rooms = (
        rng.integers(1, 4, len(home)),
        rng.integers(1, 7, len(home)) * 100 + rng.integers(1, 5, len(home)),
    )
    texts, names = [], []
    for place, style, unit, room in zip(home, styles, units, rooms, strict=True):
        name = SPELLINGS[style]
        if name == "alias" and not doors.alias[place]:
            name = "street"
        if name in ("estate_zhuang", "estate_haolou", "hash") and not doors.estate[place]:
            name = "full"
        texts.append(_spell(doors, int(place), name, int(unit), int(room)))
        names.append(name)
    return texts, names


def _spell(doors: Doors, place: int, name: str, unit: int, room: int) -> str:
    street, number, estate, building = (
        doors.street[place],
        doors.number[place],
        doors.estate[place],
        doors.building[place],
    )
    yard = "院" if doors.plain[place] else ""
    inside = "" if doors.plain[place] else estate
    in_words = chinese_number(int(number.removesuffix("号")))
    spelled = {
        "full": f"{DISTRICT_NAME}{doors.subdistrict[place]}{street}{number}{yard}{inside}{building}栋",
        "street": f"{street}{number}{yard}{building}栋",
        "estate_zhuang": f"{estate}{building}幢",
        "full_width": full_width(f"{street}{number}{yard}{building}栋"),
        "numerals": f"{street}{in_words}号{yard}{chinese_number(int(building))}栋",
        "estate_haolou": f"{estate}{building}号楼{unit}单元",
        "alias": f"{doors.alias[place]}{building}栋",
        "number_only": f"{street}{number}",
        "hash": f"{estate}{building}#楼",
        "city_spaces": f"成都市 {DISTRICT_NAME} {street} {number} {inside}{building}栋",
        "room": f"{DISTRICT_NAME}{street}{number}{yard}{inside}{building}栋{unit}单元{room}室",
    }
    return spelled[name]


def word_cases(
    words: Sequence[Sequence[str]], category: np.ndarray, place: np.ndarray, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Return title and description of each case; one in ten carries a telephone, one in twelve a room."""
    n = len(category)
    variant, detail = rng.integers(0, 6, n), rng.integers(0, len(_DETAILS), n)
    luck = rng.random((n, 2))
    unit, room, phone = (
        rng.integers(1, 4, n),
        rng.integers(1, 7, n) * 100 + rng.integers(1, 5, n),
        rng.integers(0, 100, n),
    )
    titles, texts = [], []
    for k in range(n):
        own = words[category[k]]
        title = own[variant[k] % len(own)].replace("{place}", str(place[k]))
        text = f"{title}。{_DETAILS[detail[k]]}"
        if luck[k, 0] < 0.10:
            text += f"联系电话{canary_telephone(int(phone[k]))}。"
        if luck[k, 1] < 0.085:
            text += f"反映人住{unit[k]}单元{room[k]}室。"
        titles.append(title)
        texts.append(text)
    return titles, texts
