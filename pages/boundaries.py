"""Boundaries page (网格边界): the versions of each level, what changed between two, a draft published by its bill."""

from geo.errors import GeoError
from ui import boundary_bill, boundary_view, frame, outputs, panels, session
from ui.text import t

boundary_view.stop_if_empty()
frame.show_top("boundaries", None, with_period=False)
panels.show_lead(t("page.boundaries"), level="h1", key="title")

try:
    boundary_view.show_sets()
    boundary_view.show_comparison()
except GeoError as error:
    outputs.stop_with(error)

panels.show_lead(t("boundaries.publish"), level="h2", key="publish_heading")
if session.may("publish"):
    boundary_bill.show_publishing()
else:
    panels.show_notice(t("boundaries.viewer"), key="viewer_page")
frame.show_method(notes=[t("boundaries.method")])
