"""Whether another site's page sends a request: browsers say so, programs say nothing."""

from collections.abc import Collection
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

_OWN_SITES = frozenset({"same-origin", "none"})
_NETWORK_BITS = 64  # of IPv6: one subscriber has at least that


def is_own(site: str | None, origin: str | None, hosts: Collection[str]) -> bool:
    """`site`: Sec-Fetch-Site; `hosts`: by which we are known."""
    if site is not None and site not in _OWN_SITES:
        return False
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() in hosts


def network_of(peer: str, forwarded: str | None, proxies: int) -> str:
    """From where a request comes: as the proxies before us say, as many of them as are ours."""
    shown = peer
    if proxies and forwarded:
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        shown = hops[-min(proxies, len(hops))] if hops else peer
    try:
        address = ip_address(shown)
    except ValueError:
        return peer
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> _NETWORK_BITS << _NETWORK_BITS))
    return str(address)
