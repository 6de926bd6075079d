"""Write a dashboard as one HTML file that needs nothing else: no script, no network, no font (看板网页).

It opens from a stick on any machine, prints on A4, and can be mailed. Whatever it shows came in as plain
text and is escaped here or in `geo.present.charts`; the only HTML it takes in are charts drawn there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NewType

from geo.present.charts import escape
from geo.present.words import Language

Drawing = NewType("Drawing", str)
"""Markup made by `geo.present.charts`, where every text in it was escaped."""


@dataclass(frozen=True)
class CardText:
    """One number on top, as texts."""

    label: str
    value: str
    unit: str
    lines: tuple[str, ...]
    """Change, interval, rank, remarks."""
    drawing: Drawing


@dataclass(frozen=True)
class Grid:
    """A small table of texts."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_text: int = 1
    """Leading columns of text; the others are figures and stand right."""


@dataclass(frozen=True)
class Section:
    """One titled part of the page."""

    title: str
    drawings: tuple[Drawing, ...] = ()
    grid: Grid | None = None
    remarks: tuple[str, ...] = ()
    is_wide: bool = False
    empty: str = ""
    """Said where there is nothing to draw."""


@dataclass(frozen=True)
class Page:
    """Everything the file says."""

    language: Language
    title: str
    breadcrumb: tuple[str, ...]
    period: str
    sentence: str
    cards: tuple[CardText, ...]
    sections: tuple[Section, ...]
    notes: tuple[tuple[str, str], ...]
    """Method and sources: label and text."""
    imprint: str
    """Bottom left: map review number and source, or the warning that there is none."""
    warning: Literal["", "no_review_number"] = ""


_CSS = """
:root{color-scheme:light;--ink:#1f2933;--soft:#52606d;--line:#d9dee3;--accent:#1d6fa5}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:24px;color:var(--ink);background:#fff;line-height:1.45;
font:15px/1.45 "Noto Sans CJK SC","Source Han Sans SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif;
font-variant-numeric:tabular-nums}
h1{font-size:26px;margin:2px 0 6px}h2{font-size:16px;margin:0 0 8px}
.where,.when,.small,footer,.legend,dd{color:var(--soft)}.where,.when,.small,.legend{font-size:13px}
.sentence{font-size:18px;margin:14px 0 18px;border-left:4px solid var(--accent);padding-left:12px}
.cards{display:grid;grid-template-columns:repeat(3,1fr);gap:12px}
.card,.part{border:1px solid var(--line);border-radius:6px;padding:12px;break-inside:avoid}
.card b{font-size:26px;font-weight:600}.card span{color:var(--soft);margin-left:4px}
.card p{margin:2px 0;font-size:13px;color:var(--soft)}.card h2{font-size:13px;font-weight:500;margin:0}
.line{width:100%;height:28px}
.parts{display:grid;grid-template-columns:1fr 1fr;gap:12px;margin-top:12px}.wide{grid-column:1/-1}
table{border-collapse:collapse;width:100%;font-size:13px}
.grid th,.grid td{border-bottom:1px solid var(--line);padding:3px 6px;text-align:right;vertical-align:top}
.grid .t{text-align:left;overflow-wrap:anywhere}.grid .t:first-child{min-width:7em}
.grid th{overflow-wrap:normal}.k{white-space:nowrap}
.grid thead th{font-weight:600}
.bars th{text-align:left;font-weight:400;width:34%;overflow-wrap:anywhere;padding:2px 6px 2px 0}
.bars td{padding:2px 0 2px 6px;white-space:nowrap}.bars .bar{position:relative;width:44%;background:#f3f5f7}
.bars .bar i{position:absolute;left:0;top:3px;bottom:3px;background:var(--accent)}
.bars .bar b{position:absolute;top:0;bottom:0;width:2px;background:var(--ink)}
svg{display:block;max-width:100%;height:auto}svg text{font-size:11px;fill:#52606d}
.legend i{display:inline-block;width:12px;height:12px;margin:0 4px 0 12px;vertical-align:-1px;
border:1px solid #c3c9d0}
.legend .tick{display:inline-block;width:14px;height:2px;background:var(--ink);margin:0 4px 0 12px;
vertical-align:4px}
dl{font-size:13px}dt{font-weight:600;margin-top:6px}dd{margin:0}
footer{margin-top:18px;font-size:12px;border-top:1px solid var(--line);padding-top:8px}
.warn{color:#8a4b00}
@media (max-width:640px){body{padding:14px}.cards{grid-template-columns:1fr 1fr}
.parts{grid-template-columns:1fr}}
@media print{@page{size:A4;margin:12mm}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{padding:0;max-width:none;font-size:11px}.cards{grid-template-columns:repeat(3,1fr);gap:6px}
.card{padding:6px 8px}.card b{font-size:17px}.card h2,.card p{font-size:9.5px}.line{height:20px}
.sentence{font-size:13px;margin:6px 0 8px}h1{font-size:19px}h2{font-size:12px;margin:0 0 4px}
table,.small,.legend,dl,footer{font-size:9.5px}.parts{gap:6px;margin-top:6px}.part{padding:6px 8px}
.map{max-height:230px;margin:0 auto}.months{max-height:150px}.grid th,.grid td{padding:2px 5px}
dl{columns:2;column-gap:16px}dt{margin-top:3px;break-after:avoid}}
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_WORDS = {
    "notes": ("口径与来源", "Method and sources"),
    "none": ("没有数据", "nothing to show"),
    "no_review_number": (
        "未设置审图号：公开展示前请补充。",
        "No map review number is set: add one before showing this in public.",
    ),
}


def write_dashboard_html(page: Page) -> bytes:
    """Write the page as UTF-8 HTML.

    A strict content policy stands in the file: even a text that slipped through could not run or
    fetch anything.
    """
    parts = [
        "<!doctype html>",
        f'<html lang="{"zh-CN" if page.language == "zh" else "en"}"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escape(page.title)} · {escape(page.period)}</title><style>{_CSS}</style></head><body>",
        f'<div class="where">{" › ".join(escape(step) for step in page.breadcrumb)}</div>',
        f'<h1>{escape(page.title)}</h1><div class="when">{escape(page.period)}</div>',
        f'<p class="sentence">{escape(page.sentence)}</p>',
        f'<div class="cards">{"".join(_card(card) for card in page.cards)}</div>',
        f'<div class="parts">{"".join(_section(section, page.language) for section in page.sections)}</div>',
        _notes(page),
        f"<footer>{escape(page.imprint)}{_warning(page)}</footer></body></html>",
    ]
    return "\n".join(parts).encode("utf-8")


def draw_legend(rows: Sequence[tuple[str, str]]) -> Drawing:
    """Draw a class legend: colour and label of each class."""
    swatches = [
        f'<span class="k"><i style="background:{escape(colour)}"></i>{escape(label)}</span>'
        for colour, label in rows
    ]
    return Drawing(f'<p class="legend">{" ".join(swatches)}</p>')


def _card(card: CardText) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in card.lines if line)
    return (
        f'<div class="card"><h2>{escape(card.label)}</h2><b>{escape(card.value)}</b>'
        f"<span>{escape(card.unit)}</span>{card.drawing}{lines}</div>"
    )


def _section(section: Section, language: Language) -> str:
    body = "".join(section.drawings)
    if section.grid is not None and section.grid.rows:
        body += _grid(section.grid)
    if not body:
        body = f'<p class="small">{escape(section.empty) or _say("none", language)}</p>'
    remarks = "".join(f'<p class="small">{escape(remark)}</p>' for remark in section.remarks)
    kind = "part wide" if section.is_wide else "part"
    return f'<section class="{kind}"><h2>{escape(section.title)}</h2>{body}{remarks}</section>'


def _grid(grid: Grid) -> str:
    def cells(tag: str, texts: Sequence[str]) -> str:
        marks = [' class="t"' if k < grid.n_text else "" for k in range(len(texts))]
        return "".join(
            f"<{tag}{mark}>{escape(text)}</{tag}>" for mark, text in zip(marks, texts, strict=True)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in grid.rows)
    head = f"<thead><tr>{cells('th', grid.headings)}</tr></thead>"
    return f'<table class="grid">{head}<tbody>{body}</tbody></table>'


def _notes(page: Page) -> str:
    rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in page.notes)
    return f'<section class="part wide"><h2>{_say("notes", page.language)}</h2><dl>{rows}</dl></section>'


def _warning(page: Page) -> str:
    return f' <span class="warn">{_say(page.warning, page.language)}</span>' if page.warning else ""


def _say(code: str, language: Language) -> str:
    return escape(_WORDS[code][0 if language == "zh" else 1])
