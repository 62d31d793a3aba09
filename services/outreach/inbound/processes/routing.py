"""Whose mail it is, where no caller says so: by its goal's token or domain."""

from collections.abc import Collection, Sequence

from services.outreach.channels.domain.tokens import (
    TokenLetter,
    read_address_local_part,
    read_address_token,
)
from services.outreach.context import Context
from services.outreach.inbound.store.providers import find_mail_tenants
from services.outreach.inbound.store.senders import find_tenants_of_contact

_LETTERS: tuple[TokenLetter, ...] = ("c", "b", "r", "u")


async def find_token_tenants(
    context: Context, tenants: Sequence[str], tokens: Collection[str]
) -> set[str]:
    """Which of the tenants made the contacts that these tokens name."""
    keys = context.links.keys.all
    ids = {
        contact_id
        for token in tokens
        for letter in _LETTERS
        if (contact_id := read_address_token(letter, token, keys)) is not None
    }
    found: set[str] = set()
    async with context.db.reading() as session:
        for contact_id in sorted(ids):
            found |= set(await find_tenants_of_contact(session, tenants, contact_id))
    return found


async def route_recipient(context: Context, address: str) -> str | None:
    """The tenant to which mail for this address belongs; None: nobody here takes it."""
    local, _, domain = address.rpartition("@")
    async with context.db.reading() as session:
        tenants = await find_mail_tenants(session, domain.casefold())
        if len(tenants) <= 1:
            return tenants[0] if tenants else None
        token = read_address_local_part(local, context.links.keys.all)
        if token is None:
            return None
        found = await find_tenants_of_contact(session, tenants, token[1])
    return found[0] if len(found) == 1 else None
