"""Every speed has a source, and a slope can only cost."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.profiles import Profile, make_profiles, slope_factor
from geo.errors import ChoiceError, MissingError

STANDARDS = Path(__file__).resolve().parents[2] / "data" / "standards"
MODEL = yaml.safe_load((STANDARDS / "walking_model.yaml").read_text(encoding="utf-8"))


def test_the_four_profiles_have_a_speed_with_a_source():
    profiles = make_profiles(MODEL)
    assert list(profiles) == ["adult", "elder", "child", "wheels"]
    assert all(profile.source and profile.confidence for profile in profiles.values())


def test_the_speeds_are_those_of_the_standards():
    text = (STANDARDS / "living_circle_standards.yaml").read_text(encoding="utf-8")
    given_speeds = yaml.safe_load(text)["walking_model"]["speed_options_m_per_s"]
    profiles = make_profiles(MODEL)
    assert profiles["adult"].speed_m_s == given_speeds["default_adult"]
    assert profiles["elder"].speed_m_s == given_speeds["elderly"]
    assert MODEL["speeds"]["brisk"]["m_per_s"] == given_speeds["brisk"]


def test_metres_and_minutes_agree():
    adult = make_profiles(MODEL)["adult"]
    assert adult.metres_in(15) == pytest.approx(990)
    assert adult.minutes_for(np.array([990.0, np.nan])).tolist() == pytest.approx([15.0, np.nan], nan_ok=True)


def test_only_wheels_are_stopped_by_steps_and_slowed_by_slopes():
    profiles = make_profiles(MODEL)
    assert "steps" in profiles["wheels"].barred_kinds
    assert profiles["wheels"].slope_costs
    assert profiles["wheels"].needs_wheels
    assert not any(profiles[name].barred_kinds or profiles[name].slope_costs for name in ("adult", "elder"))


@pytest.mark.parametrize("speed", [0.0, -1.0, 66.0, float("nan")])
def test_a_speed_nobody_walks_is_refused(speed):
    with pytest.raises(ChoiceError, match="nobody walks"):
        Profile("x", speed)


def test_a_profile_with_an_unknown_speed_is_refused():
    with pytest.raises(MissingError, match="does not give"):
        make_profiles({"speeds": {}, "profiles": {"adult": {"speed": "brisk"}}})


@given(st.floats(-1, 1))
def test_a_slope_never_makes_a_way_shorter(slope):
    assert slope_factor(np.array([slope]))[0] >= 1.0


def test_ten_per_cent_up_costs_what_tobler_says():
    # exp(3.5 * 0.10) = 1.4191 against level ground; 15 % down costs the same as 5 % up twice removed
    assert slope_factor(np.array([0.1, -0.15])) == pytest.approx([np.exp(0.35), np.exp(0.175)])
