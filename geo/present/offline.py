"""Scripts and styles of maps, from our own files only (离线资源).

folium names a dozen scripts on other people's hosts. Here the handful that our maps need is read
from the vendored files and written into the page itself, those nobody needs are left out, and any
other is refused, so that a downloaded map works with no network at all and never calls anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import folium
from branca.element import Element, Figure
from folium.elements import JSCSSMixin
from jinja2 import Template

from geo.errors import MissingError

ASSETS: Final = Path(__file__).with_name("assets")
VENDOR: Final = ASSETS / "vendor"
"""Third-party scripts and styles, listed with their digests in `manifest.json`."""

_SCRIPTS: Final = {
    "leaflet": "leaflet/dist/leaflet.js",
    "leaflet-heat.js": "leaflet.heat/dist/leaflet-heat.js",
    "markerclusterjs": "leaflet.markercluster/dist/leaflet.markercluster.js",
}
"""Name folium gives a script → our copy, in the order they must run."""
_STYLES: Final = {
    "leaflet_css": "leaflet/dist/leaflet.css",
    "markerclustercss": "leaflet.markercluster/dist/MarkerCluster.css",
}
_LEFT_OUT: Final = frozenset(
    {
        "jquery", "bootstrap", "bootstrap_css", "glyphicons_css", "awesome_markers", "awesome_markers_css",
        "awesome_markers_font_css", "awesome_rotate_css", "markerclusterdefaultcss",
    }
)  # fmt: skip
"""What folium adds to every map and none of ours uses."""


class _Inlined(Element):
    """Scripts and styles in the head of a page, as they are: never read as a template."""

    _template = Template(
        "{% for code in this.styles %}<style>{{ code }}</style>\n{% endfor %}"
        "{% for code in this.scripts %}<script>{{ code }}</script>\n{% endfor %}"
    )

    def __init__(self, styles: list[str], scripts: list[str]) -> None:
        super().__init__()
        self._name = "Inlined"
        self.styles, self.scripts = styles, scripts


def render_offline(drawn: folium.Map, *, title: str) -> str:
    """Return a map as one HTML page that needs no other file and no network.

    Parameters
    ----------
    drawn
        A folium map without tiles. It is changed: its links to other hosts are taken out.
    title
        Title of the page, already escaped.

    Raises
    ------
    MissingError
        If a plugin of the map needs a script that is not vendored.
    """
    needed: set[str] = set()
    elements = list(_walk(drawn))
    for place, element in enumerate(elements):
        element._id = f"{place:04d}"  # names in the page do not change from one rendering to the next
        if isinstance(element, JSCSSMixin):
            needed |= {name for name, _ in (*element.default_js, *element.default_css)}
            element.default_js, element.default_css = [], []
    if unknown := sorted(needed - set(_SCRIPTS) - set(_STYLES) - _LEFT_OUT):
        raise MissingError("map_script_missing", name=unknown[0])
    figure = drawn.get_root()
    assert isinstance(figure, Figure)
    figure.title = title
    styles = [_read(path) for name, path in _STYLES.items() if name in needed]
    scripts = [_read(path) for name, path in _SCRIPTS.items() if name in needed]
    figure.header.add_child(_Inlined(styles, scripts), name="inlined")
    return str(figure.render())


def _walk(element: Element) -> Iterator[Element]:
    yield element
    for child in element._children.values():
        yield from _walk(child)


def _read(path: str) -> str:
    code = (VENDOR / path).read_text(encoding="utf-8")
    # A map of the source would be asked for from wherever the page lies.
    return re.sub(r"\n//# sourceMappingURL=\S*\s*$", "\n", code)
