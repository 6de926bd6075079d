"""The page that is mailed and printed: no empty box, nothing lost on paper."""

from __future__ import annotations

from geo.present.dashboard_page import Grid, Page, Section, draw_legend, write_dashboard_html

EMPTY = Page(
    language="en", title="A", breadcrumb=("A",), period="October 2026", sentence="No new cases.", cards=(),
    sections=(), notes=(), imprint="",
)  # fmt: skip


def page_with(*sections: Section) -> str:
    page = Page(**{**EMPTY.__dict__, "sections": sections})
    return write_dashboard_html(page).decode("utf-8")


def test_a_part_without_content_says_what_is_missing():
    assert "Nothing in this period." in page_with(Section("Categories", empty="Nothing in this period."))
    assert "nothing to show" in page_with(Section("Categories"))
    assert "nothing" not in page_with(Section("Places", grid=Grid(("Place",), (("here",),)), empty="nothing"))


def test_what_is_missing_is_only_ever_text():
    assert "<b>x</b>" not in page_with(Section("Categories", empty="<b>x</b>"))


def test_colours_are_kept_on_paper_and_six_cards_stand_three_and_three():
    paper = page_with().split("@media print", 1)[1]
    assert "print-color-adjust:exact" in paper
    assert "grid-template-columns:repeat(3,1fr)" in paper


def test_a_class_of_the_legend_is_not_broken_over_lines():
    assert draw_legend([("#fff", "0 – 14 cases (4 grids)")]).count('class="k"') == 1
