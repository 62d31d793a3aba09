"""Which past contacts count towards a limit: for whom or what, in which media, and not where the
debtor's consent excused them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, get_args

from msgspec import UNSET, Meta, Struct

from services.outreach.compliance.facts.facts import Facts
from services.outreach.compliance.facts.history import History
from services.outreach.compliance.question.debtor import Consent
from services.outreach.compliance.question.terms import Channel, given
from shared.clock import day_start, local_day

Per = Literal["person", "debt", "account", "creditor", "address"]


class Excused(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A consent that excuses calls: they neither count nor are stopped while it is valid."""

    kind: Literal["extra_calls", "voice", "sms", "email"] = "extra_calls"
    days: Annotated[int, Meta(ge=1, le=366)] = 7  # the day of the consent is the first
    given_to: tuple[Literal["collector", "creditor"], ...] = ("collector",)
    until_conversation: bool = True


def counted_channels(channels: frozenset[str] | None, own: Any) -> frozenset[str]:
    """The channels that count: those named, else the rule's."""
    return frozenset(own) if own is not None else channels or frozenset(get_args(Channel))


def in_scope(facts: Facts, per: Per, debt: int, index: int) -> bool:
    """Whether a past contact, by its place in the history, counts in the scope of this one."""
    if per == "person":
        return True
    if per == "address":
        to, before = facts.question.contact.to, facts.history.pasts[index].to
        return to is UNSET or before is UNSET or before == to
    about = facts.history.about(index)
    if about is None:
        return True
    own = facts.question.debts[debt]
    if own.id in about.ids:
        return True
    if per == "debt":
        return False
    if per == "account":
        account = own.account
        return account is not UNSET and (about.has_unlisted or account in about.accounts)
    creditors = about.creditors
    return (
        about.has_unlisted
        or own.creditor is UNSET
        or UNSET in creditors
        or own.creditor in creditors
    )


class ExcusedSpan(NamedTuple):
    """While a consent excuses contacts: from, to before, and the contact that used it up."""

    start: datetime
    end: datetime
    used: datetime | None

    def excuses(self, at: datetime) -> bool:
        return self.start <= at < self.end and (self.used is None or at <= self.used)

    def is_open(self, at: datetime) -> bool:
        return self.start <= at < self.end and self.used is None


def excused_spans(facts: Facts, excused: Excused) -> list[ExcusedSpan]:
    """The spans of consents that excuse contacts. Where consents aren't known, none does."""
    consents = given(facts.question.debtor.consents)
    if not consents:
        return []

    def day_after(at: datetime, days: int) -> datetime:
        return min(
            day_start(local_day(at, name) + timedelta(days=days), name) for name in facts.zones
        )

    return facts.once(excused, lambda: _spans(consents, facts.history, excused, day_after))


def _spans(
    consents: Sequence[Consent],
    history: History,
    excused: Excused,
    day_after: Callable[[datetime, int], datetime],
) -> list[ExcusedSpan]:
    """The spans of the consents that a rule's `excused` names. `day_after(at, n)` is the earliest
    start, over the plausible zones, of the n-th day after the day of `at`."""
    spans = []
    for consent in consents:
        if consent.kind != excused.kind or consent.given_to not in excused.given_to:
            continue
        start = consent.at
        end = day_after(start, excused.days)
        for limit in (consent.until, consent.revoked_at):
            if limit is not UNSET and limit is not None:
                end = min(end, limit)
        used = history.first_through(start) if excused.until_conversation else None
        spans.append(ExcusedSpan(start, end, used))
    return spans
