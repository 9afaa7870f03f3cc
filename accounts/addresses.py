"""Where a call comes from, as far as it can be believed."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address


def client_address(request: HttpRequest) -> Address | None:
    """Return the address a request comes from; None where there is none (a socket file)."""
    return believed(request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", ""))


def believed(peer: str, forwarded_for: str) -> Address | None:
    """Return the client's address, given who connected and what `X-Forwarded-For` says.

    Each trusted proxy appends the address it was called from. So the client's is as far from the right as there are
    trusted proxies; what stands further left is anybody's invention. A call that passed fewer of them comes from
    nowhere that could be believed: the peer may be a proxy, and lend its place in the network to anybody.
    """
    forwarded = [part.strip() for part in forwarded_for.split(",") if part.strip()]
    proxies = settings.TRUSTED_PROXY_COUNT
    if not proxies or not forwarded:
        return _address(peer)
    return _address(forwarded[-proxies]) if len(forwarded) >= proxies else None


def network(address: Address | None) -> str:
    """Name who is counted as one: an IPv4 address, or the /64 of an IPv6 address."""
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), 64), strict=False))
    return str(address or "local")


def prefix(address: Address | None) -> str:
    """Name the neighbourhood that is kept on record: the /24 of an IPv4 address, the /48 of an IPv6 address."""
    if address is None:
        return ""
    return str(ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.partition("%")[0])  # the zone of a link-local address means nothing elsewhere
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
