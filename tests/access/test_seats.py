"""Two roles: a viewer changes nothing, an editor may do every deed, and every deed has its least role."""

from itertools import product
from typing import get_args

import pytest

from geo.access.seats import DEEDS, LEAST_ROLE, ROLES, Deed, Seat, operator, require_may
from geo.errors import AccessError


@pytest.mark.parametrize(("role", "deed"), list(product(ROLES, DEEDS)))
def test_every_pair_of_role_and_deed(role, deed):
    seat = Seat(role, "li")
    if role == "editor":
        require_may(seat, deed)
        assert seat.may(deed)
    else:
        assert not seat.may(deed)
        with pytest.raises(AccessError, match="Only an editor"):
            require_may(seat, deed)


def test_every_deed_has_a_least_role_and_none_is_left_to_viewers():
    assert set(LEAST_ROLE) == set(get_args(Deed))
    assert set(LEAST_ROLE.values()) == {"editor"}


def test_who_runs_a_command_is_an_editor_under_his_name():
    assert operator("wang") == Seat("editor", "wang")
