"""What took long on boundaries that changed meanwhile is never kept as if it were of now (fault F11)."""

from __future__ import annotations

from datetime import date

import pytest

from geo.errors import StaleEditError
from geo.intake.boundaries import BoundaryChoices
from geo.settings import Settings
from geo.store import open_store
from geo.tasks.bringing import preview_boundaries, store_preview, undo_batch
from geo.tasks.placing import place_cases
from geo.tasks.reading import read_layer_files
from tests.tasks.test_bringing import WEEK_1, WHO, bring_grids, preview_week, squares


@pytest.fixture
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        yield opened


@pytest.fixture
def settings():
    return Settings()


def areas_now(store):
    rows = store.read("case_areas", where={"basis": "current"}, order_by=["case_id"])
    return rows["grid_id"].fillna("").tolist()


def bring_newer(store, settings):
    layer = read_layer_files([squares("grid", ["H1", "H2"])], settings=settings, file_names=["newer.geojson"])
    choices = BoundaryChoices(
        area_level="grid",
        id_column="code",
        name_column="name",
        coord_sys="wgs84",
        valid_from=date(2026, 6, 1),
    )
    return store_preview(store, preview_boundaries(store, layer, choices, **WHO), **WHO)


@pytest.mark.parametrize("change", ["new", "undone"])
def test_fault_F11_a_file_checked_on_former_boundaries_is_not_stored_and_says_so(store, settings, change):
    first = bring_grids(store, settings)
    preview = preview_week(store, settings, WEEK_1)
    assert preview.boundaries == (first.batch_id,), "what was found says which boundaries it was found in"
    if change == "new":
        last = bring_newer(store, settings).batch_id
    else:
        undo_batch(store, first.batch_id, **WHO)
        last = first.batch_id
    before = store.fingerprints()
    with pytest.raises(StaleEditError) as refused:
        store_preview(store, preview, **WHO)
    assert refused.value.code == "boundaries_changed_since"
    for language in ("zh", "en"):
        assert last in refused.value.say(language)
    assert store.fingerprints() == before
    store_preview(store, preview_week(store, settings, WEEK_1), **WHO)
    assert areas_now(store) == (["H1", "H2", ""] if change == "new" else ["", "", ""])
    assert store.verify() == []


def test_fault_F11_boundaries_that_come_in_while_cases_are_stored_place_them_all_the_same(
    store, settings, monkeypatch
):
    bring_grids(store, settings)
    preview = preview_week(store, settings, WEEK_1)

    def store_late(*given, original=store.store_cases, **named):
        monkeypatch.undo()
        bring_newer(store, settings)
        return original(*given, **named)

    monkeypatch.setattr(store, "store_cases", store_late)
    store_preview(store, preview, **WHO)
    assert areas_now(store) == ["H1", "H2", ""]
    assert store.verify() == []


def test_fault_F11_placing_that_was_overtaken_by_new_boundaries_is_done_again(store, settings, monkeypatch):
    bring_grids(store, settings)
    store_preview(store, preview_week(store, settings, WEEK_1), **WHO)

    def compare_late(*given, original=store.read_case_areas, **named):
        monkeypatch.undo()
        bring_newer(store, settings)
        return original(*given, **named)

    monkeypatch.setattr(store, "read_case_areas", compare_late)  # after the areas were worked out
    placed = place_cases(store, **WHO)
    assert areas_now(store) == ["H1", "H2", ""]
    assert placed.n_placed == 2
    assert store.verify() == []
