"""One contact of ours before the governor: about which invoices, over which channel, to whom."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.outreach.domain.dossiers import Dossier, question
from services.outreach.domain.governing import Judged, Ruling, judge
from services.outreach.domain.invoices import Invoice
from services.outreach.domain.messages import deliverable
from services.outreach.domain.planning import Because, Item, lead
from services.outreach.domain.strategies import Strategies
from services.outreach.rulebooks.domain import RuleBookVersions


class Bench:
    """The governor over one debtor, whose facts it has before it."""

    def __init__(
        self,
        dossier: Dossier,
        invoices: Iterable[Invoice],
        strategies: Strategies,
        shelf: RuleBookVersions,
    ) -> None:
        self.dossier = dossier
        self._invoices = {(i.account_id, i.invoice_id): i for i in invoices}
        self._strategies = strategies
        self._shelf = shelf
        self.judged: Judged | None = None  # the last question and its answer, for the record

    def lapsed(self, item: Item) -> Because | None:
        """Why the item is not to be asked for any more, by what is known now; None: it stands."""
        if all(account.account_id != item.account_id for account in self.dossier.accounts):
            return "superseded"  # the account belongs to another debtor now
        invoice = self._invoices[item.invoice[:2]]
        if invoice.state == "paid":
            return "paid"
        if invoice.state == "void":
            return "corrected"
        return "disputed" if invoice.is_disputed else None

    def govern(self, at: datetime, items: Sequence[Item], to: str | None = None) -> Ruling:
        """What the rules in force at that instant say of a message about these items; `to`: the
        address it has already."""
        _, _, step = lead(items, self._strategies)
        asked = question(
            self.dossier,
            at,
            channel=step.channel,
            to=to or address_of(self.dossier, {item.account_id for item in items}),
            invoices=[self._invoices[item.invoice[:2]] for item in items],
        )
        self.judged = judge(asked, self._shelf.at(at), at)
        return self.judged.ruling


def address_of(dossier: Dossier, account_ids: Iterable[str]) -> str | None:
    """The e-mail address that a message about these accounts goes to: the lowest account's."""
    wanted = set(account_ids)
    for account in dossier.accounts:
        if account.account_id in wanted and account.details is not None:
            address = deliverable(account.details.email)
            if address is not None:
                return address
    return None
