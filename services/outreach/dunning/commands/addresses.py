"""What the end of a contact says of the address that it went to: dead, full, alive; or that its
owner wants nothing more. A dead address is dead for everybody who has it, and so is a refusal."""

from collections.abc import Mapping, Sequence

from services.outreach.activity.domain.address_marks import mark_of
from services.outreach.activity.domain.limits import ContactChannel
from services.outreach.activity.store.addresses import find_debtors_at, find_reached
from services.outreach.channels.domain.mail_status import bounce_class, soft_bounces
from services.outreach.consents.commands import Refusal, record_consent, refuse_address
from services.outreach.consents.domain import ChannelConsent
from services.outreach.debtors.domain.address_states import AddressState
from services.outreach.debtors.store.addresses import find_address_states, upsert_address_states
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.runs import RunTime
from shared.database import Session
from shared.mail_status import STATUS

BY_PROVIDER = "provider"
# Under which channel an account's addresses are listed: a number is one for texts and calls.
_LISTED: Mapping[str, str] = {"email": "email", "sms": "sms", "voice": "sms"}


async def debtors_concerned(session: Session, tenant: str, outcomes: Sequence[Outcome]) -> set[str]:
    """Whose debtors these are, and who else has an address of which they tell: all of them are
    locked at once, in one order."""
    keys = {outcome.contact.debtor_key for outcome in outcomes}
    places = {
        (_LISTED[o.contact.channel], mark)
        for o in outcomes
        if (o.is_address_dead or o.is_consent_revoked) and (mark := _mark(tenant, o)) is not None
    }
    return keys | set(await find_debtors_at(session, tenant, places)) if places else keys


def _mark(tenant: str, outcome: Outcome) -> bytes | None:
    """Of the address, where others may have it too."""
    channel, address = _LISTED.get(outcome.contact.channel), outcome.contact.address
    return None if channel is None or address is None else mark_of(tenant, channel, address)


async def mark_addresses(
    session: Session, tenant: str, time: RunTime, outcomes: Sequence[Outcome]
) -> None:
    """The debtors' rows are locked."""
    telling = [o for o in outcomes if o.kind in ("failed", "delivered") and o.contact.address]
    if not telling:
        return
    places = [await _places(session, tenant, outcome) for outcome in telling]
    accounts = {account_id for found in places for account_id, _ in found}
    before = await find_address_states(session, tenant, accounts)
    after = dict(before)
    for outcome, found in zip(telling, places, strict=True):
        for account_id, address in found:
            key = (account_id, str(outcome.contact.channel), address)
            after[key] = _told(after.get(key) or AddressState(*key), outcome, time)
    changed = [
        state for key, state in after.items() if state != (before.get(key) or AddressState(*key))
    ]
    await upsert_address_states(session, tenant, changed)
    await revoke_consents(session, tenant, time, [o for o in telling if o.is_consent_revoked])


async def _places(session: Session, tenant: str, outcome: Outcome) -> list[tuple[str, str]]:
    """The accounts with the address of which it tells, each with its own spelling. That a mailbox
    is full is told of the accounts that wrote to it."""
    contact, mark = outcome.contact, _mark(tenant, outcome)
    assert contact.address is not None, "those without are left out"
    found = {(account_id, contact.address) for account_id in contact.account_ids}
    if mark is not None and (outcome.is_address_dead or outcome.kind == "delivered"):
        listed = _LISTED[contact.channel]
        for account_id, spellings in await find_reached(session, tenant, listed, mark, ()):
            found |= {(account_id, address) for address in spellings}
    return sorted(found)


def _told(state: AddressState, outcome: Outcome, time: RunTime) -> AddressState:
    at = outcome.provider_at or time.at
    if outcome.kind == "delivered":
        return state.revived(at)
    if outcome.is_address_dead:
        return state.died(outcome.why, at)
    status = STATUS.search(outcome.why) if state.channel == "email" else None
    if status is not None and bounce_class(status[0]) == "soft":
        found = soft_bounces([*state.soft_at, at])
        return state.bounced_softly(found.at, found.paused_until)
    return state


async def revoke_consents(
    session: Session, tenant: str, time: RunTime, outcomes: Sequence[Outcome]
) -> None:
    """The provider knows that nobody at that address wants more over this channel."""
    for outcome in outcomes:
        contact = outcome.contact
        at = min(outcome.provider_at or time.at, time.recorded_at)
        evidence = f"said by the provider: {outcome.why}"
        if contact.address is not None and contact.channel in ("email", "sms"):
            refusal = Refusal(contact.channel, contact.address, evidence, at)
            accounts = contact.account_ids
            await refuse_address(session, tenant, time.clock, refusal, BY_PROVIDER, also=accounts)
            continue
        channel: ContactChannel = contact.channel  # type: ignore[assignment]
        consent = ChannelConsent(
            channel,
            channel,
            "revoked",
            at,
            address=contact.address,
            evidence=evidence,
        )
        for account_id in contact.account_ids:
            await record_consent(
                session, tenant, account_id, time.clock, consent, BY_PROVIDER, is_dated=False
            )
