"""What stands around a downloaded map: title, legend, scale, review number and source (图廓)."""

from __future__ import annotations

from collections.abc import Sequence

from branca.element import MacroElement
from jinja2 import Template

from geo.present.offline import ASSETS
from geo.present.safe import safe


class Frame(MacroElement):
    """Title, legend, scale and credits; all texts are escaped here.

    Parameters
    ----------
    rows
        Legend, from the top: `kind` is `title`, `note`, `class` or `facility`; `label`; for the last
        two `colour` and `n`; for facilities `letter`.
    credits
        Review number and source.
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}<style>{{ this.css }}</style>{% endmacro %}
        {% macro html(this, kwargs) %}
        <div class="getu-box getu-head"><h1>{{ this.title }}</h1><p>{{ this.subtitle }}</p></div>
        <div class="getu-box getu-legend">
        {% for row in this.rows %}
          {% if row.kind in ("class", "facility") %}
          <div class="getu-row"><i{% if row.letter %} class="getu-letter"{% endif %}
            style="background:{{ row.colour }}">{{ row.letter }}</i><span>{{ row.label }}</span>
            <span class="getu-soft">{{ row.n }}</span></div>
          {% else %}<div class="getu-{{ row.kind }}">{{ row.label }}</div>{% endif %}
        {% endfor %}
        </div>
        <div class="getu-box getu-credits">{{ this.credits }}</div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
          L.control.scale({imperial: false}).addTo({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, *, title: str, subtitle: str, rows: Sequence[dict[str, str]], credits: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Frame"
        self.css = (ASSETS / "map_sheet.css").read_text(encoding="utf-8")
        self.title, self.subtitle, self.credits = safe(title), safe(subtitle), safe(credits)
        self.rows = safe(list(rows))
