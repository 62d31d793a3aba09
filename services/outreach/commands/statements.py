"""Record what people allow, refuse and tell us. It counts at once: the debtor is planned again, and
whatever is under way is judged again before it leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from services.outreach.commands.saying import say
from services.outreach.domain import statements as rules
from services.outreach.domain.statements import Consent, Preference
from services.outreach.store import facts as fact_store
from services.outreach.store import history as history_store
from services.outreach.store import statements as store
from shared import clock
from shared.business_time import Clock
from shared.clock import local_day
from shared.database import Session
from shared.errors import FieldError, Invalid
from shared.events import OUTREACH, Event, outreach

# A platform's clock may be a little ahead of ours.
CLOCK_SKEW_MAX = timedelta(minutes=2)


async def business_now(
    session: Session, clock_mode: Clock, tenant: str, account_id: str
) -> datetime:
    """The instant of business time at which something said without one was said."""
    if clock_mode == "manual":
        at = await store.find_business_instant(session, tenant, account_id)
        if at is not None:
            return at
    return clock.now()


def refuse_future(clock_mode: Clock, at: datetime, pointer: str) -> None:
    """With the system clock nothing can have been said tomorrow; a manual clock may come to it."""
    if clock_mode == "system" and at > clock.now() + CLOCK_SKEW_MAX:
        raise Invalid("It lies in the future.", [FieldError(pointer, "lies in the future")])


async def state_consent(
    session: Session,
    tenant: str,
    account_id: str,
    clock_mode: Clock,
    consent: Consent,
    by: str,
    *,
    is_dated: bool,
) -> bool:
    """Grant or take back. False: this has been recorded already; said without an instant, it is the
    same as what stands."""
    refuse_future(clock_mode, consent.at, "/at")
    await store.lock_debtor_of(session, tenant, account_id)
    known = [c for c, _ in await store.list_consents(session, tenant, account_id, consent.channel)]
    standing = rules.standing_consents(known, consent.at)
    if consent in known or (
        not is_dated and consent in [replace(before, at=consent.at) for before in standing]
    ):
        return False
    now = clock.now()
    await store.insert_consents(session, tenant, account_id, [consent], (now, by))
    cause = f"{consent.channel} {consent.kind} {len(known) + 1}"
    common: dict[str, Any] = {
        "account_id": account_id,
        "channel": consent.channel,
        "kind": consent.kind,
        "given_to": consent.given_to,
    }
    data: Struct
    if consent.state == "granted":
        data = outreach.ConsentGranted(**common, granted_at=consent.at)
    else:
        data = outreach.ConsentRevoked(**common, revoked_at=consent.at)
    await _say(
        session, tenant, account_id, clock_mode, f"consent-{consent.state}", cause, data, consent.at
    )
    return True


async def state_preferences(
    session: Session,
    tenant: str,
    account_id: str,
    clock_mode: Clock,
    stated: Sequence[Preference],
    by: str,
) -> list[str]:
    """Gives the kinds that changed: what was said in the same words before is not said again."""
    await store.lock_debtor_of(session, tenant, account_id)
    known = [
        preference for preference, _ in await store.list_preferences(session, tenant, account_id)
    ]
    changed = []
    for preference in stated:
        refuse_future(clock_mode, preference.at, "/at")
        standing = rules.standing_preferences(known, preference.at).get(preference.kind)
        if standing is None and preference.value in (None, False, []):
            continue  # nothing was known of it, and nothing is
        if standing is None or standing.value != preference.value:
            changed.append(preference)
    if not changed:
        return []
    now = clock.now()
    await store.insert_preferences(session, tenant, account_id, changed, (now, by))
    told = _told(account_id, changed)
    for data in told:
        cause = f"{data.kind} {len(known) + len(changed)}"
        await _say(
            session,
            tenant,
            account_id,
            clock_mode,
            "preference-changed",
            cause,
            data,
            data.changed_at,
        )
    return [preference.kind for preference in changed]


def _told(account_id: str, changed: Sequence[Preference]) -> list[outreach.PreferenceChanged]:
    """One event for each word under which changes are told."""
    by_word: dict[Any, Preference] = {}
    for preference in changed:
        by_word.setdefault(rules.TOLD_AS[preference.kind], preference)
    return [
        outreach.PreferenceChanged(
            account_id=account_id,
            kind=word,
            refused_channels=tuple(preference.value or ()) if word == "channels" else None,
            changed_at=preference.at,
        )
        for word, preference in by_word.items()
    ]


async def _say(
    session: Session,
    tenant: str,
    account_id: str,
    clock_mode: Clock,
    type_: str,
    cause: str,
    data: Struct,
    at: datetime,
) -> None:
    recorded_at = await business_now(session, clock_mode, tenant, account_id)
    known = await fact_store.find_accounts(session, {(tenant, account_id)})
    event = Event(
        topic=OUTREACH,
        tenant=tenant,
        key=account_id,
        type=type_,
        entity=account_id,
        cause=cause,
        time=at,
        day=local_day(at, known[tenant, account_id].timezone),
        recordedtime=max(recorded_at, at),
        data=data,
    )
    await say(session, [(event, (account_id,))])


async def import_history(
    session: Session,
    tenant: str,
    account_id: str,
    clock_mode: Clock,
    entries: Sequence[tuple[str, datetime, Mapping[str, Any]]],
) -> tuple[int, int, dict[str, str]]:
    """Contacts that others made. Gives how many are new, how many came before, and why others
    cannot be taken, by id."""
    await store.lock_debtor_of(session, tenant, account_id)
    limit = clock.now() + CLOCK_SKEW_MAX
    refused: dict[str, str] = {}
    rows = {
        id_: (at, msgspec.json.encode({"at": at, **entry}, order="deterministic"))
        for id_, at, entry in entries
    }
    if clock_mode == "system":
        refused = {id_: "lies in the future" for id_, (at, _) in rows.items() if at > limit}
    known = await history_store.find_past_entries(session, tenant, account_id, rows.keys())
    for id_, (_, entry) in rows.items():
        if id_ in known and known[id_] != entry and id_ not in refused:
            refused[id_] = "came before, with other content"
    taken = [(id_, at, entry) for id_, (at, entry) in rows.items() if id_ not in refused]
    new = await history_store.insert_past_contacts(session, tenant, account_id, taken)
    return len(new), len(taken) - len(new), refused
