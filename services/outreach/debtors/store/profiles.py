"""SQL of what is known of debtors as people: accounts with their details, what they allow
and ask for, what was done before."""

from collections.abc import Collection

import msgspec

from services.outreach.consents.store import find_wishes
from services.outreach.debtors.domain.debtor_profile import AccountProfile, DebtorProfile
from services.outreach.history.domain import PastContact
from services.outreach.history.store import find_history
from services.outreach.rulebooks.domain.reference_rates import as_known
from services.outreach.rulebooks.store import find_rates
from shared.database import Record, Session
from shared.events import ledger

_DETAILS = msgspec.json.Decoder(ledger.Contact)


async def get_profiles(
    session: Session, tenant: str, keys: Collection[str], residence_default: str | None
) -> dict[str, DebtorProfile]:
    """By debtor, in a few set-based queries; as committed now."""
    party = await session.fetchval("select party from tenants where tenant_id = $1", tenant)
    rows = await session.fetch(
        """
        select a.debtor_key, a.account_id, a.kind, a.timezone, a.country, p.details
        from accounts a left join people p using (tenant_id, account_id)
        where a.tenant_id = $1 and a.debtor_key = any($2) and a.is_registered
        order by a.account_id
        """,
        tenant,
        sorted(keys),
    )
    accounts = [row["account_id"] for row in rows]
    rates = as_known(await find_rates(session, tenant))
    wishes = await find_wishes(session, tenant, accounts)
    history = await find_history(session, tenant, accounts)
    profiles: dict[str, list[AccountProfile]] = {key: [] for key in keys}
    for row in rows:
        profiles[row["debtor_key"]].append(
            AccountProfile(
                account_id=row["account_id"],
                kind=row["kind"],
                timezone=row["timezone"],
                country=row["country"],
                details=_details(row),
                wishes=wishes.get(row["account_id"]),
            )
        )
    return {
        key: DebtorProfile(party, tuple(found), _of(history, found), residence_default, rates)
        for key, found in profiles.items()
    }


async def find_account_profile(
    session: Session, tenant: str, account_id: str
) -> AccountProfile | None:
    """One account with its details."""
    row = await session.fetchrow(
        """
        select a.account_id, a.kind, a.timezone, a.country, p.details
        from accounts a left join people p using (tenant_id, account_id)
        where a.tenant_id = $1 and a.account_id = $2 and a.is_registered
        """,
        tenant,
        account_id,
    )
    if row is None:
        return None
    return AccountProfile(
        row["account_id"], row["kind"], row["timezone"], row["country"], _details(row)
    )


def _details(row: Record) -> ledger.Contact | None:
    return None if row["details"] is None else _DETAILS.decode(row["details"])


def _of(
    history: dict[str, list[PastContact]], accounts: Collection[AccountProfile]
) -> tuple[PastContact, ...]:
    """Each contact once, newest first, whichever of the accounts it covered."""
    found = {id(past): past for account in accounts for past in history.get(account.account_id, ())}
    return tuple(sorted(found.values(), key=lambda past: past.at, reverse=True))
