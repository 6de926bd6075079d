"""Commands say what they did in words of one language, and one row is never "1 rows"."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from geo.cli import main
from geo.messages.commands import MESSAGES

CASES = (
    "编号,标题,地址,类别,上报时间,办结时间,经度,纬度,状态\n"
    "1,路灯不亮,沿河路 1 号,路灯,2026-01-05 09:00,,104.001,30.501,处置\n"
    "2,=1+1,沿河路 2 号,路灯,2026-01-05 09:00,2026-01-04 09:00,104.001,30.501,结案\n"
    "3,甲,沿河路 3 号,路灯,2026-01-05 09:00,,104.001,30.501,处置\n"
    "3,乙 13800000000,沿河路 3 号,路灯,2026-01-05 09:00,,104.001,30.501,处置\n"
)
FACILITIES = "编号,名称,类型,经度,纬度\nF1,河边公厕,公厕,104.001,30.501\n"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a command in one language; return its code and what it said on both streams."""
    monkeypatch.setenv("GETU_STORE_URL", f"duckdb:{tmp_path / 'x.duckdb'}")
    monkeypatch.setenv("GETU_TIME_ZONE", "Asia/Shanghai")
    (tmp_path / "cases.csv").write_text(CASES, encoding="utf-8")
    (tmp_path / "facilities.csv").write_text(FACILITIES, encoding="utf-8")

    def run_in(language: str, *words: object) -> tuple[int, str]:
        monkeypatch.setenv("GETU_LANGUAGE", language)
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run_in


def bring(tmp_path: Path, *further: object) -> tuple[object, ...]:
    return ("import-cases", tmp_path / "cases.csv", "--source", "12345", "--coord-sys", "wgs84", *further)


def test_every_line_is_there_in_both_languages():
    for code, message in MESSAGES.items():
        fields = [sorted(set(re.findall(r"\{(\w+)", text))) for text in (message.en, message.zh)]
        assert fields[0] == fields[1], code
        assert message.en.strip() and message.zh.strip(), code


def test_problems_are_said_in_words_of_the_language_and_never_as_codes(run, tmp_path):
    code, english = run("en", *bring(tmp_path))
    assert code == 0
    assert "cases.csv: 4 rows read" in english
    assert "Refused: 2 rows" in english
    assert "  2 rows, the first: Row 4: the number 3 in 编号 stands in several rows that differ." in english
    assert "Kept with a remark: 1 row\n" in english
    assert "1 rows" not in english
    _, chinese = run("zh", *bring(tmp_path))
    assert "读取 4 行" in chinese
    assert "拒收：2 行" in chinese
    assert "“编号”中的编号 3 出现在多个内容不同的行中" in chinese
    for said in (english, chinese):
        assert not re.search(r"[a-z]+_[a-z]+", said)
    words = set(re.findall(r"[A-Za-z]{3,}", chinese))
    assert words <= {"cases", "csv", "utf", "Asia", "Shanghai", "confirm", "wgs"}


def test_rejected_writes_refused_rows_and_remarks_under_words(run, tmp_path):
    for language, head, outcomes in (
        ("en", ["Row", "Column", "Value", "Outcome", "Reason"], {"refused", "kept with a remark"}),
        ("zh", ["行号", "列", "内容", "处理", "原因"], {"拒收", "已保留，有提示"}),
    ):
        file = tmp_path / f"{language}.csv"
        run(language, *bring(tmp_path, "--rejected", file))
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
        assert rows[0] == head
        assert [row[0] for row in rows[1:]] == ["3", "4", "5"]
        assert {row[3] for row in rows[1:]} == outcomes
        assert "13800000000" not in file.read_text(encoding="utf-8-sig")


def test_fault_A20_the_table_of_problems_holds_no_formula(run, tmp_path):
    bad = CASES.replace(
        "2026-01-05 09:00,,104.001,30.501,处置\n3,乙", "=cmd|' /C calc'!A1,,104.001,30.501,处置\n3,乙"
    )
    (tmp_path / "cases.csv").write_text(bad, encoding="utf-8")
    run("en", *bring(tmp_path, "--rejected", tmp_path / "out.csv"))
    text = (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    assert "\"'=cmd|' /C calc'!A1\"" in text
    assert '"=cmd' not in text


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "is a folder. Name the file inside it"), ("zh", "是文件夹。请写出其中要读取的文件")],
)
def test_a_folder_is_told_from_a_file_that_is_not_there(run, tmp_path, language, said):
    code, text = run(language, "import-boundaries", tmp_path, "--level", "grid")
    assert code == 1
    assert f"{tmp_path.name} " in text and said in text
    code, text = run(language, "import-boundaries", tmp_path / "none.geojson", "--level", "grid")
    assert code == 1
    assert "none.geojson" in text and said not in text


def test_undo_counts_what_was_imported_and_the_rest_beside_it(run, tmp_path):
    run("en", *bring(tmp_path, "--confirm"))
    code, said = run("en", "undo", "B000001")
    assert code == 0
    assert said.splitlines() == [
        "Batch B000001 is undone: 2 cases taken out, 0 cases back as before.",
        "Beside them 1 row that came along went too, such as categories.",
    ]
    run("zh", *bring(tmp_path, "--confirm"))
    _, said = run("zh", "undo", "B000002")
    assert said.splitlines()[0] == "批次 B000002 已撤销：移除 2 件，恢复 0 件。"


def test_a_store_of_facilities_alone_says_what_it_holds_and_exports_them(run, tmp_path):
    run(
        "en",
        "import-facilities",
        tmp_path / "facilities.csv",
        "--source",
        "s",
        "--coord-sys",
        "wgs84",
        "--confirm",
    )
    for words in (("indicators", "--all"), ("export", "cases", tmp_path / "c.csv")):
        code, said = run("en", *words)
        assert code == 1
        assert "There are no cases yet. Facilities in the store: 1; areas: 0." in said
        assert "export facilities" in said
        assert "尚无案件。库中有设施 1 处、区域 0 个。" in run("zh", *words)[1]
    code, said = run("zh", "export", "facilities", tmp_path / "f.csv")
    assert code == 0
    assert said.startswith("已写入 f.csv")
    assert "河边公厕" in (tmp_path / "f.csv").read_text(encoding="utf-8-sig")


def test_areas_of_a_store_without_cases_are_written_with_no_cases(run, tmp_path):
    square = [[104, 30.5], [104.01, 30.5], [104.01, 30.51], [104, 30.51], [104, 30.5]]
    feature = {
        "type": "Feature",
        "properties": {"网格编码": "G1", "网格名称": "一网格"},
        "geometry": {"type": "Polygon", "coordinates": [square]},
    }
    file = tmp_path / "grids.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    code, said = run("zh", "import-boundaries", file, "--level", "grid", "--coord-sys", "wgs84", "--confirm")
    assert code == 0, said
    code, said = run("zh", "export", "areas", tmp_path / "a.csv", "--level", "grid")
    assert code == 0, said
    assert "一网格" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")


def test_the_other_commands_speak_chinese_too(run, tmp_path):
    code, said = run("zh", "check")
    assert code == 0
    assert said.splitlines()[-1] == "数据库完好。"
    assert said.startswith("区域：无。案件 0 件")
    run("zh", *bring(tmp_path, "--confirm"))
    assert "B000001 案件 cases.csv：新增 2" in run("zh", "check")[1]
    assert run("zh", "place")[1].startswith("共 2 件，0 件有归属")
    assert run("zh", "indicators", "--all")[1].startswith("全部，")
    assert run("en", "indicators", "--all")[1].startswith("Everything, ")
    assert run("zh", "demo", "--if-empty")[1] == "数据库中已有数据，未建示范区。\n"
