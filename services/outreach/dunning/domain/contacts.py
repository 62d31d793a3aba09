"""Contacts as planning makes them: about which invoices, in the words of the firmest step."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import Cover, DebtorContact, Item
from services.outreach.dunning.domain.planning import DebtorFacts, lead
from services.outreach.dunning.domain.strategies import Strategies
from shared import ids


def contact_id(tenant: str, debtor_key: str, items: Iterable[Item], attempt: int) -> str:
    """Made from what it is about, so that a retry makes the same one. `attempt` counts the debtor's
    contacts: a step whose contact was cancelled can be planned again."""
    first = min(items)
    about = (first.account_id, first.invoice_id, first.due_on.isoformat(), first.step)
    return ids.event_id(tenant, "outreach", "contact", debtor_key, *about, str(attempt))


def worded(
    contact: DebtorContact,
    items: tuple[Item, ...],
    strategies: Strategies,
    template_versions: Mapping[str, str],
    sequences: Mapping[str, int],
) -> DebtorContact:
    """The contact about these items, in the words of the firmest of them."""
    _, strategy, step = lead(items, strategies)
    return replace(
        contact,
        channel=step.channel,
        strategy=strategy.name,
        strategy_version=strategy.version,
        step=step.name,
        tone=step.tone,
        template=step.template,
        template_version=template_versions.get(step.template) if step.template else None,
        items=items,
        covers=covers_of(items, sequences),
    )


def planned(
    debtor: DebtorFacts,
    items: tuple[Item, ...],
    due_at: datetime,
    contact_id: str,
    strategies: Strategies,
    template_versions: Mapping[str, str],
) -> DebtorContact:
    """A new contact of the debtor."""
    leading, strategy, step = lead(items, strategies)
    arms = next((a.arms for a in debtor.accounts if a.account_id == leading.account_id), {})
    draft = DebtorContact(
        contact_id=contact_id,
        debtor_key=debtor.key,
        debtor_id=debtor.debtor_id,
        zone=_zone(debtor, items),
        channel=step.channel,
        strategy=strategy.name,
        strategy_version=strategy.version,
        step=step.name,
        tone=step.tone,
        template=step.template,
        template_version=None,
        state="planned",
        due_at=due_at,
        items=items,
        covers=(),
        arms=dict(arms),
    )
    return worded(draft, items, strategies, template_versions, {})


def moved(
    contact: DebtorContact,
    debtor: DebtorFacts,
    items: tuple[Item, ...],
    due_at: datetime,
    strategies: Strategies,
    template_versions: Mapping[str, str],
) -> DebtorContact:
    """The same contact after the facts have changed: another instant, other invoices."""
    base = replace(contact, zone=_zone(debtor, items), due_at=due_at)
    return worded(base, items, strategies, template_versions, {})


def _zone(debtor: DebtorFacts, items: tuple[Item, ...]) -> str:
    lowest = min(item.account_id for item in items)
    return next(a.timezone for a in debtor.accounts if a.account_id == lowest)


def covers_of(items: Iterable[Item], sequences: Mapping[str, int]) -> tuple[Cover, ...]:
    """The items by account, lowest first, with the sequence that was checked (0: none yet)."""
    invoices: dict[str, list[str]] = {}
    for item in sorted(items):
        invoices.setdefault(item.account_id, []).append(item.invoice_id)
    return tuple(
        Cover(account_id, sequences.get(account_id, 0), tuple(found))
        for account_id, found in sorted(invoices.items())
    )
