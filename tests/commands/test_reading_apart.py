"""A command whose file cannot be read says one sentence in either language, and stores nothing."""

from __future__ import annotations

import json

import pytest

from geo.cli import main
from geo.worker.failpoints import VARIABLE
from tests.worker.files import squares, workbook

CASES = {
    "worker_died": ("worker.begun:die", {}, "broke off; nothing was stored", "意外中断，没有存入任何内容"),
    "worker_timeout": (
        "worker.begun:loop", {"GETU_WORKER_TIMEOUT_S": "1"}, "took longer than 1 s", "超过 1 秒，已停止",
    ),
    "worker_memory": (
        "worker.begun:eat", {"GETU_WORKER_MEMORY_MB": "100"}, "needs about 200 MB", "约需 200 MB 内存",
    ),
}  # fmt: skip
COMMANDS = {
    "import-boundaries": (
        "网格.geojson", squares(3), ["--level", "grid", "--column", "area_id=id", "--coord-sys", "wgs84"],
    ),
    "import-facilities": (
        "设施.xlsx", workbook([["编号", "名称", "经度", "纬度"], ["1", "甲", "104", "30"]]),
        ["--source", "x", "--coord-sys", "wgs84", "--kind", "kindergarten"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", CASES)
@pytest.mark.parametrize("command", COMMANDS)
def test_faults_G03_G14_G15_a_command_says_one_sentence_and_stores_nothing(
    monkeypatch, tmp_path, capsys, new_store, command, code
):
    fail_at, settings, english, chinese = CASES[code]
    name, content, words = COMMANDS[command]
    (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GETU_STORE_URL", new_store(tmp_path))
    for variable, value in settings.items():
        monkeypatch.setenv(variable, value)
    for language, sentence in (("en", english), ("zh", chinese)):
        monkeypatch.setenv(VARIABLE, fail_at)
        monkeypatch.setenv("GETU_LANGUAGE", language)
        assert main([command, name, *words, "--confirm"]) == 1
        said = capsys.readouterr()
        assert sentence in said.err and name in said.err
        assert len(said.err.strip().splitlines()) == 1 and not said.out
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("GETU_LANGUAGE", "en")
    assert main([command, name, *words, "--confirm", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["n_new"] == again["n_read"] > 0 and again["batch_id"] == "B000001"
