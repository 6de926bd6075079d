"""Wrong passwords make an address wait, all addresses together too, and every wait ends."""

import pytest

from geo.access.guesses import FREE, FREE_OF_ALL, MOST_ADDRESSES, REFILL_OF_ALL_S, REFILL_S, Guesses, place_of


def wrong(guesses, address, n, now_s=0.0):
    """Guess `n` times, waiting as long as one is told to; return the moment after the last."""
    for _ in range(n):
        now_s += guesses.wait_s(address, now_s)
        guesses.take(address, now_s)
    return now_s


def test_fault_D01_a_few_wrong_passwords_are_free_and_then_each_costs_a_minute():
    guesses = Guesses()
    assert wrong(guesses, "192.0.2.1", FREE) == 0.0
    assert guesses.wait_s("192.0.2.1", 0.0) == pytest.approx(REFILL_S)
    assert guesses.wait_s("192.0.2.1", REFILL_S - 1) == pytest.approx(1)
    assert guesses.wait_s("192.0.2.1", REFILL_S) == 0.0


def test_fault_D01_a_thousand_guesses_take_most_of_a_day():
    assert wrong(Guesses(), "192.0.2.1", 1000) == pytest.approx((1000 - FREE) * REFILL_S)


def test_fault_D01_guesses_from_a_thousand_addresses_are_slow_together():
    guesses, now_s = Guesses(), 0.0
    for number in range(1000):
        now_s = wrong(guesses, f"192.0.{number // 250}.{number % 250}", 1, now_s)
    assert now_s == pytest.approx((1000 - FREE_OF_ALL) * REFILL_OF_ALL_S)


def test_another_address_does_not_wait_for_one_that_guesses():
    guesses = Guesses()
    wrong(guesses, "192.0.2.1", FREE)
    assert guesses.wait_s("192.0.2.2", 0.0) == 0.0


def test_nobody_is_locked_out_for_good():
    guesses = Guesses()
    for _ in range(50):
        guesses.take("192.0.2.1", 0.0)
    assert 0 < guesses.wait_s("192.0.2.1", 0.0) < 3600
    assert guesses.wait_s("192.0.2.1", 3600.0) == 0.0


def test_the_right_password_forgets_the_wrong_ones():
    guesses = Guesses()
    wrong(guesses, "192.0.2.1", FREE)
    guesses.forgive("192.0.2.1", 0.0)
    assert guesses.wait_s("192.0.2.1", 0.0) == 0.0


def test_addresses_of_one_ipv6_network_wait_together():
    guesses = Guesses()
    for number in range(FREE):
        guesses.take(f"2001:db8::{number}", 0.0)
    assert guesses.wait_s("2001:db8::ffff", 0.0) > 0
    assert guesses.wait_s("2001:db8:0:1::1", 0.0) == 0.0


def test_what_is_kept_of_addresses_stays_bounded():
    guesses = Guesses()
    for number in range(MOST_ADDRESSES + 50):
        guesses.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", float(number) * 100)
    assert len(guesses._of) == MOST_ADDRESSES


@pytest.mark.parametrize("address", ["", "x\nINFO signed in", "\x1b[31m", "a" * 5000, "127.0.0.1; DROP"])
def test_fault_C15_what_is_no_address_is_never_repeated(address):
    assert place_of(address) == "unknown"


@pytest.mark.parametrize(("address", "place"), [("::ffff:192.0.2.1", "192.0.2.1"), ("::1", "::/64")])
def test_forms_of_one_address_are_one(address, place):
    assert place_of(address) == place
