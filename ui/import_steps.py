"""The four steps of bringing a file in, drawn one at a time (导入四步)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

import pandas as pd
import streamlit as st

from geo.errors import GeoError, StoreError
from geo.intake.layers import RawLayer
from geo.messages import say
from geo.tasks.reading import FILE_KINDS, get_ready_to_read, layers_to_choose
from ui import import_choices, import_draft, import_outcome, outputs, pages, panels, session, shows
from ui.import_draft import Draft
from ui.inputs import key_of
from ui.panels import Column, Fact, Row
from ui.text import t
from ui.work import show_work

ENCODINGS_OFFERED = ("utf-8", "gb18030", "big5hkscs")
FORMATS = {
    "geojson": "GeoJSON", "geojson_seq": "GeoJSON (sequence)", "esri_json": "Esri JSON", "topojson": "TopoJSON",
    "geopackage": "GeoPackage", "shapefile": "Shapefile", "kml": "KML", "geoparquet": "GeoParquet",
    "flatgeobuf": "FlatGeobuf",
}  # fmt: skip


def show_stepper(draft: Draft | None) -> None:
    """Draw the four steps across the top; an earlier one can be gone back to."""
    steps = [t(f"import.step{number}") for number in range(1, 5)]
    current = draft.step if draft else 1
    is_free = draft is not None and draft.receipt is None and draft.storing is None
    chosen = panels.show_steps(steps, current, goes_back=is_free)
    if chosen is None or draft is None:
        return
    if chosen == 1:
        import_draft.drop()
    else:
        draft.step = chosen
    st.rerun()


def show_file_step() -> None:
    """Draw step 1: what it is, and the file."""
    get_ready_to_read()
    left, right = st.columns([2, 3])
    kinds = {kind: t(f"import.kind.{kind}") for kind in FILE_KINDS}
    with left:
        kind = st.radio(
            t("import.kind"),
            FILE_KINDS,
            FILE_KINDS.index(st.session_state.get("kind_chosen", FILE_KINDS[0])),
            format_func=lambda key: kinds[key],
            key=key_of("import_kind"),
            captions=[t(f"import.about.{name}") for name in FILE_KINDS],
        )
    st.session_state["kind_chosen"] = kind
    with right:
        number = st.session_state.setdefault("upload_number", 0)
        limit = session.settings().max_upload_mb
        with st.container(key=f"upload_{session.language()}"):
            uploads = st.file_uploader(
                t("import.file"),
                key=f"upload_{number}",
                accept_multiple_files=True,
                help=t("import.file_hint", mb=limit),
                max_upload_size=limit,
            )
        st.caption(t("import.file_hint", mb=limit))
        if uploads and (import_draft.opening() is None or import_draft.open_question() is not None):
            st.session_state.pop("upload_error", None)
            try:
                import_draft.start_opening(kind, uploads)
            except GeoError as error:
                st.session_state["upload_error"] = error
            st.session_state["upload_number"] = number + 1  # a new box: the bytes of the old one are let go
        if (error := st.session_state.get("upload_error")) is not None:
            outputs.show_error(error, key="upload_error")
        _follow_opening()


def _follow_opening() -> None:
    """Draw how far the file is, and go on when it has been read."""
    opening = import_draft.opening()
    if opening is None or not show_work(opening.reading.work, opening.reading.say, key="opening"):
        return
    if (question := import_draft.open_question()) is not None:
        _ask(question)
        return
    try:
        import_draft.finish_opening()
    except GeoError as error:
        st.session_state["upload_error"] = error  # said beside the new box, until another file is brought
    st.rerun()


def _ask(question: GeoError) -> None:
    """Let the reader say which layer is meant, or how the text is coded."""
    panels.show_notice(question.say(session.language()), tone="warning", key="open_question")
    is_layer = question.code == "layer_not_named"
    options = layers_to_choose(question) if is_layer else ENCODINGS_OFFERED
    with st.form("answer", border=False):
        chosen = st.selectbox(
            t("import.layer" if is_layer else "import.encoding"),
            options,
            None,
            key=key_of("answer"),
            placeholder=t("import.choose"),
        )
        if st.form_submit_button(t("import.read_so"), type="primary") and chosen is not None:
            answer = {"layer": chosen} if is_layer else {"encoding": chosen}
            import_draft.answer_question(**answer)
            st.rerun()


def show_columns_step(draft: Draft) -> None:
    """Draw step 2: what the columns are, and how the numbers are to be read."""
    _show_facts(draft)
    if not _choose_reading(draft):
        return
    import_choices.show_choices(draft)
    if draft.personal:
        panels.show_notice(t("import.personal_found", columns=shows.listed(draft.personal)), key="personal")
    check, beside = st.columns([1, 4])
    problem = None
    if check.button(t("import.check"), type="primary", key="check", width="stretch"):
        try:
            import_draft.start_check(draft)
        except GeoError as error:
            problem = error
    with beside:
        has_ended = draft.work is not None and show_work(
            draft.work, _say_work("import.checking", draft), key="check"
        )
    if draft.work is not None and has_ended:
        work, draft.work = draft.work, None
        if work.result is not None:
            draft.preview, draft.step = work.result, 3
            st.rerun()
        problem = work.error or StoreError("work_broke")
    if problem is not None:
        outputs.show_error(problem, key="check_error")
    panels.show_lead(t("import.first_rows"), level="h3", key="first_rows_title")
    show_rows(import_draft.head_of(draft), key="first_rows")


def _say_work(key: str, draft: Draft) -> str:
    kind = t(f"import.kind.{draft.kind}")
    kind = kind if session.language() == "zh" else kind.lower()
    return t(key, kind=kind, n=shows.number(import_draft.n_rows(draft.file)))


def _show_facts(draft: Draft) -> None:
    file = draft.file
    n = import_draft.n_rows(file)
    facts = [
        Fact(t("import.file"), shows.listed(draft.names)),
        Fact(t("import.kind"), t(f"import.kind.{draft.kind}")),
        Fact(t("import.n_rows"), shows.number(n)),
    ]
    if isinstance(file, RawLayer):
        title = FORMATS[file.format]
        facts.append(Fact(t("import.format"), f"{title} · {file.layer}" if file.layer else title))
    if file.encoding:
        facts.append(Fact(t("import.encoding"), file.encoding))
    if isinstance(file, RawLayer) and file.declared_crs:
        label = "import.declared_crs" if file.crs_basis == "file" else "import.crs_by_format"
        facts.append(Fact(t(label), file.declared_crs))
    panels.show_facts(facts, key="file_facts")
    notes = getattr(file, "notes", ())
    lines = [
        say(note.code, session.language(), **dict(note.values)) for note in notes if note.severity != "note"
    ]
    if lines:
        panels.show_notice(*lines, tone="warning", key="file_notes")


def _choose_reading(draft: Draft) -> bool:
    """Let the reader choose the encoding and the sheet, where there is a choice; return False meanwhile."""
    file = draft.file
    candidates = [candidate[0] for candidate in file.encoding_candidates]
    encoding, sheet = draft.encoding, draft.sheet
    if len(candidates) > 1:
        if draft.is_encoding_open:
            panels.show_notice(t("import.encoding_unsure"), tone="warning", key="encoding_unsure")
        options = [None, *candidates] if draft.is_encoding_open else candidates
        chosen = encoding or (None if draft.is_encoding_open else file.encoding)
        encoding = st.selectbox(
            t("import.encoding"),
            options,
            options.index(chosen) if chosen in options else 0,
            key=key_of(f"encoding_{encoding}"),
            format_func=lambda name: name or t("import.choose"),
        )
        if draft.is_encoding_open:
            _show_encodings(draft)
        if encoding == file.encoding and not draft.is_encoding_open:
            encoding = draft.encoding
    sheets = getattr(file, "sheets", ())
    if len(sheets) > 1:
        sheet = st.selectbox(
            t("import.sheet"), sheets, sheets.index(file.sheet), key=key_of(f"sheet_{sheet}")
        )
        sheet = draft.sheet if sheet == file.sheet else sheet
    layer = _choose_layer(draft)
    if (encoding, sheet, layer) != (draft.encoding, draft.sheet, draft.layer):
        try:
            again = import_draft.start_again(draft, encoding=encoding, sheet=sheet, layer=layer)
            if not show_work(again.work, again.say, key="reading"):
                return False
            import_draft.finish_again(draft, again)
        except GeoError as error:
            outputs.show_error(error, key="read_error")
            return True
        st.rerun()
    return True


def _show_encodings(draft: Draft) -> None:
    """Draw how the first rows read in each encoding, beside each other."""
    candidates = [tuple(candidate)[:2] for candidate in draft.file.encoding_candidates]
    texts = [shows.masked(preview).splitlines() for _, preview in candidates]
    rows = [
        Row([str(number), *cells])
        for number, cells in enumerate(zip_longest(*texts, fillvalue=""), start=1)
        if number <= import_draft.N_HEAD
    ]
    columns = [
        Column("", align="right", width="48px"),
        *(Column(name, is_long=True) for name, _ in candidates),
    ]
    panels.show_table(columns, rows, key="encodings", height=330, is_plain=True)


def _choose_layer(draft: Draft) -> str | None:
    """Let the reader go over to another layer of the file; return the one chosen."""
    file = draft.file
    if not isinstance(file, RawLayer) or len(file.layers) < 2 or file.layer is None:
        return draft.layer
    return st.selectbox(
        t("import.layer"), file.layers, file.layers.index(file.layer), key=key_of(f"layer_{file.layer}")
    )


def show_rows(table: pd.DataFrame, *, key: str, names: Mapping[str, str] | None = None) -> None:
    """Draw rows as they are, every column."""
    columns = [
        Column(t("import.row"), align="right"),
        *(Column((names or {}).get(str(c), str(c))) for c in table.columns),
    ]
    rows = [
        Row([str(row), *("" if _is_blank(value) else str(value)[:120] for value in values)])
        for row, values in zip(table.index, table.itertuples(index=False, name=None), strict=True)
    ]
    panels.show_table(columns, rows, key=key, height=330, is_plain=True)


def _is_blank(value: object) -> bool:
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def show_problems_step(draft: Draft) -> None:
    """Draw step 3: what the check found."""
    preview = draft.preview
    if preview is None:
        draft.step = 2
        st.rerun()
    import_outcome.show_counts(preview)
    import_outcome.show_notes(draft, preview)
    if import_outcome.settle_words(draft, preview):
        import_draft.start_check(draft)
        draft.step = 2
        st.rerun()
    where, rows = st.columns([2, 3])
    with where:
        import_outcome.show_where(preview)
    with rows:
        panels.show_lead(t("import.as_stored"), level="h3", key="as_stored_title")
        names = import_outcome.column_names(draft)
        show_rows(import_outcome.stored_rows(preview), key="as_stored", names=names)
    import_outcome.show_problems(draft, preview)
    import_outcome.show_details(preview)
    back, forward, _ = st.columns([1, 1, 3])
    if back.button(t("import.back"), key="back", width="stretch"):
        draft.step = 2
        st.rerun()
    is_nothing = not (preview.n_new or preview.n_changed)
    if forward.button(
        t("import.go_on"),
        key="go_on",
        type="primary",
        width="stretch",
        disabled=preview.is_blocked or is_nothing,
    ):
        draft.step = 4
        st.rerun()
    if is_nothing:
        panels.show_notice(t("import.nothing_new"), key="nothing_new")


def show_confirm_step(draft: Draft) -> None:
    """Draw step 4: what will be stored, in one sentence, and what was."""
    preview = draft.preview
    if preview is None:
        draft.step = 2
        st.rerun()
    if draft.receipt is not None:
        _show_receipt(draft)
        return
    panels.show_lead(import_outcome.say_outcome(preview), key="will_store")
    import_outcome.show_where(preview)
    if draft.storing is None:
        left, right, _ = st.columns([1, 1, 3])
        if left.button(t("import.back"), key="back", width="stretch"):
            draft.step = 3
            st.rerun()
        if right.button(t("import.confirm"), key="confirm", type="primary", width="stretch"):
            import_draft.start_store(draft)
    if draft.storing is not None and show_work(
        draft.storing, _say_work("import.storing", draft), key="store"
    ):
        storing, draft.storing = draft.storing, None
        if storing.result is not None:
            draft.receipt = storing.result
            st.rerun()
        outputs.show_error(storing.error or StoreError("work_broke"), key="store_error")


def _show_receipt(draft: Draft) -> None:
    receipt = draft.receipt
    assert receipt is not None, "drawn only after storing"
    counts = t(
        "import.done_counts",
        new=shows.number(receipt.n_new),
        changed=shows.number(receipt.n_changed),
        unchanged=shows.number(receipt.n_unchanged),
        rejected=shows.number(receipt.n_rejected),
    )
    panels.show_notice(t("import.stored", batch=receipt.batch_id), counts, tone="good", key="stored")
    links = [(t("import.see_map"), "", panels.Link("map", pages.kept_query()))]
    if session.summary().n_cases:
        links.append((t("import.see_dashboard"), "", panels.Link("dashboard", pages.kept_query())))
    panels.show_links(links, key="after_import")
    if st.button(t("import.another"), key="another", type="primary"):
        import_draft.drop()
        st.rerun()
