"""Passwords: long enough, not among the first that are tried, kept as slow salted hashes only."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from geo.access.passwords import (
    COST,
    LEAST_SIGNS,
    MOST_SIGNS,
    Cost,
    hash_password,
    is_hash,
    matches,
    require_good,
)
from geo.errors import AccessError

CHEAP = Cost(log_n=2, r=1, p=1)
GOOD = "绿豆汤 解放路 秋千 乌龙"


def refusal(password):
    with pytest.raises(AccessError) as caught:
        require_good(password)
    return caught.value.code


@pytest.mark.parametrize(
    "password", [GOOD, "corkscrew maple tram", "x7#Kq!mW9zTe", "正确马电池订书钉夏天的风吹", "a-ä-ß-ø-ł-ő-ç"]
)
def test_fault_D04_words_of_any_script_are_taken(password):
    require_good(password)


def test_fault_D04_sixty_four_signs_and_more_are_taken():
    long = "corkscrew maple tram " * 9
    require_good(long)
    assert len(long) > 64
    assert matches(long, hash_password(long, cost=CHEAP))
    assert not matches(long[:-1], hash_password(long, cost=CHEAP)), "the end counts too"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_short"),
        ("x7#Kq!mW9zT", "password_short"),
        ("ab cd ef gh " * 20, "password_long"),
        ("x7#Kq!mW\n9zTe", "password_control_sign"),
        ("aaaaaaaaaaaa", "password_common"),
        ("abababababab", "password_common"),
        ("123456789012", "password_common"),
        ("839174620583", "password_common"),
        ("abcdefghijkl", "password_common"),
        ("password1234", "password_common"),
        ("Password!2026", "password_common"),
        ("ＰＡＳＳＷＯＲＤ１２３４", "password_common"),
        ("qwertyuiop12", "password_common"),
        ("administrator", "password_common"),
        ("getu-getu-2026", "password_common"),
        ("格图管理员密码20261123", "password_common"),
    ],
)
def test_fault_D04_what_is_tried_first_is_refused(password, code):
    assert refusal(password) == code


def test_the_least_length_is_exact_and_its_sentence_says_both_numbers():
    require_good("x7#Kq!mW9zTe"[:LEAST_SIGNS])
    with pytest.raises(AccessError, match=f"11 signs and needs at least {LEAST_SIGNS}"):
        require_good("x7#Kq!mW9zTe"[: LEAST_SIGNS - 1])
    require_good(("ab3de" * MOST_SIGNS)[:MOST_SIGNS])
    assert refusal(("ab3de" * MOST_SIGNS)[: MOST_SIGNS + 1]) == "password_long"


def test_a_refusal_never_repeats_the_password():
    for password in ("secret-eins", "password1234", "x7#Kq!mW\n9zTe"):
        with pytest.raises(AccessError) as caught:
            require_good(password)
        assert password not in caught.value.say("en") + caught.value.say("zh")


@given(some.text(min_size=1, max_size=40), some.text(min_size=1, max_size=40))
def test_a_password_matches_its_own_hash_and_no_other(one, other):
    from unicodedata import normalize

    kept = hash_password(one, cost=CHEAP)
    assert matches(one, kept)
    assert matches(other, kept) == (normalize("NFKC", one) == normalize("NFKC", other))


def test_full_width_signs_are_those_of_half_width():
    assert matches("ｃｏｒｋｓｃｒｅｗ　ｔｒａｍ", hash_password("corkscrew tram", cost=CHEAP))


def test_two_hashes_of_one_password_differ_and_hold_nothing_of_it():
    one, two = hash_password(GOOD, cost=CHEAP), hash_password(GOOD, cost=CHEAP)
    assert one != two
    assert one.isascii() and GOOD not in one


def test_a_hash_costs_what_it_should():
    """OWASP Password Storage Cheat Sheet: 2^16 blocks, r 8, p 2; 64 MB for every try."""
    assert (COST.log_n, COST.r, COST.p) == (16, 8, 2)
    assert hash_password("x", cost=CHEAP, salt=b"\0" * 16).startswith("scrypt$2$1$1$" + "00" * 16 + "$")


def test_a_hash_is_that_of_rfc_7914():
    """Section 12, third vector; its first 32 bytes are the first block of PBKDF2."""
    made = hash_password("pleaseletmein", cost=Cost(14, 8, 1), salt=b"SodiumChloride")
    assert made.endswith("$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")


SALT, KEY = "0" * 32, "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "scrypt",
        "plain:secret",
        f"scrypt$60$8$1${SALT}${KEY}",
        f"scrypt$0$8$1${SALT}${KEY}",
        f"scrypt$4$0$1${SALT}${KEY}",
        f"scrypt$4$8$1$00${KEY}",
    ],
)
def test_what_is_no_hash_of_ours_is_refused_and_never_matches(text):
    assert not is_hash(text)
    with pytest.raises(AccessError):
        matches("", text)
