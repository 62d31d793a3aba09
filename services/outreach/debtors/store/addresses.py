"""SQL of how addresses work: dead, another's, full for the moment. Personal: they are deleted when
their account is erased."""

from collections.abc import Collection, Iterable

from services.outreach.debtors.domain.address_states import AddressState
from shared.database import Session


async def find_address_states(
    session: Session, tenant: str, account_ids: Collection[str]
) -> dict[tuple[str, str, str], AddressState]:
    """By account, channel and address, of all that are known of."""
    rows = await session.fetch(
        "select * from address_states where tenant_id = $1 and account_id = any($2)",
        tenant,
        sorted(account_ids),
    )
    found = [
        AddressState(
            row["account_id"], row["channel"], row["address"], row["state"], row["because"],
            row["changed_at"], tuple(row["soft_at"]), row["paused_until"],
        )
        for row in rows
    ]  # fmt: skip
    return {(each.account_id, each.channel, each.address): each for each in found}


async def upsert_address_states(
    session: Session, tenant: str, states: Iterable[AddressState]
) -> None:
    for each in sorted(states, key=lambda s: (s.account_id, s.channel, s.address)):
        await session.execute(
            """
            insert into address_states (tenant_id, account_id, channel, address, state, because,
                                        changed_at, soft_at, paused_until)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (tenant_id, account_id, channel, address) do update set
              state = excluded.state, because = excluded.because,
              changed_at = excluded.changed_at, soft_at = excluded.soft_at,
              paused_until = excluded.paused_until
            """,
            tenant, each.account_id, each.channel, each.address, each.state, each.because,
            each.changed_at, list(each.soft_at), each.paused_until,
        )  # fmt: skip


async def erase_addresses(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    """What is known of the accounts' addresses, and the addresses that contacts went to."""
    await session.execute(
        "delete from address_states where tenant_id = $1 and account_id = any($2)",
        tenant,
        sorted(account_ids),
    )
    await session.execute(
        """
        update contacts c
        set body = convert_to(
          (convert_from(c.body, 'UTF8')::jsonb - 'address' - 'resolution')::text, 'UTF8')
        from contact_accounts k
        where k.tenant_id = $1 and k.account_id = any($2)
          and c.tenant_id = k.tenant_id and c.contact_id = k.contact_id
        """,
        tenant,
        sorted(account_ids),
    )
