"""Which addresses an agent may live at."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self
from urllib.parse import urlsplit

import idna
from django.utils.translation import gettext as _

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Special-purpose ranges. `is_global` alone lets some through that lead back inside: NAT64, 6to4, IPv4-compatible,
# IPv4-translated.
DENIED: Final = tuple(
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16"),
        *(
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
        ),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *(
            "::/96",
            "::ffff:0:0/96",
            "::ffff:0:0:0/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "100::/64",
            "2001::/23",
            "2001:db8::/32",
        ),
        *("2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
# Cloud metadata lives here: a wide permission must not open it by the way.
LINK_LOCAL: Final = ip_network("169.254.0.0/16")

_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\\]|%5c", re.IGNORECASE)
_HOST_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII)
_NUMERIC: Final = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+))*\.?", re.ASCII)


class BlockedAddressError(Exception):
    """Refuse an address; the text names the rule, for the operator and the agent's owner."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows beyond the public internet."""

    hosts: frozenset[str]
    networks: tuple[Network, ...]

    @classmethod
    def of(cls, hosts: Iterable[str], networks: Iterable[str]) -> Self:
        """Read `host:port` pairs and networks (CIDR). Raises `ValueError` for what is no network."""
        return cls(frozenset(map(str.lower, hosts)), tuple(ip_network(network, strict=False) for network in networks))

    def check(self, host: str, port: int, addresses: Iterable[str]) -> None:
        """Pass if all `addresses` of `host` may be dialled, else raise `BlockedAddressError`."""
        name = f"[{host}]" if ":" in host else host
        if f"{name.lower().rstrip('.')}:{port}" in self.hosts:
            return
        for text in addresses:
            address = _unwrapped(ip_address(text))
            if self._is_denied(address):
                rule = next((f" ({network})" for network in DENIED if address in network), "")
                words = _(
                    "%(host)s is at %(address)s, which is not public%(rule)s. The operator may list"
                    " %(name)s:%(port)s in AGENT_ALLOWED_HOSTS or its network in AGENT_ALLOWED_CIDRS."
                )
                told = {"host": host, "address": address, "rule": rule, "name": name, "port": port}
                raise BlockedAddressError(words % told)

    def _is_denied(self, address: Address) -> bool:
        allowing = [network for network in self.networks if address in network]
        if address in LINK_LOCAL:
            return not any(network.prefixlen >= LINK_LOCAL.prefixlen for network in allowing)
        return not allowing and (not address.is_global or any(address in network for network in DENIED))


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside `::ffff:…`, which the kernel dials as that."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def is_literal(host: str) -> bool:
    """Tell whether a host is an address and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def canonical_url(url: str, *, require_https: bool) -> str:
    """Return the one spelling of an agent's address under which it is stored.

    Raises `ValueError` with a plain sentence. Whether the address may be dialled is only known when it is.
    """
    url = url.strip()
    if _UNSAFE.search(url):
        raise ValueError(_("The address holds a blank, a backslash or a control character."))
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(_("This is not a complete address.")) from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https"):
        raise ValueError(_("The address must begin with https:// or http://."))
    if require_https and scheme != "https":
        raise ValueError(_("The address must begin with https://."))
    if "@" in parts.netloc:
        raise ValueError(_("The address must not hold a user name or password; use the token instead."))
    if "#" in url:
        raise ValueError(_("The address must not hold a fragment (#…)."))
    if port == 0:
        raise ValueError(_("The port must be between 1 and 65535."))
    is_default = port in (None, 443 if scheme == "https" else 80)
    netloc = _canonical_host(host) + ("" if is_default else f":{port}")
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{netloc}{parts.path or '/'}{query}"


def _canonical_host(host: str) -> str:
    if ":" in host:
        try:
            return f"[{IPv6Address(host.partition('%')[0])}]"
        except ValueError:
            raise ValueError(_("The address has no valid IPv6 host.")) from None
    try:
        name = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError(_("The host name holds characters that no host name may have.")) from None
    if _NUMERIC.fullmatch(name):
        try:
            return str(IPv4Address(name))
        except ValueError:
            raise ValueError(_("Write an IPv4 address as four decimal numbers.")) from None
    if len(name) > 253 or not _HOST_NAME.fullmatch(name):
        raise ValueError(_("The address has no valid host name."))
    return name
