"""One debtor, put to the contact governor: by what it can be reached, over which channel a message
about what may leave when."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property

from services.outreach.activity.domain.contacts import Channel, DebtorContact, Item, MessageChannel
from services.outreach.activity.domain.decisions import (
    Decision,
    Judgement,
    RecordedDecision,
    decide,
)
from services.outreach.channels.domain.languages import language_chain
from services.outreach.channels.domain.phone_numbers import e164
from services.outreach.debtors.domain.debtor_profile import AccountProfile, DebtorProfile
from services.outreach.debtors.domain.governor_question import governor_question
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.debtors.domain.stops import Stop
from services.outreach.dunning.domain import suppressions
from services.outreach.dunning.domain.cancellations import Because, fate_of, stopped
from services.outreach.dunning.domain.shared_attempts import SharedAttempts
from services.outreach.organisations.domain import SharedLimits
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.clock import local_day
from shared.countries import country_code
from shared.events import ledger
from shared.mail_addresses import deliverable

_NO_MOBILE = frozenset({"landline", "fixed", "fixed_line"})
NEEDS_NO_ADDRESS: frozenset[Channel] = frozenset({"portal", "webhook"})
_UNWRITTEN: frozenset[Channel] = frozenset({"webhook", "person", "hand-over"})


def _any_text(_template: str, _channel: str, _languages: tuple[str, ...]) -> bool:
    return True


@dataclass(frozen=True)
class Means:
    """What a tenant can reach people by: the same for all of its debtors."""

    configured: frozenset[str] = frozenset({"email"})
    has_text: Callable[[str, str, tuple[str, ...]], bool] = _any_text
    cut_off: time = time(16)  # when letters are taken to the post
    language: str | None = None  # the tenant's
    shared: SharedLimits | None = None  # of the tenant's organisation


@dataclass(frozen=True)
class Unusable:
    """Addresses of a debtor that do not work, or are somebody else's: (channel, address)."""

    dead: frozenset[tuple[str, str]] = frozenset()
    # Channels that wait after too many soft bounces, or a doubtful word of the debtor's.
    paused: Mapping[str, datetime] = field(default_factory=dict)

    def has(self, channel: str, address: str) -> bool:
        return (channel, address) in self.dead


class ContactGovernor:
    """The contact rules, applied to one debtor as known now."""

    def __init__(
        self,
        profile: DebtorProfile,
        invoices: Iterable[Invoice],
        rulebooks: RuleBookVersions,
        means: Means | None = None,
        stops: Iterable[Stop] = (),
        unusable: Unusable | None = None,
        shared: SharedAttempts | None = None,
        occasions: Iterable[Occasion] = (),
    ) -> None:
        self.profile = profile
        self.means = means or Means()
        self._stops = tuple(stops)
        self._invoices = {(i.account_id, i.invoice_id): i for i in invoices}
        self._rulebooks = rulebooks
        self._unusable = unusable or Unusable()
        self._shared = shared
        self.occasions = tuple(occasions)  # of accounts whose occasions are answered
        self.initiated_by = "collector"  # or the debtor, who has asked for the message
        self.recorded: RecordedDecision | None = None  # the last question and its answer

    # ------------------------------------------------------------------ what still stands

    def lapsed(self, item: Item, at: datetime) -> Because | None:
        """Why the item is not to be asked for any more, by what is known now; None: it stands."""
        zones = {account.account_id: account.timezone for account in self.profile.accounts}
        if item.account_id not in zones:
            return "superseded"  # the account belongs to another debtor now
        if not item.is_ladder:
            key = (item.account_id, item.reaction, item.subject_id)
            found = (o for o in self.occasions if (o.account_id, *o.key) == key)
            return "superseded" if any(not each.stands for each in found) else None
        invoice = self._invoices[item.account_id, item.subject_id]
        day = local_day(at, zones[item.account_id])
        return fate_of(invoice) or stopped(self._stops, invoice, day)

    @property
    def payment_urls(self) -> dict[tuple[str, str], str]:
        """By account and invoice: where the biller takes money for it."""
        found = {key: invoice.payment_url for key, invoice in self._invoices.items()}
        return {key: url for key, url in found.items() if url is not None}

    # ------------------------------------------------------------------ by what they are reached

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """In which the debtor is written to, best first."""
        return languages_of(self.profile, self.means.language)

    def language_of(self, template: str | None, channel: Channel) -> str | None:
        """The first of them in which the template has the channel; None: it is not written."""
        if template is None or channel in _UNWRITTEN:
            return None
        has_text = self.means.has_text
        return next((each for each in self.languages if has_text(template, channel, (each,))), None)

    @property
    def has_no_data(self) -> bool:
        if any(account.details is None for account in self.profile.accounts):
            return False  # not read yet
        return not any(
            (a.details.email or "").strip() or a.details.phones or a.details.addresses
            for a in self.profile.accounts
            if a.details is not None
        )

    def rule_against(
        self, channel: MessageChannel, account_ids: tuple[str, ...], template: str | None
    ) -> str | None:
        if channel not in self.means.configured:
            return suppressions.CHANNEL_NOT_CONFIGURED
        needs_text = template is not None and channel != "webhook"
        if needs_text and not self.means.has_text(template or "", channel, self.languages):
            return suppressions.NO_TEMPLATE
        if channel in NEEDS_NO_ADDRESS:
            return None
        wanted = [a for a in self.profile.accounts if a.account_id in account_ids]
        if self._address(channel, wanted) is not None:
            return None
        if any(account.details is None for account in wanted):
            return None  # not read yet: the contact waits for that
        named = channel == "email" and any(
            (a.details.email or "").strip() for a in wanted if a.details is not None
        )
        is_dead = any(c == channel for c, _ in self._unusable.dead)
        return suppressions.ADDRESS_UNUSABLE if named and not is_dead else suppressions.NO_ADDRESS

    def address(self, channel: str, account_ids: Iterable[str]) -> str | None:
        """The address that a message about these accounts goes to: the lowest account's."""
        wanted = set(account_ids)
        found = [a for a in self.profile.accounts if a.account_id in wanted]
        return self._address(channel, found)

    def _address(self, channel: str, accounts: Sequence[AccountProfile]) -> str | None:
        for account in accounts:
            for address in addresses(channel, account.details, account.country):
                if not self._unusable.has(channel, address):
                    return address
        return None

    def after_organisation(
        self, at: datetime, channel: MessageChannel, account_ids: tuple[str, ...]
    ) -> datetime:
        at = max(at, self._unusable.paused.get(channel, at))
        if self._shared is None:
            return at
        zones = {account.account_id: account.timezone for account in self.profile.accounts}
        zone = zones.get(min(account_ids, default=""), "UTC")
        return self._shared.after(at, channel, self.address(channel, account_ids), zone)

    def cut_off(self) -> time:
        return self.means.cut_off

    # ------------------------------------------------------------------ whether it may leave

    def govern(
        self,
        at: datetime,
        items: Sequence[Item],
        channel: str = "email",
        to: str | None = None,
        claims_interest: bool | None = None,
    ) -> Decision:
        """What the rules in force at that instant decide of a message about these items; `to`: the
        address it has already; `claims_interest`: what the live check has told."""
        asked = governor_question(
            self.profile,
            at,
            channel=channel,
            to=to or self.address(channel, {item.account_id for item in items}),
            invoices=self._about(items, at),
            claims_interest=claims_interest,
            initiated_by=self.initiated_by,
        )
        in_force = self._rulebooks.at(at)
        self.recorded = decide(asked, in_force.books, in_force.packs, at)
        return self.recorded.decision

    def _about(self, items: Sequence[Item], at: datetime) -> list[Invoice]:
        """The invoices that a message speaks of; one that speaks of none is about the account."""
        found: dict[tuple[str, str], Invoice] = {}
        for item in items:
            named = [(item.account_id, name) for name in item.invoice_ids]
            known = [key for key in named if key in self._invoices]
            mine = known or [key for key in self._invoices if key[0] == item.account_id]
            found |= {key: self._invoices[key] for key in mine}
            if not mine:
                nothing = Invoice(item.account_id, item.account_id, "EUR", at.date())
                found[item.account_id, item.account_id] = nothing
        return list(found.values())

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


def languages_of(profile: DebtorProfile, of_tenant: str | None) -> tuple[str, ...]:
    """In which a debtor is written to, best first."""
    wished = [
        preference.value
        for account in profile.accounts
        if account.wishes is not None
        for preference in account.wishes.preferences
        if preference.kind == "language" and isinstance(preference.value, str)
    ]
    theirs = [a.details.language for a in profile.accounts if a.details]
    return language_chain(*wished[-1:], *theirs, of_tenant)


def addresses(channel: str, details: ledger.Contact | None, country: str | None) -> Iterable[str]:
    """An account's addresses for a channel, as its providers take them."""
    if details is None:
        return
    match channel:
        case "email":
            address = deliverable(details.email)
            if address is not None:
                yield address
        case "sms" | "voice":
            for phone in details.phones:
                is_fixed = (phone.type or "").strip().lower() in _NO_MOBILE
                number = e164(phone.number, country_code(country))
                if number is not None and not (channel == "sms" and is_fixed):
                    yield number
        case "letter":
            for address_ in details.addresses:
                place = _filled(address_.city), _filled(address_.postal_code)
                if _filled(address_.line1) and any(place):
                    lines = (
                        address_.line1, address_.line2, address_.postal_code, address_.city,
                        address_.region, address_.country or country,
                    )  # fmt: skip
                    yield "\n".join(each.strip() for each in lines if each and each.strip())
        case _:
            return


def _filled(text: str | None) -> str | None:
    return (text or "").strip() or None
