"""Attempts of an organisation's tenants on one debtor: when its caps let the next one pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.outreach.activity.domain.contacts import ATTEMPTS
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.dunning.domain.strategy import Caps
from services.outreach.dunning.domain.timing import Timing
from services.outreach.history.domain import PastContact
from services.outreach.organisations.domain import OrganisationCaps, SharedLimits, TenantAttempt

_NO_CAP = 1_000_000


@dataclass(frozen=True)
class SharedAttempts:
    """By marks of the debtor's addresses and of its id."""

    limits: SharedLimits
    debtor_id: str | None
    found: Mapping[bytes, Sequence[TenantAttempt]]

    def after(self, at: datetime, channel: str, address: str | None, zone: str) -> datetime:
        """The first instant, not before the given one, at which the caps let an attempt over a
        channel pass."""
        if channel not in ATTEMPTS or address is None:
            return at
        marks = self.limits.marks([address], self.debtor_id)
        return after_caps(at, self._on(marks), self.limits.settings.caps, zone)

    def others(self, tenant: str) -> list[TenantAttempt]:
        """Those of the other tenants, each once."""
        return [each for each in self._on(self.found) if each.tenant != tenant]

    def _on(self, marks: Iterable[bytes]) -> list[TenantAttempt]:
        known = {each.contact_id: each for mark in marks for each in self.found.get(mark, ())}
        return sorted(known.values(), key=lambda each: (each.at, each.contact_id))


def after_caps(
    at: datetime, attempts: Sequence[TenantAttempt], caps: OrganisationCaps, zone: str
) -> datetime:
    """As a strategy's gap and caps count, over all of the organisation's tenants."""
    timing = Timing.of(zone, None, [each.at for each in attempts], None)
    most = Caps(
        gap_days=caps.gap_days,
        per_7_days=caps.per_7_days,
        per_30_days=caps.per_30_days or _NO_CAP,
    )
    return timing.after_caps(at, most)


def with_others(profile: DebtorProfile, attempts: SharedAttempts, tenant: str) -> DebtorProfile:
    """The debtor with what other tenants have tried: about none of this tenant's debts."""
    others = [
        PastContact(at=each.at, channel=each.channel, outcome="sent", account_ids=(), more={})
        for each in attempts.others(tenant)
    ]
    if not others:
        return profile
    history = sorted((*profile.history, *others), key=lambda past: past.at, reverse=True)
    return replace(profile, history=tuple(history))
