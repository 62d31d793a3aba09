"""Whom we post to: https and public addresses, so that nobody makes us reach into a network."""

from ipaddress import ip_address

from shared.addresses import BadUrl, read_url

URL_LENGTH_MAX = 2000


def target_fault(url: str, *, is_local: bool) -> str:
    """What is wrong with the URL of an endpoint; empty: nothing. Where its name leads is looked at
    with each connection."""
    if len(url) > URL_LENGTH_MAX:
        return f"must have at most {URL_LENGTH_MAX} characters"
    schemes = ("https", "http") if is_local else ("https",)
    try:
        parts = read_url(url, schemes, query=None, has_user=False)
    except BadUrl as error:
        return str(error)
    if is_local:
        return ""
    if parts.is_here or not may_reach(parts.host):
        return "names an address that is not public"
    return ""


def may_reach(host: str) -> bool:
    """Whether an address is public; names are not told yet, so they may."""
    try:
        address = ip_address(host)
    except ValueError:
        return True
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast
