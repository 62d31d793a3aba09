"""What the end of a contact says of the address that it went to: dead, full, alive; or that its
owner wants nothing more."""

from collections.abc import Sequence

from services.outreach.activity.domain.limits import ContactChannel
from services.outreach.channels.domain.mail_status import STATUS, bounce_class, soft_bounces
from services.outreach.consents.commands import Refusal, record_consent, refuse_address
from services.outreach.consents.domain import ChannelConsent
from services.outreach.debtors.domain.address_states import AddressState
from services.outreach.debtors.store.addresses import find_address_states, upsert_address_states
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.runs import RunTime
from shared.database import Session

BY_PROVIDER = "provider"


async def mark_addresses(
    session: Session, tenant: str, time: RunTime, outcomes: Sequence[Outcome]
) -> None:
    """The debtors' rows are locked."""
    telling = [o for o in outcomes if o.kind in ("failed", "delivered") and o.contact.address]
    if not telling:
        return
    accounts = {a for outcome in telling for a in outcome.contact.account_ids}
    before = await find_address_states(session, tenant, accounts)
    after = dict(before)
    for outcome in telling:
        contact = outcome.contact
        assert contact.address is not None, "those without are left out"
        for account_id in contact.account_ids:
            key = (account_id, str(contact.channel), contact.address)
            after[key] = _told(after.get(key) or AddressState(*key), outcome, time)
    changed = [
        state for key, state in after.items() if state != (before.get(key) or AddressState(*key))
    ]
    await upsert_address_states(session, tenant, changed)
    await revoke_consents(session, tenant, time, [o for o in telling if o.is_consent_revoked])


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
    """The provider knows that the debtor wants nothing more over this channel."""
    for outcome in outcomes:
        contact = outcome.contact
        at = min(outcome.provider_at or time.at, time.recorded_at)
        evidence = f"said by the provider: {outcome.why}"
        if contact.address is not None and (contact.channel == "email" or contact.channel == "sms"):
            refusal = Refusal(contact.channel, contact.address, evidence, at)
            await refuse_address(
                session, tenant, time.clock, refusal, BY_PROVIDER, also=contact.account_ids
            )
            continue
        channel: ContactChannel = contact.channel  # type: ignore[assignment]
        consent = ChannelConsent(
            channel, channel, "revoked", at, address=contact.address, evidence=evidence
        )
        for account_id in contact.account_ids:
            await record_consent(
                session, tenant, account_id, time.clock, consent, BY_PROVIDER, is_dated=False
            )
