"""SQL of approvals as they are asked for and taken back."""

from collections.abc import Collection, Mapping
from datetime import datetime

from services.outreach.activity.domain.approvals import NewApproval
from shared.database import Record, Session


async def insert_approvals(
    session: Session, tenant: str, approvals: Mapping[str, NewApproval]
) -> set[str]:
    """Gives the ids that are new."""
    rows = [
        (
            id_,
            a.kind,
            a.subject_id,
            a.role,
            a.requested_by,
            a.requested_at,
            a.expires_at,
            a.account_id,
            a.contact_id,
            a.channel,
            a.rule,
            a.citation,
            a.rulebook_version,
            a.command,
        )
        for id_, a in sorted(approvals.items())
    ]
    written = await session.fetch(
        """
        insert into approvals (tenant_id, approval_id, kind, subject_id, state, role, requested_by,
          requested_at, expires_at, account_id, contact_id, channel, rule, citation,
          rulebook_version, command)
        select $1, approval_id, kind, subject_id, 'pending', role, requested_by, requested_at,
          expires_at, account_id, contact_id, channel, rule, citation, rulebook_version, command
        from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
            $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
            $14::text[], $15::bytea[])
          as k (approval_id, kind, subject_id, role, requested_by, requested_at, expires_at,
            account_id, contact_id, channel, rule, citation, rulebook_version, command)
        on conflict do nothing
        returning approval_id
        """,
        tenant,
        *[list(column) for column in zip(*rows, strict=True)],
    )
    return {row["approval_id"] for row in written}


async def close_approvals(
    session: Session,
    tenant: str,
    kind: str,
    subjects: Collection[str],
    state: str,
    at: datetime,
) -> list[Record]:
    """Those of them that wait end without anybody's decision."""
    return await session.fetch(
        """
        update approvals set state = $4, decided_at = $5, effect = 'none'
        where tenant_id = $1 and kind = $2 and subject_id = any($3) and state = 'pending'
          and running_since is null
        returning approval_id, kind, subject_id, account_id
        """,
        tenant,
        kind,
        sorted(subjects),
        state,
        at,
    )
