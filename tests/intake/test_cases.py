"""A row of cases is kept, kept with a remark, or refused by row, column and value; nothing is lost unsaid."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from geo.errors import ChoiceError, CrsError, MissingError
from geo.intake.cases import CaseChoices, check_cases
from geo.intake.columns import suggest_columns
from geo.intake.limits import Limits
from geo.intake.tables import RawTable, read_table
from geo.messages import MESSAGES, say
from geo.schema import TABLES

ROOT = Path(__file__).resolve().parents[2]
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "编号,上报时间,结案时间,截止时间,经度,纬度,状态,标题"
GOOD = "1,2024-01-31 14:05,2024-02-01 09:00,2024-02-05,104.0657,30.6595,已结案,井盖破损"


def check(
    text: str, *, progress=None, file_name: str = "工单.csv", drop: tuple[str, ...] = (), **choices: object
):
    table = read_table(text.encode(), file_name=file_name, limits=Limits())
    columns = choices.pop("columns", None) or suggest_columns(table.columns, table="cases")
    columns = {name: column for name, column in columns.items() if name not in drop}
    given = {"source": "12345", "as_of": AS_OF, "coord_sys": "wgs84", "time_zone": "Asia/Shanghai"} | choices
    return check_cases(table, CaseChoices(columns=columns, **given), progress=progress)


def lines(*rows: str, header: str = HEADER) -> str:
    return "\n".join((header, *rows)) + "\n"


def told(problems: pd.DataFrame) -> list[list[object]]:
    return problems[["row", "column_name", "code", "value"]].to_numpy().tolist()


def note(checked, code):
    found = [note for note in checked.notes if note.code == code]
    return found[0] if found else None


def test_a_good_row_has_the_columns_of_the_schema_and_the_row_of_the_file():
    checked = check(lines(GOOD))
    assert set(checked.rows.columns) <= set(TABLES["cases"].names)
    row = checked.rows.loc[2]
    assert (row.case_id, row.source, row.source_no, row.title) == ("12345:1", "12345", "1", "井盖破损")
    assert (row.lon, row.lat, row.position_source, row.state) == (104.0657, 30.6595, "given", "closed")
    assert row.reported_at == pd.Timestamp("2024-01-31 06:05", tz="UTC")
    assert row.due_at == pd.Timestamp("2024-02-05 16:00", tz="UTC")
    assert row.h3 > 0
    assert (checked.n_read, checked.n_rejected, len(checked.remarks)) == (1, 0, 0)
    assert note(checked, "time_zone_applied").values == {"time_zone": "Asia/Shanghai"}
    assert note(checked, "moments_are_days").values == {"column": "截止时间", "n": 1}


def test_columns_that_are_not_mapped_are_not_there():
    checked = check("编号,备注,联系电话\n1,内部,13800000000\n", columns={"source_no": "编号"})
    assert set(checked.rows.columns) == {
        "case_id", "source", "source_no", "state", "lon", "lat", "position_source", "position_error_m", "h3",
    }  # fmt: skip
    assert "13800000000" not in checked.rows.to_csv()


def test_every_refusal_names_row_column_code_and_value():
    text = lines(
        GOOD,
        "2,2024-02-30,,,,,处置中,a",
        "3,2024-01-31 14:05,,,104°3′,30.6,处置中,a",
        "4,2024-01-31 14:05,,,104.06,三十,处置中,a",
        ",2024-01-31 14:05,,,,,处置中,a",
        "6,2024-01-31 14:05,,,,,,a",
        "7,2026-01-01 14:05,,2030-01-01,,,处置中,a",
        "8,昨天,2024-02-30,,,,处置中,a",
    )
    checked = check(text)
    assert told(checked.rejected) == [
        [3, "上报时间", "moment_no_such_day", "2024-02-30"],
        [4, "经度", "coordinate_not_decimal", "104°3′"],
        [5, "纬度", "number_unreadable", "三十"],
        [6, "编号", "source_no_missing", ""],
        [8, "上报时间", "moment_in_future", "2026-01-01 14:05"],
        [9, "上报时间", "moment_unreadable", "昨天"],
        [9, "结案时间", "moment_no_such_day", "2024-02-30"],
    ]
    assert (checked.rows.index.tolist(), checked.n_read, checked.n_rejected) == ([2, 7], 8, 6)


def test_every_sentence_about_a_row_can_be_said_in_both_languages():
    for code in (
        "moment_no_such_day", "coordinate_not_decimal", "number_unreadable", "source_no_missing",
        "moment_in_future", "case_number_twice", "status_unknown", "row_repeated", "position_zero",
    ):  # fmt: skip
        assert code in MESSAGES
        for language in ("en", "zh"):
            assert "{" not in say(code, language, row=3, column="编号", value="x")


def test_fault_B21_numbers_a_spreadsheet_damaged_are_refused():
    checked = check("编号\n4.30102E+17\n43001.0\n043001\n4301021980010112\n", columns={"source_no": "编号"})
    assert told(checked.rejected) == [
        [2, "编号", "id_scientific", "4.30102E+17"],
        [3, "编号", "id_point_zero", "43001.0"],
    ]
    assert checked.rows["source_no"].tolist() == ["043001", "4301021980010112"]


def test_equal_rows_are_taken_once_and_rows_that_differ_are_all_refused():
    rows = [
        GOOD,
        "2,2024-01-31 14:05,,,,,处置中,a",
        GOOD,
        "2,2024-01-31 14:05,,,,,处置中,b",
        "3,,,,,,处置中,c",
    ]
    checked = check(lines(*rows))
    assert told(checked.rejected) == [
        [3, "编号", "case_number_twice", "2"], [5, "编号", "case_number_twice", "2"],
    ]  # fmt: skip
    assert told(checked.remarks) == [[4, "编号", "row_repeated", "1"]]
    assert checked.rows.index.tolist() == [2, 6]
    assert note(checked, "rows_repeated").values == {"n": 1}


def test_a_case_closed_or_due_before_it_was_reported_is_kept_with_a_remark():
    checked = check(
        lines("1,2024-02-02 14:05,2024-02-01 09:00,2024-01-31,104.06,30.65,已结案,a", "2" + GOOD[1:])
    )
    assert 2 in checked.rows.index
    assert told(checked.remarks) == [
        [2, "结案时间", "case_closed_before_reported", "2024-02-01 09:00:00"],
        [2, "截止时间", "case_due_before_reported", "2024-02-01 00:00:00"],
    ], "moments are told in the zone of the file, not in UTC"
    assert note(checked, "cases_closed_before_reported").severity == "warns"


def test_a_status_nobody_has_explained_holds_the_import_until_somebody_does():
    text = lines(GOOD, "2,2024-01-31 14:05,,,,,已批转其他,a", "3,2024-01-31 14:05,,,,,已批转其他,a")
    checked = check(text)
    assert told(checked.rejected) == [[n, "状态", "status_unknown", "已批转其他"] for n in (3, 4)]
    blocking = note(checked, "status_words_unknown")
    assert (blocking.severity, blocking.values["counts"], blocking.values["n"]) == (
        "blocks",
        {"已批转其他": 2},
        2,
    )
    explained = check(text, status_words={"已批转 其他": "dispatched"})
    assert explained.rows["state"].tolist() == ["closed", "dispatched", "dispatched"]
    assert note(explained, "status_words_unknown") is None
    with pytest.raises(ChoiceError, match="done"):
        check(text, status_words={"已批转其他": "done"})


def test_without_a_status_the_moment_of_closing_decides():
    checked = check(lines(GOOD.replace("已结案", ""), "2,2024-01-31 14:05,,,,,,a"))
    assert checked.rows["state"].tolist() == ["closed", "reported"]


# --- positions ---


def test_fault_B06_exchanged_coordinates_are_told_and_not_used_without_consent():
    text = lines("1,,,,30.6595,104.0657,处置中,a", "2,,,,104.0657,30.6595,处置中,a")
    checked = check(text)
    assert told(checked.remarks) == [[2, "经度, 纬度", "position_looks_swapped", "30.6595, 104.0657"]]
    assert checked.rows["position_source"].tolist() == ["none", "given"]
    assert checked.rows["lon"].isna().tolist() == [True, False]
    assert note(checked, "positions_look_swapped").values == {"n": 1}
    assert note(checked, "rows_without_position").values == {"n": 1, "of": 2}
    turned = check(lines("1,,,,30.6595,104.0657,处置中,a"), swap_lonlat=True)
    assert turned.rows[["lon", "lat"]].to_numpy().tolist() == [[104.0657, 30.6595]]


def test_fault_B06_exchanged_coordinates_that_lie_on_the_globe_are_not_used_either():
    text = lines("1,,,,42.29,-71.12,处置中,a", "2,,,,-71.12,42.29,处置中,a")
    checked = check(text, around=(-72, 41, -70, 43))
    assert [line[2] for line in told(checked.remarks)] == ["position_looks_swapped"]
    assert checked.rows["position_source"].tolist() == ["none", "given"]


def test_fault_B24_zero_and_half_positions_are_told_and_not_used():
    checked = check(lines(GOOD, "2,,,,0,0,处置中,a", "3,,,,104.06,,处置中,a", "4,,,,0,30,处置中,a"))
    assert [line[0::2] for line in told(checked.remarks)][:2] == [
        [3, "position_zero"], [4, "position_incomplete"],
    ]  # fmt: skip
    assert checked.rows.loc[[3, 4], ["lon", "lat", "h3"]].isna().all(axis=None)
    assert note(checked, "positions_zero").values == {"n": 1}


def test_fault_B25_positions_off_the_globe_are_told_and_not_used():
    checked = check(lines(GOOD, "2,,,,181,30,处置中,a", "3,,,,104,91,处置中,a"))
    assert checked.rows.loc[[3, 4], "position_source"].tolist() == ["none", "none"]
    assert len(checked.remarks) == 2


def test_a_file_in_gcj02_is_stored_in_wgs84():
    # Chengdu, hand value: WGS84 104.0657, 30.6595 is GCJ-02 104.06820740, 30.65707914
    checked = check(lines("1,,,,104.06820740,30.65707914,处置中,a"), coord_sys="gcj02")
    assert checked.rows.loc[2, "lon"] == pytest.approx(104.0657, abs=2e-8)
    assert checked.rows.loc[2, "lat"] == pytest.approx(30.6595, abs=2e-8)


def test_fault_B07_metres_called_degrees_are_refused_as_a_file():
    with pytest.raises(CrsError, match=r"row 2: x=404123\.5"):
        check(lines("1,,,,404123.5,3391234.5,处置中,a", "2,,,,404125.5,3391236.5,处置中,a"))


# --- choices ---


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"time_zone": ""}, ChoiceError, "time_zone_needed"),
        ({"coord_sys": None}, ChoiceError, "coord_sys_needed"),
        ({"source": "  "}, ChoiceError, "source_needed"),
        ({"drop": ("source_no",)}, ChoiceError, "source_no_needed"),
        ({"drop": ("lat",)}, ChoiceError, "coordinates_half_mapped"),
        ({"columns": {"source_no": "号"}}, MissingError, "column_unknown"),
        ({"columns": {"source_no": "编号", "colour": "标题"}}, ChoiceError, "field_unknown"),
    ],
)
def test_nothing_is_guessed_that_somebody_must_choose(changes, error, code):
    with pytest.raises(error) as caught:
        check(lines(GOOD), **changes)
    assert caught.value.code == code


def test_the_order_of_day_and_month_is_taken_from_the_whole_file_or_asked_for():
    header, many = "编号,上报时间", [f"{n},03/04/2020" for n in range(3, 1500)]
    shown = check(lines("1,02/03/2020", "2,03/04/2020", *many, "9999,12/31/2020", header=header))
    assert shown.rows.loc[2, "reported_at"] == pd.Timestamp("2020-02-02 16:00", tz="UTC")
    assert note(shown, "date_order_found").values == {"order": "mdy", "n": 1}
    with pytest.raises(ChoiceError) as caught:
        check(lines("1,02/03/2020", header=header))
    assert caught.value.code == "date_order_needed"
    chosen = check(lines("1,02/03/2020", header=header), date_order="dmy")
    assert chosen.rows.loc[2, "reported_at"] == pd.Timestamp("2020-03-01 16:00", tz="UTC")


def test_progress_is_told_and_may_stop_the_work():
    shares: list[float] = []
    check(lines(GOOD), progress=shares.append)
    assert shares
    assert all(0 < share <= 1 for share in shares)

    def stop(_: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        check(lines(GOOD), progress=stop)


def test_chunks_do_not_change_the_answer(monkeypatch):
    text = lines(*(f"{n % 7},2024-01-{n % 31 + 1:02d},,,104.{n},30.6,处置中,a{n % 2}" for n in range(1, 60)))
    whole = check(text)
    monkeypatch.setattr("geo.intake.tables.RawTable.chunks", _small_chunks())
    parts = check(text)
    pd.testing.assert_frame_equal(whole.rows, parts.rows)
    pd.testing.assert_frame_equal(whole.rejected, parts.rejected)


def _small_chunks():
    chunks = RawTable.chunks
    return lambda self, size=4, *, columns=None: chunks(self, 4, columns=columns)


# --- people and call-backs ---

PEOPLE = "编号,诉求人,联系电话\n1,张三丰,13800000000\n2,,\n"
REPORTERS = {"source_no": "编号", "reporter_name": "诉求人", "reporter_telephone": "联系电话"}


def test_reporters_are_not_even_read_unless_somebody_chooses_so(monkeypatch):
    asked, chunks = [], RawTable.chunks
    monkeypatch.setattr(
        RawTable, "chunks", lambda self, *, columns: asked.extend(columns) or chunks(self, columns=columns)
    )
    check(PEOPLE, columns=REPORTERS)
    assert asked == ["编号"]


def test_reporters_are_not_kept_unless_somebody_chooses_so():
    checked = check(PEOPLE, columns=REPORTERS)
    assert "case_reporters" not in checked.side_tables
    assert note(checked, "reporters_not_kept").values == {"columns": "诉求人, 联系电话"}
    assert "13800000000" not in repr(checked) + checked.rows.to_csv()


def test_reporters_that_are_kept_stand_apart_from_the_cases():
    checked = check(PEOPLE, columns=REPORTERS, keep_reporters=True)
    assert checked.side_tables["case_reporters"].to_numpy().tolist() == [["12345:1", "张三丰", "13800000000"]]
    assert not {"reporter_name", "reporter_telephone"} & set(checked.rows.columns)


def callbacks():
    text = (ROOT / "docs" / "methods" / "intake.md").read_text(encoding="utf-8")
    table = text.split("\n## Call-backs\n")[1].split("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table if line.startswith("| ")][1:]


@pytest.mark.parametrize(("contacted", "solved", "satisfaction", "valid"), callbacks())
def test_a_call_back_is_valid_where_anything_was_answered(contacted, solved, satisfaction, valid):
    text = f"编号,是否联系,是否解决,满意度\n1,{contacted},{solved},{satisfaction}\n"
    checked = check(
        text,
        columns={
            "source_no": "编号",
            "contacted": "是否联系",
            "solved": "是否解决",
            "satisfaction": "满意度",
        },
    )
    assert bool(checked.rows.loc[2, "valid_callback"]) is (valid == "yes")


def test_a_column_of_valid_call_backs_wins_and_an_unknown_answer_is_left_empty():
    text = "编号,有效回访,是否解决\n1,否,是\n2,是,\n3,也许,是\n"
    checked = check(text, columns={"source_no": "编号", "valid_callback": "有效回访", "solved": "是否解决"})
    assert checked.rows["valid_callback"].tolist() == [False, True, pd.NA]
    assert told(checked.remarks) == [[4, "有效回访", "answer_unknown", "也许"]]
    assert note(checked, "words_unknown").severity == "warns"


def test_categories_are_listed_with_their_main_class():
    text = "编号,大类,小类\n1,市容环境,暴露垃圾\n2,市容环境,\n3,,暴露垃圾\n4,市容环境,暴露垃圾\n"
    checked = check(text)
    assert checked.rows["category_id"].tolist() == [
        "市容环境/暴露垃圾",
        "市容环境",
        "暴露垃圾",
        "市容环境/暴露垃圾",
    ]
    listed = checked.side_tables["categories"].set_index("category_id")
    assert listed.loc["市容环境/暴露垃圾", ["parent_id", "name"]].tolist() == ["市容环境", "暴露垃圾"]
    assert listed.loc[["市容环境", "暴露垃圾"], "parent_id"].isna().all()


# --- real files, counted once more by pandas ---

FILES = {
    "boston": ("cases/boston/boston_animal_311_2018.csv", "utf-8", "America/New_York", (-72, 41, -70, 43)),
    "la": ("cases/la/la311_2018_10000.csv", "utf-8", "America/Los_Angeles", (-120, 33, -117, 35)),
    "nyc": ("cases/nyc/nyc311_mixed_5895.csv", "utf-8", "America/New_York", (-75, 40, -73, 41.5)),
    "tainan": ("messy/tainan_dengue_cases_0829_big5.csv", "big5hkscs", "Asia/Taipei", None),
}


@pytest.mark.realdata
@pytest.mark.parametrize(("city", "n", "n_unplaced", "n_early"), [
    ("boston", 7872, 5, 0), ("la", 10000, 5, 23), ("nyc", 5895, 57, 2), ("tainan", 729, 0, 0),
])  # fmt: skip
def test_real_lists_are_taken_whole(shared_data, city, n, n_unplaced, n_early):
    name, encoding, zone, around = FILES[city]
    table = read_table(shared_data / name, file_name=Path(name).name, limits=Limits())
    columns = suggest_columns(table.columns, table="cases")
    given = {"source": city, "as_of": AS_OF, "coord_sys": "wgs84", "time_zone": zone, "around": around}
    checked = check_cases(table, CaseChoices(columns=columns, **given))
    plain = pd.read_csv(shared_data / name, encoding=encoding, dtype="str", keep_default_na=False)
    assert (table.encoding, checked.n_read, len(checked.rows), len(checked.rejected)) == (encoding, n, n, 0)
    assert len(plain) == n
    assert checked.rows["source_no"].tolist() == plain[columns["source_no"]].tolist()
    has_place = plain[columns["lon"]].ne("") & plain[columns["lat"]].ne("")
    assert checked.rows["position_source"].eq("given").sum() == has_place.sum() == n - n_unplaced
    assert checked.remarks["code"].eq("case_closed_before_reported").sum() == n_early
    form = "mixed" if city in ("boston", "tainan") else "%m/%d/%Y %I:%M:%S %p"
    reported = (
        pd.to_datetime(plain[columns["reported_at"]], format=form).dt.tz_localize(zone).dt.tz_convert("UTC")
    )
    assert (checked.rows["reported_at"].to_numpy() == reported.to_numpy()).all()
