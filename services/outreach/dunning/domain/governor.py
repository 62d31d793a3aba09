"""One contact of ours, put to the contact governor: about which invoices, over which channel, to
whom."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.outreach.activity.domain.contacts import DebtorContact, Item
from services.outreach.activity.domain.decisions import (
    Decision,
    Judgement,
    RecordedDecision,
    decide,
)
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.debtors.domain.governor_question import governor_question
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.stops import Stop
from services.outreach.dunning.domain.cancellations import Because
from services.outreach.dunning.domain.planning import lead, stopped
from services.outreach.dunning.domain.strategies import Strategies
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.clock import local_day
from shared.mail_addresses import deliverable


class ContactGovernor:
    """The contact rules, applied to one debtor as known now."""

    def __init__(
        self,
        profile: DebtorProfile,
        invoices: Iterable[Invoice],
        strategies: Strategies,
        rulebooks: RuleBookVersions,
        stops: Iterable[Stop] = (),
    ) -> None:
        self.profile = profile
        self._stops = tuple(stops)
        self._invoices = {(i.account_id, i.invoice_id): i for i in invoices}
        self._strategies = strategies
        self._rulebooks = rulebooks
        self.recorded: RecordedDecision | None = None  # the last question and its answer

    def lapsed(self, item: Item, at: datetime) -> Because | None:
        """Why the item is not to be asked for any more, by what is known now; None: it stands."""
        zones = {account.account_id: account.timezone for account in self.profile.accounts}
        if item.account_id not in zones:
            return "superseded"  # the account belongs to another debtor now
        invoice = self._invoices[item.invoice[:2]]
        if invoice.state == "paid":
            return "paid"
        if invoice.state == "written_off":
            return "written-off"
        if invoice.state == "void":
            return "corrected"
        return stopped(self._stops, invoice, local_day(at, zones[item.account_id]))

    def govern(self, at: datetime, items: Sequence[Item], to: str | None = None) -> Decision:
        """What the rules in force at that instant decide of a message about these items; `to`: the
        address it has already."""
        _, _, step = lead(items, self._strategies)
        asked = governor_question(
            self.profile,
            at,
            channel=step.channel,
            to=to or address_of(self.profile, {item.account_id for item in items}),
            invoices=[self._invoices[item.invoice[:2]] for item in items],
        )
        in_force = self._rulebooks.at(at)
        self.recorded = decide(asked, in_force.books, in_force.packs, at)
        return self.recorded.decision

    def judgements(self, contact: DebtorContact) -> list[Judgement]:
        """The last question asked, to be kept with the contact; none: nothing was asked."""
        if self.recorded is None:
            return []
        recorded = self.recorded
        return [
            Judgement(
                contact.contact_id, contact.account_id, recorded.decision.at, recorded.question
            )
        ]


def address_of(profile: DebtorProfile, account_ids: Iterable[str]) -> str | None:
    """The e-mail address that a message about these accounts goes to: the lowest account's."""
    wanted = set(account_ids)
    for account in profile.accounts:
        if account.account_id in wanted and account.details is not None:
            address = deliverable(account.details.email)
            if address is not None:
                return address
    return None
