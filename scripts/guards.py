"""The guards that `scripts/remove_guards.py` takes away one by one, and the test that must then fail.

Each is an edit of one file: the text that stands there once, and what stands there when the guard is
gone. `tests/test_guards.py` sees that text and test are still there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """One guard, and the test that proves it."""

    name: str
    """Number of the fault, and what the guard does."""
    file: str
    edits: tuple[tuple[str, str], ...]
    """What stands in the file, exactly once, and what stands there when the guard is gone."""
    test: str
    """File of the test, `::` and a part of its name."""

    def take_away(self, text: str) -> str:
        """Return the text of the file without the guard."""
        for there, without in self.edits:
            text = text.replace(there, without, 1)
        return text


GUARDS = (
    Guard(
        "C01 text in the HTML of a page file",
        "geo/present/charts.py",
        (("return html.escape(str(text), quote=True)", "return str(text)"),),
        "tests/tasks/test_exports.py::C01_the_page_file",
    ),
    Guard(
        "C01 text on a downloaded map",
        "geo/present/safe.py",
        (("text = html.escape(value, quote=True)", "text = value"),),
        "tests/present/test_maps.py::texts_are_escaped",
    ),
    Guard(
        "C01 templates on a downloaded map",
        "geo/present/safe.py",
        (('text.replace("{", "&#123;")', "text"),),
        "tests/present/test_maps.py::no_text_keeps_what_opens",
    ),
    Guard(
        "C01 the address of the sign-in page",
        "ui/sign_in_page.py",
        (('value="{escape(then)}"', 'value="{then}"'),),
        "tests/test_gate.py::C01_what_stands_in_an_address",
    ),
    Guard(
        "C05 JSON inside a script element",
        "geo/present/documents.py",
        (('for sign in "<>&\\u2028\\u2029":', 'for sign in "":'),),
        "tests/present/test_documents.py::C05_json",
    ),
    Guard(
        "C05 layers of a map",
        "geo/present/documents.py",
        (('for sign in "<>&\\u2028\\u2029":', 'for sign in "":'),),
        "tests/test_routes.py::C05_markup",
    ),
    Guard(
        "C06 cells of a CSV file",
        "geo/present/documents.py",
        (('return f"\'{text}" if _is_risky(text) else text', "return text"),),
        "tests/present/test_documents.py::C06_a_cell_that_would_run",
    ),
    Guard(
        "C06 signs that look like others",
        "geo/present/documents.py",
        (("*[=+\\-@＝＋－＠\\t\\r\\n])", "*[=+\\-@\\t\\r\\n])"),),
        "tests/present/test_documents.py::C06_a_cell_that_would_run",
    ),
    Guard(
        "C07 cells of a workbook",
        "geo/present/documents.py",
        (
            ("page.write_string(row, column, _xml_text(str(value)))", "page.write(row, column, str(value))"),
            ('"strings_to_numbers"), False)', '"strings_to_numbers"), True)'),
        ),
        "tests/present/test_documents.py::C07_a_workbook",
    ),
    Guard(
        "C09 words of a search are parameters",
        "geo/store/filters.py",
        (
            (
                'pattern = condition.params.add(f"%{escape_like(where.text)}%")',
                "pattern = f\"'%{escape_like(where.text)}%'\"",
            ),
        ),
        "tests/store/test_hostile_words.py::C09_hostile_texts",
    ),
    Guard(
        "C09 columns of a list",
        "geo/store/listing.py",
        (('raise MissingError("store_column_unknown", table="cases", column=name)', "continue"),),
        "tests/store/test_hostile_words.py::C09_a_name",
    ),
    Guard(
        "C12 wildcards of a search",
        "geo/store/filters.py",
        (('f"!{sign}" if sign in "%_!" else sign', "sign"),),
        "tests/store/test_hostile_words.py::C12_wildcards",
    ),
    Guard(
        "C15 an origin in the log",
        "ui/gate.py",
        (("refused a connection of a page from %r;", "refused a connection of a page from %s;"),),
        "tests/test_gate.py::C15_a_refused_origin",
    ),
    Guard(
        "E10 numbers inside texts",
        "geo/access/masking.py",
        (("        signs[place] = HIDDEN\n", "        pass\n"),),
        "tests/access/test_masking.py::E10_what_identifies",
    ),
    Guard(
        "E14 problems of an import",
        "geo/tasks/hiding.py",
        (('value = mask_text(problems["value"])', 'value = problems["value"]'),),
        "tests/tasks/test_canary.py::E14",
    ),
    Guard(
        "E02 texts of an export",
        "geo/tasks/case_lists.py",
        (
            (
                "return rows.assign(**{name: mask_text(rows[name]) for name in MASKED_COLUMNS if name in rows})",
                "return rows",
            ),
        ),
        "tests/tasks/test_exports.py::E02_no_export_of_cases",
    ),
    Guard(
        "D03 other machines without passwords",
        "geo/tasks/entering.py",
        (("    if reason is not None and not is_loopback(host):\n        raise reason\n", "    return\n"),),
        "tests/tasks/test_entering.py::D03_beyond_this_machine",
    ),
    Guard(
        "D03 requests of other machines without passwords",
        "ui/entrance.py",
        (("if is_open and caller.is_local:", "if is_open:"),),
        "tests/test_gate.py::D03_another_machine",
    ),
    Guard(
        "D07 whoever is not signed in",
        "ui/entrance.py",
        (
            (
                "return Asked() if seat is None else Admitted(seat, visit)",
                "return Admitted(seat or OPERATOR, visit)",
            ),
        ),
        "tests/test_gate.py::D07_nothing_is_reached",
    ),
    Guard(
        "D08 what a viewer may do",
        "geo/access/seats.py",
        (("    if not seat.may(deed):\n", "    if False:\n"),),
        "tests/tasks/test_roles.py::D08_a_viewer",
    ),
    Guard(
        "D20 a foreign origin",
        "ui/gate.py",
        (
            (
                "is_foreign = origin is not None and not _is_same_host(origin, Headers(scope=scope))",
                "is_foreign = False",
            ),
        ),
        "tests/test_gate.py::D20_a_connection",
    ),
    Guard(
        "D20 a form of another site",
        "ui/gate.py",
        (('if method == "POST" and not is_own_page(headers):', "if False:"),),
        "tests/test_gate.py::D20_a_form",
    ),
    Guard(
        "D20 a foreign page in a browser",
        "ui/gate.py",
        (
            (
                "is_foreign = origin is not None and not _is_same_host(origin, Headers(scope=scope))",
                "is_foreign = False",
            ),
        ),
        "tests/e2e/test_foreign_requests.py::D20_a_foreign_page_in_a_browser_with_our_cookies",
    ),
    Guard(
        "D20 the token of an upload",
        ".streamlit/config.toml",
        (("maxUploadSize = 100\n", "maxUploadSize = 100\nenableXsrfProtection = false\n"),),
        "tests/e2e/test_foreign_requests.py::D20_an_upload_without",
    ),
    Guard(
        "D21 a user named by a stranger",
        "geo/access/callers.py",
        (("if len(values) != 1 or not self.passed_on(caller):", "if len(values) != 1:"),),
        "tests/e2e/test_foreign_requests.py::D21_a_user_that_a_stranger",
    ),
    Guard(
        "D21 the visit a request claims",
        "ui/gate.py",
        (
            (
                'kept = [pair for pair in scope["headers"] if pair[0].lower() != name]',
                'kept = list(scope["headers"])',
            ),
        ),
        "tests/test_gate.py::D21_the_visit",
    ),
    Guard(
        "D21 an address that a caller claims",
        "geo/access/callers.py",
        (('return "127.0.0.1" if is_loopback(self.server) else self.peer', "return self.peer"),),
        "tests/e2e/test_foreign_requests.py::D21_a_stranger_who_guesses",
    ),
    Guard(
        "J01 calls to other machines",
        "tests/guarded/sitecustomize.py",
        (("        sys.addaudithook(_hear)\n", "        pass\n"),),
        "tests/test_no_outside_calls.py::J01",
    ),
    Guard(
        "J02 an address as a store",
        "geo/store/duckdb.py",
        (("if place != MEMORY and (found := _SCHEME.match(place)):", "if (found := _SCHEME.match('')):"),),
        "tests/test_no_fetching.py::J02_a_store_is_a_file",
    ),
    Guard(
        "H05 a few turns of one person",
        "geo/access/turns.py",
        (
            (
                "able = [turn for turn in self._waiting if self._at_work[turn.person] < self._each]",
                "able = self._waiting",
            ),
        ),
        "tests/access/test_turns.py::H05_who_comes_after_a_loop",
    ),
    Guard(
        "H05 a long queue before others",
        "geo/access/turns.py",
        (("(self._at_work[one.person], self._last.get(one.person, 0))", "0"),),
        "tests/access/test_turns.py::H05_a_long_queue",
    ),
    Guard(
        "H05 turns of requests",
        "ui/gate.py",
        (
            (
                "waits = request_turn(map_data, person_of(judgement.seat, judgement.visit))",
                "waits = nullcontext()",
            ),
        ),
        "tests/test_turns.py::H05_requests",
    ),
    Guard(
        "H02 room for uploads",
        "ui/gate.py",
        (("room=UPLOADS_AT_ONCE * limit", "room=1_000_000 * limit"),),
        "tests/test_turns.py::H02",
    ),
    Guard(
        "F11 boundaries of a preview",
        "geo/tasks/bringing.py",
        (("        require_boundaries(store, preview.boundaries)\n", ""),),
        "tests/tasks/test_changing_layers.py::F11_a_file_checked",
    ),
    Guard(
        "F11 placing that was overtaken",
        "geo/tasks/placing.py",
        (("if boundaries_of(store) == seen:", "if True:"),),
        "tests/tasks/test_changing_layers.py::F11_placing",
    ),
    Guard(
        "F12 one computation for all",
        "ui/session.py",
        (("    with turn:\n", "    if True:\n"),),
        "tests/test_changing_data.py::F12_fifty",
    ),
    Guard(
        "G21 the file of a draft",
        "ui/import_draft.py",
        (("if not all(path.is_file() for path in draft.paths):", "if False:"),),
        "tests/test_import_draft.py::G21_a_draft",
    ),
    Guard(
        "G21 files of no draft",
        "geo/tasks/opening.py",
        (("Path(gettempdir())]", "]"),),
        "tests/test_import_draft.py::G21_files",
    ),
    Guard(
        "H02 files of one upload",
        "ui/import_draft.py",
        (("    if len(names) > most:\n", "    if False:\n"),),
        "tests/test_import_draft.py::H02_more_files",
    ),
    Guard(
        "H02 drafts together",
        "ui/import_draft.py",
        (("left = min(most, MOST_DRAFTS * most - bytes_of_drafts())", "left = most"),),
        "tests/test_import_draft.py::H02_all_drafts",
    ),
)
