"""Inputs whose choice stands in the address, so that a bookmark opens exactly this view (输入控件).

A choice is read from the address, drawn, and written back when it changes; what equals the default
is left out of the address. A value in the address that is not among the options is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import streamlit as st

from ui import session
from ui.text import t

T = TypeVar("T", bound=str)


def key_of(name: str) -> str:
    """Return the key of an input whose words follow the language.

    Streamlit keeps the words of an input as long as its key stays, so the key changes with the
    language; what was chosen stands in the address or in the draft, and is put in again.
    """
    return f"{name}_{session.language()}"


def read_choice(name: str, options: Sequence[T], default: T) -> T:
    """Return what the address says for one name, or the default."""
    asked = st.query_params.get(name, default)
    return next((option for option in options if option == asked), default)


def read_choices(name: str, options: Sequence[str]) -> list[str]:
    """Return the options the address lists for one name, in the order of the options."""
    asked = set(st.query_params.get(name, "").split(","))
    return [option for option in options if option in asked]


def write_address(**values: str | None) -> None:
    """Put values into the address; None or an empty text takes a name out."""
    kept = {name: value for name, value in st.query_params.to_dict().items() if name not in values}
    st.query_params.from_dict(kept | {name: value for name, value in values.items() if value})


def choose(
    name: str,
    label: str,
    options: Sequence[T],
    default: T,
    *,
    show: Callable[[T], str],
    how: Literal["list", "buttons"] = "list",
    resets: Sequence[str] = (),
    width: int | Literal["stretch"] = "stretch",
) -> T:
    """Let the reader choose one option, kept in the address under `name`; `resets` leave the address."""
    key = key_of(f"choose_{name}")
    value = read_choice(name, options, default)
    if st.session_state.get(key) != value:
        st.session_state[key] = value

    def keep() -> None:
        chosen = st.session_state[key]
        write_address(**{name: None if chosen == default else chosen}, **dict.fromkeys(resets))

    if how == "buttons":
        st.pills(label, options, key=key, format_func=show, required=True, on_change=keep, wrap=True)
    else:
        st.selectbox(label, options, key=key, format_func=show, on_change=keep, width=width)
    return read_choice(name, options, default)


def choose_many(
    name: str, label: str, options: Sequence[str], *, show: Callable[[str], str], hint: str
) -> list[str]:
    """Let the reader choose any number of options, kept in the address under `name`."""
    key = key_of(f"choose_{name}")
    value = read_choices(name, options)
    if sorted(st.session_state.get(key, [])) != sorted(value):
        st.session_state[key] = value

    def keep() -> None:
        write_address(**{name: ",".join(st.session_state[key])})

    st.multiselect(label, options, key=key, format_func=show, placeholder=hint, on_change=keep)
    return read_choices(name, options)


def show_level(level: str) -> str:
    """Say a level."""
    return t(f"level.{level}")
