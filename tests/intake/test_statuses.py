"""A word of a source system means what its table says; what stands in no table is not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.errors import ChoiceError
from geo.intake.statuses import (
    NO_ANSWER,
    join_status_words,
    kind_words,
    satisfaction_words,
    status_words,
    turn_words,
    yes_no_words,
)
from geo.intake.values import fold_word
from geo.schema import CASE_KINDS, CASE_STATES, SATISFACTION

ROOT = Path(__file__).resolve().parents[2]


def rules():
    text = (ROOT / "docs" / "methods" / "intake.md").read_text(encoding="utf-8")
    lines = text.split("\n## Words of status\n")[1].split("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")][1:]


@pytest.mark.parametrize(("word", "state"), rules())
def test_every_rule_for_words_of_status(word, state):
    assert status_words().get(fold_word(word), "") == state


def test_tables_lead_to_what_exists_and_to_all_of_it():
    assert set(status_words().values()) == set(CASE_STATES)
    assert set(kind_words().values()) == set(CASE_KINDS)
    assert set(satisfaction_words().values()) == {*SATISFACTION, NO_ANSWER}
    assert set(yes_no_words().values()) == {"yes", "no", NO_ANSWER}


def test_a_word_is_not_told_from_its_parts():
    assert (status_words()["已立案"], status_words()["不予立案"]) == ("filed", "rejected")
    assert fold_word("未结案") not in status_words()
    assert (yes_no_words()["已解决"], yes_no_words()["未解决"]) == ("yes", "no")
    assert (satisfaction_words()["满意"], satisfaction_words()["不满意"]) == ("satisfied", "dissatisfied")


def test_own_words_win():
    words = join_status_words({"已 受理": "dispatched", "某词": "closed"})
    assert (words["已受理"], words["某词"]) == ("dispatched", "closed")
    assert status_words()["已受理"] == "filed"


def test_a_state_that_does_not_exist_is_refused():
    with pytest.raises(ChoiceError, match="finished"):
        join_status_words({"完": "finished"})


def test_a_table_in_which_a_word_means_two_things_is_wrong():
    with pytest.raises(ValueError, match="means both"):
        turn_words({"open": ["开 放"], "closed": ["开放"]}, name="x")
