"""Re-score a tenant's accounts after a model or a policy has come into force.

A slice is one transaction, short enough to stop no event. The job's row is locked first and its
accounts after it, in the order of their ids, as everybody does; consumers never touch the job. So
any number of workers may take slices, and a crash loses nothing: the cursor moves with the rows.

Most of the work may be done ahead, with nothing locked (`read_slice`, `score_slice`). In the
transaction it counts only for accounts whose revision is still the one that was looked at, and
while the same rules are in force; all others are looked at there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.segmentation.context import Context
from services.segmentation.domain.beliefs import AccountFigures, Key
from services.segmentation.domain.rescoring import (
    Change,
    Moved,
    PackedRules,
    Rescored,
    StandingAccount,
    Terms,
    rescore,
    rescore_packed,
)
from services.segmentation.domain.rules import Rules
from services.segmentation.store import accounts, assessments
from services.segmentation.store import rescoring as store
from shared import clock
from shared.database import Session
from shared.log import outbox

SLICE_ACCOUNTS = 1_000
SLICE_SECONDS_MAX = 120.0  # of a slice's scoring: usually a third of a second
_CHUNK_ACCOUNTS = 50  # looked at in the transaction, until others may have the event loop


class ReadSlice(NamedTuple):
    """The next accounts of a job as they were when they were read, and what was in force then."""

    accounts: list[StandingAccount]
    rules: Rules


class ScoredSlice(NamedTuple):
    """What they came to, by account."""

    terms: Terms
    rules: Rules
    found: Mapping[str, Rescored]


async def begin_rescore(
    session: Session, tenant: str, *, because: str, at: datetime, with_shadows: bool = False
) -> int:
    """Let workers re-score all accounts by what is in force then; the job's number.

    What it changes holds from `at`. One that is under way for the tenant ends: this one covers it.
    Challengers answer when something happens to an account; `with_shadows`, for everybody now.
    """
    count = await accounts.count_accounts(session, tenant)
    return await store.insert_rescoring(
        session,
        tenant,
        because=because,
        at=at,
        accounts=count,
        with_shadows=with_shadows,
        now=clock.now(),
    )


def terms_of(job: store.Rescoring) -> Terms:
    return Terms(job.tenant_id, job.number, job.because, job.at, job.with_shadows)


async def read_slice(
    session: Session, context: Context, tenant: str, *, after: str, size: int
) -> ReadSlice:
    """Accounts to look at ahead of the transaction that writes them."""
    found = await accounts.list_standing(session, tenant, after=after, limit=size)
    return ReadSlice(found, (await context.rules.of(session, {tenant}))[tenant])


async def score_slice(
    context: Context, terms: Terms, found: ReadSlice, packed: PackedRules
) -> ScoredSlice:
    """Look at them in a compute process, which may know the rules already."""
    scored: list[Rescored] | None = None
    for content in (None, packed.content):
        if scored is None and found.accounts:
            scored = await context.compute.run(
                terms.tenant,
                rescore_packed,
                found.accounts,
                terms,
                packed.hash,
                content,
                seconds=SLICE_SECONDS_MAX,
            )
    return ScoredSlice(terms, found.rules, {one.account_id: one for one in scored or ()})


async def rescore_slice(
    session: Session,
    context: Context,
    *,
    size: int = SLICE_ACCOUNTS,
    tenant: str | None = None,
    ahead: ScoredSlice | None = None,
) -> store.Rescoring | None:
    """Re-score the next accounts of the oldest open job (of a tenant), which is as it stands then.

    None: there is nothing to do, or somebody else is at it.
    """
    job = await store.claim_rescoring(session, tenant)
    if job is None:
        return None
    tenant, terms = job.tenant_id, terms_of(job)
    revisions = await accounts.lock_slice(session, tenant, after=job.cursor, limit=size)
    rules = (await context.rules.of(session, {tenant}))[tenant]
    found = {}
    if ahead is not None and ahead.terms == terms and ahead.rules.are_same(rules):
        found = {
            account_id: ahead.found[account_id]
            for account_id, revision in revisions.items()
            if account_id in ahead.found and ahead.found[account_id].revision == revision
        }
    left = [account_id for account_id in revisions if account_id not in found]
    for one in await _look_at(session, left, terms, rules):
        found[one.account_id] = one
    changes = {
        (tenant, account_id): change
        for account_id in revisions
        if (change := found[account_id].change) is not None
    }
    await _write(session, changes)
    cursor = max(revisions, default=job.cursor)
    await store.advance_rescoring(
        session,
        job,
        cursor=cursor,
        done=len(revisions),
        changed=len(changes),
        ended_at=clock.now() if len(revisions) < size else None,
    )
    return msgspec.structs.replace(job, cursor=cursor)


async def _look_at(
    session: Session, account_ids: Sequence[str], terms: Terms, rules: Rules
) -> list[Rescored]:
    """Locked accounts that were not looked at ahead, or have changed since."""
    found: list[Rescored] = []
    standing = []
    if account_ids:
        standing = await accounts.find_standing(session, terms.tenant, account_ids)
    for begin in range(0, len(standing), _CHUNK_ACCOUNTS):
        await session.give_way()
        found += rescore(standing[begin : begin + _CHUNK_ACCOUNTS], terms, rules)
    return found


async def _write(session: Session, changes: Mapping[Key, Change]) -> None:
    rows: dict[Key, tuple[AccountFigures, Moved | None]] = {
        key: (change.figures, change.moved) for key, change in changes.items()
    }
    await accounts.update_rescored(session, rows)
    records = [(key, changes[key].record) for key in sorted(changes)]
    await assessments.upsert_encoded(session, records)
    shadows = {key: change.shadows for key, change in changes.items() if change.shadows}
    await assessments.upsert_shadows(session, shadows)
    outbox.append(session, [event for change in changes.values() for event in change.events])
