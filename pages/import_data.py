"""Import page (数据导入): four steps from a file to the store, and earlier imports with undo."""

import streamlit as st

from ui import frame, import_draft, import_history, import_steps, panels, session
from ui.text import t

frame.show_top("import", None, with_period=False)
panels.show_lead(t("page.import"), level="h1", key="title")

if not session.may("import"):
    panels.show_notice(t("access.viewer_page"), tone="warning", key="viewer_page")
    import_history.show_history()
    st.stop()
draft = import_draft.current()
import_steps.show_stepper(draft)
with st.container(border=True, key="step"):
    if draft is None:
        import_steps.show_file_step()
    elif draft.step == 2:
        import_steps.show_columns_step(draft)
    elif draft.step == 3:
        import_steps.show_problems_step(draft)
    else:
        import_steps.show_confirm_step(draft)

import_history.show_history()
import_history.show_start()
frame.show_method(notes=[t("import.method")])
