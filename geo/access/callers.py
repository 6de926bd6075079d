"""Where a request comes from, and whether what it says about its user is believed (来源与可信代理).

Decided from three things a caller cannot forge or that are judged as forged: the address the server
took the connection on, the address of the other end, and the headers.

- *Local* is a request that was taken on the loopback address from the loopback address, that asks for
  this machine by a loopback name (another name means that a foreign page had its name point here: DNS
  rebinding) and that no proxy passed on. Nothing else is local.
- The user header is believed from the named proxy only, and only where it stands once. A connection
  taken on the loopback address comes from this machine, whatever an X-Forwarded-For says: the server
  below may have written that address over the real one.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from geo.access.seats import Role, Seat
from geo.errors import SettingError

LOOPBACK_NAMES: Final = ("localhost", "localhost.")
FORWARDED: Final = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
)
"""Headers that a proxy writes; a browser on this machine sends none of them."""
_MOST_OF_NAME: Final = 200

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Caller:
    """One request, as far as it says where it comes from."""

    server: str
    """Address the connection was taken on; empty when not known."""
    peer: str
    """Address of the other end as the server tells it."""
    headers: Mapping[str, Sequence[str]]
    """Values of each header, by its name in small letters."""

    def first(self, name: str) -> str:
        """Return the first value of a header, empty where it is missing."""
        return next(iter(self.headers.get(name, ())), "")

    @property
    def nearest(self) -> str:
        """Address of the other end as far as nobody can forge it.

        The server below believes an X-Forwarded-For from this machine and writes it over the address.
        """
        return "127.0.0.1" if is_loopback(self.server) else self.peer

    @property
    def is_local(self) -> bool:
        """Whether it comes from a browser on this machine, without any proxy."""
        return (
            is_loopback(self.server)
            and is_loopback(self.peer)
            and is_loopback(host_of(self.first("host")))
            and not any(name in self.headers for name in FORWARDED)
        )


@dataclass(frozen=True)
class Proxy:
    """The proxy whose user header is believed."""

    networks: tuple[Network, ...]
    user_header: str
    """Name in small letters; empty: it names no user, and people sign in."""
    editors: frozenset[str]
    """Names of users who are editors; the others are viewers."""

    def passed_on(self, caller: Caller) -> bool:
        """Tell whether a request comes from this proxy."""
        if is_loopback(caller.server):
            return any(network.is_loopback for network in self.networks)
        claimed = {
            part.strip() for value in caller.headers.get("x-forwarded-for", ()) for part in value.split(",")
        }
        known = address_of(caller.peer)
        return (
            known is not None
            and caller.peer not in claimed
            and any(known in network for network in self.networks if network.version == known.version)
        )

    def client_of(self, caller: Caller) -> str:
        """Return the address a request began at: what the proxy says it is, where it came through it."""
        values = caller.headers.get("x-forwarded-for", ())
        last = values[-1].rpartition(",")[2].strip() if values and self.passed_on(caller) else ""
        return last or caller.nearest

    def seat_of(self, caller: Caller) -> Seat | None:
        """Return the seat of the user the proxy names; None where it names none, or is another."""
        values = caller.headers.get(self.user_header, ()) if self.user_header else ()
        if len(values) != 1 or not self.passed_on(caller):
            return None
        name = read_name(values[0])
        role: Role = "editor" if name in self.editors else "viewer"
        return Seat(role, name, is_named=True) if name else None


def read_proxy(trusted_proxy: str, user_header: str, editors: str) -> Proxy | None:
    """Read the settings of the proxy; None where no proxy is named.

    Raises
    ------
    SettingError
        If an address is none, or would mean everybody, or a header is named without a proxy.
    """
    if not trusted_proxy.strip():
        if user_header.strip():
            raise SettingError("proxy_not_named", header=user_header)
        return None
    names = frozenset(filter(None, (read_name(name) for name in editors.split(","))))
    networks = tuple(_network(part.strip()) for part in trusted_proxy.split(","))
    return Proxy(networks, user_header.strip().lower(), names)


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise SettingError("proxy_no_address", value=text) from error
    if network.prefixlen == 0:
        raise SettingError("proxy_everybody", value=text)
    return network


def read_name(raw: str) -> str:
    """Return a user name from a header, empty where it is none; headers carry UTF-8 in the dress of Latin 1."""
    try:
        name = raw.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        name = raw
    name = unicodedata.normalize("NFC", name).strip()
    is_plain = all(unicodedata.category(sign)[0] not in "CZ" or sign == " " for sign in name)
    return name if is_plain and len(name) <= _MOST_OF_NAME else ""


def host_of(value: str) -> str:
    """Return the name in a Host header, without the port.

    Examples
    --------
    >>> host_of("127.0.0.1:8501"), host_of("[::1]:8501"), host_of("getu.example")
    ('127.0.0.1', '::1', 'getu.example')
    """
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.rpartition(":")[0] if value.count(":") == 1 else value


def is_loopback(name: str) -> bool:
    """Tell whether an address or a host name is this machine's own.

    Examples
    --------
    >>> [is_loopback(name) for name in ("127.0.0.1", "::1", "LOCALHOST", "0.0.0.0", "10.0.0.5", "")]
    [True, True, True, False, False, False]
    """
    known = address_of(name)
    return name.lower() in LOOPBACK_NAMES if known is None else known.is_loopback


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address; one of IPv4 in the dress of IPv6 as what it is."""
    try:
        known = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    return mapped or known
