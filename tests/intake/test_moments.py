"""A moment is read as the table in docs/methods/intake.md says, or refused by name; nothing is guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.intake.moments import DateOrderEvidence, find_date_order, parse_days, parse_moments

ROOT = Path(__file__).resolve().parents[2]
NEW_YORK = "America/New_York"
CHOICES = {
    "": {},
    "mdy": {"date_order": "mdy"},
    "dmy": {"date_order": "dmy"},
    "Excel 1900": {"excel_system": "1900"},
    "Excel 1904": {"excel_system": "1904"},
    NEW_YORK: {"time_zone": NEW_YORK},
    "deadline": {"day_means": "end"},
}


def rules():
    text = (ROOT / "docs" / "methods" / "intake.md").read_text(encoding="utf-8")
    lines = text.split("\n## Moments\n")[1].split("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    return rows[1:]


def texts(*cells):
    return pd.Series(cells, dtype="str", index=range(2, 2 + len(cells)))


def parse(*cells, time_zone="Asia/Shanghai", date_order=None, **choices):
    return parse_moments(texts(*cells), time_zone=time_zone, date_order=date_order, **choices)


def test_the_table_has_the_rules_that_fault_b29_names():
    told = {row[3] for row in rules()}
    assert told == {
        "", "moment_no_such_day", "moment_no_such_time", "moment_year_out_of_range", "moment_two_digit_year",
        "moment_minguo", "moment_serial", "moment_order_unknown", "moment_unreadable", "moment_in_gap",
        "moment_in_overlap",
    }  # fmt: skip


@pytest.mark.parametrize(("cell", "said", "utc", "told"), rules(), ids=lambda text: text or "-")
def test_fault_B29_every_rule_for_moments(cell, said, utc, told):
    read = parse(cell, **CHOICES[said])
    found = (
        "" if pd.isna(read.utc[2]) else read.utc[2].strftime("%Y-%m-%d %H:%M:%S.%f").removesuffix(".000000")
    )
    assert (found, read.code[2] + read.remark[2]) == (utc, told)


def test_fault_B29_one_bad_cell_does_not_touch_its_neighbours():
    read = parse("2024-02-30", "2024-01-31 14:05:06", "45000", "2024/1/31 14:05", "", "2024-01-31 14:05:06")
    assert read.code.tolist() == ["moment_no_such_day", "", "moment_serial", "", "", ""]
    assert read.utc.isna().tolist() == [True, False, True, False, True, False]
    assert read.utc[3] == read.utc[7] == pd.Timestamp("2024-01-31 06:05:06", tz="UTC")
    assert read.utc.index.tolist() == [2, 3, 4, 5, 6, 7]


def test_a_day_alone_is_told_as_such_and_a_moment_is_not():
    read = parse("2024-01-31", "2024-01-31 00:00", "")
    assert read.is_day_only.tolist() == [True, False, False]


def test_a_whole_column_of_empty_cells_is_no_mistake():
    read = parse("", " ", "　")
    assert read.utc.isna().all()
    assert str(read.utc.dtype) == "datetime64[us, UTC]"
    assert read.code.tolist() == ["", "", ""]


def test_an_empty_column_keeps_its_types():
    read = parse()
    assert len(read.utc) == 0
    assert str(read.utc.dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    "cell",
    ["2024-01-31 14:05:0x", "2024-01-31 14.05.06", "2024:01:31 14:05:06", "2024-01-31_14:05:06", "x" * 19],
)
def test_nineteen_signs_that_are_no_moment_are_refused(cell):
    assert parse(cell).code[2] == "moment_unreadable"


def test_the_order_shows_from_days_above_12_in_one_place_only():
    assert find_date_order(texts("02/17/2020 1:00 PM", "03/04/2020")).order == "mdy"
    assert find_date_order(texts("17/02/2020", "03/04/2020")).order == "dmy"
    assert find_date_order(texts("02/03/2020", "03/04/2020")).order is None
    assert find_date_order(texts("02/17/2020", "17/02/2020")).order is None
    assert find_date_order(texts("2020-02-17")).n == 0


def test_evidence_of_chunks_adds_up():
    first = find_date_order(texts("02/03/2020"))
    assert first + find_date_order(texts("02/17/2020")) == DateOrderEvidence(2, 0, 1)


def test_a_day_is_the_day_that_stands_there_in_no_zone():
    read = parse_days(texts("2015年8月25日", "2024-01-31 23:59", "2024-02-30"), date_order=None)
    assert read.utc.dt.strftime("%Y-%m-%d").tolist()[:2] == ["2015-08-25", "2024-01-31"]
    assert read.code.tolist() == ["", "", "moment_no_such_day"]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", NEW_YORK, "Australia/Lord_Howe", "Europe/London"])
@given(
    moment=st.datetimes(
        datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC), allow_imaginary=False
    )
)
def test_what_a_zone_wrote_down_is_read_back(zone, moment):
    moment = moment.replace(microsecond=0)
    local = moment.astimezone(ZoneInfo(zone))
    read = parse(local.strftime("%Y-%m-%d %H:%M:%S"), time_zone=zone)
    assert read.code[2] == ""
    back = read.utc[2].to_pydatetime()
    if local.fold:
        assert (read.remark[2], timedelta() < moment - back <= timedelta(hours=1)) == (
            "moment_in_overlap",
            True,
        )
    else:
        assert back == moment


@given(moment=st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)))
def test_every_way_to_write_a_moment_says_the_same(moment):
    moment = moment.replace(microsecond=0)
    ways = (
        "%Y-%m-%d %H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%Y%m%d%H%M%S",
        "%Y年%m月%d日 %H时%M分%S秒",
        "%Y-%m-%dT%H:%M:%S.0",
    )
    read = parse(*(moment.strftime(way) for way in ways), time_zone="UTC")
    assert read.code.eq("").all()
    assert (read.utc == pd.Timestamp(moment, tz="UTC")).all()
    american = parse(moment.strftime("%m/%d/%Y %I:%M:%S %p"), time_zone="UTC", date_order="mdy")
    assert american.utc[2] == pd.Timestamp(moment, tz="UTC")
