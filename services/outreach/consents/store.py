"""SQL of consents and preferences, each an ever growing history."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from services.outreach.consents.domain import (
    AccountWishes,
    ChannelConsent,
    Preference,
    anonymous,
)
from shared.database import Record, Session

Recorded = tuple[datetime, str]  # by the machine's clock, and by whom


async def insert_consents(
    session: Session, tenant: str, account_id: str, consents: Iterable[ChannelConsent], by: Recorded
) -> None:
    for c in consents:
        await session.execute(
            """
            insert into consents (tenant_id, account_id, channel, kind, state, address, given_to,
                                  form, at, evidence, employer_provided, recorded_at, recorded_by)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            """,
            tenant, account_id, c.channel, c.kind, c.state, c.address, c.given_to, c.form, c.at,
            c.evidence, c.employer_provided, *by,
        )  # fmt: skip


async def insert_preferences(
    session: Session, tenant: str, account_id: str, given: Sequence[Preference], by: Recorded
) -> None:
    if not given:
        return
    await session.execute(
        """
        insert into preferences (tenant_id, account_id, kind, value, at, evidence, recorded_at,
                                 recorded_by)
        select $1, $2, kind, value, at, evidence, $7, $8
        from unnest($3::text[], $4::bytea[], $5::timestamptz[], $6::text[])
          with ordinality as k (kind, value, at, evidence, ord)
        order by ord
        """,
        tenant,
        account_id,
        [p.kind for p in given],
        [msgspec.json.encode(p.value) for p in given],
        [p.at for p in given],
        [p.evidence for p in given],
        *by,
    )


async def find_wishes(
    session: Session, tenant: str, account_ids: Collection[str]
) -> dict[str, AccountWishes]:
    """All consents and preferences of these accounts, in the order of recording."""
    consents: dict[str, list[ChannelConsent]] = {}
    for row in await session.fetch(
        "select * from consents where tenant_id = $1 and account_id = any($2) order by ord",
        tenant,
        sorted(account_ids),
    ):
        consents.setdefault(row["account_id"], []).append(to_consent(row))
    preferences: dict[str, list[Preference]] = {}
    for row in await session.fetch(
        "select * from preferences where tenant_id = $1 and account_id = any($2) order by ord",
        tenant,
        sorted(account_ids),
    ):
        preferences.setdefault(row["account_id"], []).append(to_preference(row))
    return {
        account_id: AccountWishes(
            account_id,
            tuple(consents.get(account_id, ())),
            tuple(preferences.get(account_id, ())),
        )
        for account_id in consents.keys() | preferences.keys()
    }


def to_consent(row: Record) -> ChannelConsent:
    return ChannelConsent(
        channel=row["channel"],
        kind=row["kind"],
        state=row["state"],
        at=row["at"],
        address=row["address"],
        given_to=row["given_to"],
        form=row["form"],
        evidence=row["evidence"],
        employer_provided=row["employer_provided"],
    )


def to_preference(row: Record) -> Preference:
    return Preference(row["kind"], msgspec.json.decode(row["value"]), row["at"], row["evidence"])


async def list_consents(
    session: Session, tenant: str, account_id: str, channel: str | None
) -> list[tuple[ChannelConsent, Recorded]]:
    """All consents to one channel (None: to any), oldest record first."""
    rows = await session.fetch(
        """
        select * from consents where tenant_id = $1 and account_id = $2
          and ($3::text is null or channel = $3)
        order by ord
        """,
        tenant,
        account_id,
        channel,
    )
    return [(to_consent(row), (row["recorded_at"], row["recorded_by"])) for row in rows]


async def list_preferences(
    session: Session, tenant: str, account_id: str
) -> list[tuple[Preference, Recorded]]:
    rows = await session.fetch(
        "select * from preferences where tenant_id = $1 and account_id = $2 order by ord",
        tenant,
        account_id,
    )
    return [(to_preference(row), (row["recorded_at"], row["recorded_by"])) for row in rows]


async def erase_wishes(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    """Take what is personal out of them; the wishes stay, they protect the person's other
    accounts."""
    await session.execute(
        """
        update consents set address = null, evidence = null
        where tenant_id = $1 and account_id = any($2)
          and (address is not null or evidence is not null)
        """,
        tenant,
        sorted(account_ids),
    )
    rows = await session.fetch(
        "select * from preferences where tenant_id = $1 and account_id = any($2) order by ord",
        tenant,
        sorted(account_ids),
    )
    for row in rows:
        kept = replace(to_preference(row), evidence=None)
        await session.execute(
            """
            update preferences set value = $4, evidence = null
            where tenant_id = $1 and account_id = $2 and ord = $3
            """,
            tenant,
            row["account_id"],
            row["ord"],
            msgspec.json.encode(anonymous(kept.kind, kept.value)),
        )
