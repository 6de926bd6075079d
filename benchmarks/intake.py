"""Time reading and checking one large CSV of cases, with the peak memory of the process.

    python -m benchmarks.intake                       # 1 M rows, UTF-8
    python -m benchmarks.intake --rows 200000 --encoding gb18030

The file has 20 columns as a hotline exports them: numbers, two levels of category, texts of 30 to 60
signs, addresses, five moments, coordinates in GCJ-02, status and call-back; one row in 500 is wrong in
one of five ways. It is written before the clock starts. Bar: 40 s and 1.2 GB for a million rows.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from geo.access.masking import mask_text
from geo.intake.cases import CaseChoices, check_cases
from geo.intake.columns import suggest_columns
from geo.intake.tables import Limits, read_table

HEADER = (
    "工单编号", "大类", "小类", "标题", "诉求内容", "地址", "所属社区", "经度", "纬度", "状态", "承办单位", "问题来源",
    "上报时间", "派单时间", "处置完成时间", "结案时间", "截止时间", "是否解决", "满意度", "联系电话",
)  # fmt: skip
START = datetime(2024, 1, 1)  # noqa: DTZ001 - local time, as in such files
AS_OF = datetime(2027, 1, 1, tzinfo=UTC)
STATES = ("已办结", "已结案", "处置中", "待派单", "已派单", "挂账")
SUBJECTS = (
    "小区路灯不亮",
    "电动车飞线充电存在安全隐患",
    "楼道堆放杂物占用消防通道",
    "夜间施工噪音扰民",
    "井盖松动异响",
)


def write_cases(path: Path, *, n: int, encoding: str) -> None:
    """Write a file of n cases; the same n and encoding give the same bytes."""
    chance = random.Random(20240601)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in range(n):
            writer.writerow(make_case(number, chance))


def make_case(number: int, chance: random.Random) -> list[str]:
    reported = START + timedelta(seconds=chance.randrange(63_000_000))
    moments = [reported + timedelta(minutes=chance.randrange(1, 9000) * step) for step in (0, 1, 2, 3, 4)]
    texts = [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in moments]
    subject = SUBJECTS[number % len(SUBJECTS)]
    row = [
        f"2024{number:012d}", f"大类{number % 9}", f"小类{number % 70}", subject,
        f"市民反映{subject}，请相关部门尽快派人到现场核实处理，并请回电告知结果，编号{number % 977}。",
        f"锦绣路{number % 300}号院{number % 30}栋{number % 4 + 1}单元{number % 600 + 101}室", f"河畔社区{number % 12}",
        f"{104.03 + chance.random() / 10:.6f}", f"{30.62 + chance.random() / 10:.6f}", STATES[number % len(STATES)],
        f"承办单位{number % 40}", ("12345热线", "网格员上报", "扫码上报")[number % 3], *texts,
        "是" if number % 3 else "否", ("满意", "基本满意", "不满意", "")[number % 4], f"138{number % 100_000_000:08d}",
    ]  # fmt: skip
    if number % 500 == 499:
        place, value = (
            (0, ""),
            (12, "2024-02-30 10:00:00"),
            (7, "104°3′"),
            (9, "某种状态"),
            (0, "4.30102E+17"),
        )[number // 500 % 5]
        row[place] = value
    return row


def measure(path: Path) -> dict[str, float]:
    """Read and check the file in this process."""
    begin = time.perf_counter()
    table = read_table(path, file_name=path.name, limits=Limits())
    read_s = time.perf_counter() - begin
    columns = suggest_columns(table.columns, table="cases")
    choices = CaseChoices(
        columns=columns, source="12345", as_of=AS_OF, coord_sys="gcj02", time_zone="Asia/Shanghai"
    )
    checked = check_cases(table, choices)
    check_s = time.perf_counter() - begin - read_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.perf_counter()
    mask_text(checked.rows["address"].iloc[:100_000])
    return {
        "rows": checked.n_read, "good": len(checked.rows), "rejected": checked.n_rejected, "read_s": read_s,
        "check_s": check_s, "total_s": read_s + check_s, "peak_mb": peak_mb,
        "mask_100k_addresses_s": time.perf_counter() - begin,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake", description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--encoding", default="utf-8")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        print(json.dumps(measure(args.work)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.csv"
        write_cases(path, n=args.rows, encoding=args.encoding)
        print(
            f"{args.rows:,} rows, {len(HEADER)} columns, {path.stat().st_size / 1e6:.0f} MB, {args.encoding}"
        )
        command = [sys.executable, "-m", "benchmarks.intake", "--work", str(path)]
        figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for name, value in figures.items():
        print(f"  {name:24} {value:12,.1f}")


if __name__ == "__main__":
    main()
