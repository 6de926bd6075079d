"""Who counts as this machine, and whose user header is believed: judged by addresses, not by claims."""

import pytest

from geo.access.callers import Caller, host_of, is_loopback, read_name, read_proxy
from geo.access.seats import Seat
from geo.errors import SettingError

HERE = {"host": ["127.0.0.1:8501"]}


def caller(server="10.0.0.1", peer="10.0.0.9", **headers):
    named = {
        name.replace("_", "-"): value if isinstance(value, list) else [value]
        for name, value in headers.items()
    }
    return Caller(server, peer, named)


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "[::1]:8501", "LOCALHOST", "127.0.0.1"])
def test_a_browser_on_this_machine_is_local(host):
    assert caller("127.0.0.1", "127.0.0.1", host=host).is_local
    assert caller("::1", "::1", host=host).is_local


@pytest.mark.parametrize(
    "other",
    [
        caller("127.0.0.1", "10.0.0.9", host="127.0.0.1"),
        caller("10.0.0.1", "10.0.0.9", host="127.0.0.1"),
        caller("10.0.0.1", "127.0.0.1", host="127.0.0.1"),
        caller("", "", host="127.0.0.1"),
        caller("127.0.0.1", "127.0.0.1"),
    ],
)
def test_any_other_connection_is_not(other):
    assert not other.is_local


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "127.0.0.1.evil.example", "0.0.0.0", "[::]", ""]
)
def test_fault_J02_a_foreign_name_that_points_here_is_not_local(host):
    assert not caller("127.0.0.1", "127.0.0.1", host=host).is_local


@pytest.mark.parametrize(
    "name", ["x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "x-forwarded-proto"]
)
def test_fault_D21_what_a_proxy_on_this_machine_passes_on_is_not_local(name):
    assert not Caller("127.0.0.1", "127.0.0.1", {**HERE, name: ["127.0.0.1"]}).is_local


# --- the proxy


PROXY = read_proxy("10.0.0.5, 10.1.0.0/29", "X-Forwarded-User", "li, 王芳")
LOCAL_PROXY = read_proxy("127.0.0.1", "X-Forwarded-User", "li")


@pytest.mark.parametrize("peer", ["10.0.0.5", "10.1.0.6", "::ffff:10.0.0.5"])
def test_the_named_proxy_names_the_user(peer):
    assert PROXY.seat_of(caller(peer=peer, x_forwarded_user="li")) == Seat("editor", "li")
    assert PROXY.seat_of(caller(peer=peer, x_forwarded_user="chen")) == Seat("viewer", "chen")
    assert PROXY.seat_of(caller(peer=peer, x_forwarded_user="li")).is_named
    assert not Seat("editor", "editor").is_named


@pytest.mark.parametrize("peer", ["10.0.0.6", "10.1.0.8", "127.0.0.1", "::1", "", "testclient"])
def test_fault_D21_anybody_else_is_not_believed(peer):
    assert PROXY.seat_of(caller(peer=peer, x_forwarded_user="li")) is None


def test_fault_D21_an_address_written_by_the_caller_makes_no_proxy():
    """The server below writes the last X-Forwarded-For of a caller it trusts over the real address."""
    forged = caller(peer="10.0.0.5", x_forwarded_for="10.0.0.5", x_forwarded_user="li")
    assert PROXY.seat_of(forged) is None
    forged = caller(
        peer="10.0.0.5", x_forwarded_for=["10.0.0.77", "1.2.3.4 , 10.0.0.5"], x_forwarded_user="li"
    )
    assert PROXY.seat_of(forged) is None
    local = caller("127.0.0.1", "10.0.0.5", x_forwarded_for="10.0.0.5", x_forwarded_user="li")
    assert PROXY.seat_of(local) is None, "a program on this machine is not the proxy beside it"


def test_a_proxy_on_this_machine_is_known_by_the_connection_whatever_it_forwards():
    through = caller("127.0.0.1", "203.0.113.7", x_forwarded_for="203.0.113.7", x_forwarded_user="li")
    assert LOCAL_PROXY.seat_of(through) == Seat("editor", "li")
    beside = caller("10.0.0.1", "127.0.0.1", x_forwarded_for="127.0.0.1", x_forwarded_user="li")
    assert LOCAL_PROXY.seat_of(beside) is None, "taken on the network: not from this machine"


@pytest.mark.parametrize("values", [["li", "chen"], [""], ["  "], ["li\x00"], ["a\nb"], ["x" * 201], []])
def test_fault_D21_a_header_that_stands_twice_or_names_nobody_is_not_believed(values):
    assert PROXY.seat_of(caller(peer="10.0.0.5", x_forwarded_user=values)) is None


def test_a_chinese_name_comes_through_a_header():
    raw = "王芳".encode().decode("latin-1")
    assert PROXY.seat_of(caller(peer="10.0.0.5", x_forwarded_user=raw)) == Seat("editor", "王芳")
    assert read_name("caf\xe9") == "café"


def test_a_proxy_without_a_user_header_names_nobody():
    assert read_proxy("10.0.0.5", "", "").seat_of(caller(peer="10.0.0.5", x_forwarded_user="li")) is None


def test_the_client_behind_the_proxy_is_what_the_proxy_says_and_nobody_else():
    assert PROXY.client_of(caller(peer="10.0.0.5", x_forwarded_for="6.6.6.6, 203.0.113.7")) == "203.0.113.7"
    assert PROXY.client_of(caller(peer="10.0.0.9", x_forwarded_for="203.0.113.7")) == "10.0.0.9"


def test_no_proxy_is_named_unless_it_is():
    assert read_proxy("", "", "li") is None


@pytest.mark.parametrize(
    ("proxy", "header", "code"),
    [
        ("", "X-Forwarded-User", "proxy_not_named"),
        ("nginx", "X-Forwarded-User", "proxy_no_address"),
        ("10.0.0.5/24", "X-Forwarded-User", "proxy_no_address"),
        ("0.0.0.0/0", "X-Forwarded-User", "proxy_everybody"),
        ("10.0.0.5, ::/0", "X-Forwarded-User", "proxy_everybody"),
        ("10.0.0.5,", "X-Forwarded-User", "proxy_no_address"),
        ("*", "X-Forwarded-User", "proxy_no_address"),
    ],
)
def test_settings_of_a_proxy_that_make_no_sense_are_refused(proxy, header, code):
    with pytest.raises(SettingError) as caught:
        read_proxy(proxy, header, "")
    assert caught.value.code == code


def test_names_of_this_machine():
    assert all(map(is_loopback, ("127.8.9.1", "::1", "::ffff:127.0.0.1", "localhost")))
    assert not any(map(is_loopback, ("10.0.0.1", "x", "127.0.0.1.example", "")))
    assert host_of("a:b:c") == "a:b:c"
