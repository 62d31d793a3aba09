"""Which channel a contact takes, and when: the first of its step's that is left.

Passed over is what is not configured, has no usable address or no text, what the rules forbid or
leave to a person, over which the step has failed before, and what would wait too long.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Protocol

from services.outreach.activity.domain.contacts import (
    Channel,
    DebtorContact,
    Item,
    MessageChannel,
    PassedOver,
)
from services.outreach.activity.domain.decisions import Decision, Effect
from services.outreach.dunning.domain import suppressions
from services.outreach.dunning.domain.debtor_facts import DebtorFacts
from services.outreach.dunning.domain.options import Option
from services.outreach.dunning.domain.timing import Timing

HORIZON = timedelta(days=14)  # so far ahead the hours and the rules are asked
ASKED_MAX = 20  # times that the rules are asked for one channel


class Reach(Protocol):
    """What a debtor can be reached by, and what the rules say of it; of one debtor."""

    @property
    def has_no_data(self) -> bool:
        """Whether all details are read and there is no address of any kind."""
        ...

    def rule_against(
        self, channel: MessageChannel, account_ids: tuple[str, ...], template: str | None
    ) -> str | None:
        """Why the channel cannot be taken: not configured, no address, no text; None: it can."""
        ...

    def after_organisation(
        self, at: datetime, channel: MessageChannel, account_ids: tuple[str, ...]
    ) -> datetime:
        """The first instant, not before the given one, that the organisation's caps let pass."""
        ...

    def govern(
        self,
        at: datetime,
        items: tuple[Item, ...],
        channel: MessageChannel,
        *,
        claims_interest: bool | None = None,
    ) -> Decision:
        """What the contact governor decides of a message over that channel at that instant."""
        ...

    def cut_off(self) -> time:
        """When letters are taken to the post."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """How a contact is to be made. `rule`: under which it is not, or not now."""

    channel: Channel
    due_at: datetime
    verdict: Effect
    decision: Decision | None = None
    rule: str | None = None
    passed_over: tuple[PassedOver, ...] = ()
    put_off: Decision | None = None  # by which it comes later than it could


@dataclass(frozen=True, slots=True)
class _Away:
    """Under which rule a channel is not taken, and until when."""

    rule: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Chooser:
    """Asked for one leading option; `earliest`: what gap and caps leave."""

    debtor: DebtorFacts
    reach: Reach
    contact: DebtorContact | None  # the one under way, with what came of it so far
    now: datetime
    _decided: dict[tuple[datetime, Channel, tuple[Item, ...]], Decision] = field(
        default_factory=dict
    )

    def choose(
        self,
        lead: Option,
        items: Callable[[], tuple[Item, ...]],
        account_ids: tuple[str, ...],
        earliest: datetime,
        timing: Timing,
    ) -> ChannelChoice:
        found: list[ChannelChoice] = []
        last: ChannelChoice | None = None
        for channel in lead.step.channels:
            assert channel != "person", "a person stands alone"
            rule = self._rule_against(channel, lead, account_ids)
            away = self._away(channel, lead) if rule is None else None
            if away is not None and away.until > self.now:
                due_at = self._in_hours(channel, lead, max(earliest, away.until), timing)
                choice = ChannelChoice(channel, due_at, "defer", rule=away.rule)
            elif away is not None:  # it is time to try it again, where no other can be taken
                again = self._timed(channel, lead, items, account_ids, earliest, timing)
                last = again if last is None and again.verdict == "allow" else last
                choice = again if again.verdict != "allow" else replace(again, verdict="defer")
            elif rule is None:
                choice = self._timed(channel, lead, items, account_ids, earliest, timing)
            else:
                due_at = self._in_hours(channel, lead, earliest, timing)
                choice = ChannelChoice(channel, due_at, "block", rule=rule)
            if choice.verdict == "allow":
                return _before(found, choice)
            found.append(choice)
        if last is not None:
            return _before([each for each in found if each.channel != last.channel], last)
        later = [each for each in found if each.verdict == "defer"]
        asked = [each for each in found if each.verdict == "require_approval"]
        if later:
            return _before(found, min(later, key=lambda each: each.due_at))
        return _before(found, asked[0] if asked else found[0])

    def _rule_against(
        self, channel: MessageChannel, lead: Option, account_ids: tuple[str, ...]
    ) -> str | None:
        rule = self.reach.rule_against(channel, account_ids, lead.words.template)
        if rule is not None:
            return rule
        if channel in lead.tried:
            return suppressions.FAILED_ALREADY
        given_up = self.contact.given_up if self.contact is not None else ()
        return next((p.rule for p in given_up if p.channel == channel and p.until is None), None)

    def _away(self, channel: MessageChannel, lead: Option) -> _Away | None:
        """Whether it was tried in vain for long enough to take another, if there is one."""
        contact = self.contact
        if contact is None:
            return None
        for each in contact.given_up:
            if each.channel == channel and each.until is not None and self.now < each.until:
                return _Away(each.rule, each.until)
        since = contact.unavailable_since if contact.channel == channel else None
        outage = timedelta(hours=lead.strategy.fallback.outage_hours)
        if since is None or self.now < since + outage:
            return None
        return _Away(suppressions.CHANNEL_UNAVAILABLE, contact.retry_at or self.now)

    def _timed(
        self,
        channel: MessageChannel,
        lead: Option,
        items: Callable[[], tuple[Item, ...]],
        account_ids: tuple[str, ...],
        earliest: datetime,
        timing: Timing,
    ) -> ChannelChoice:
        """The first instant at which hours, organisation and governor agree on the channel."""
        contact = self.contact
        if contact is not None and contact.channel == channel and contact.retry_at is not None:
            earliest = max(earliest, contact.retry_at)  # the provider has asked for a pause
        first = moment = self._in_hours(channel, lead, earliest, timing)
        limit = first + timedelta(days=lead.strategy.fallback.wait_days)
        covered = items()
        decision: Decision | None = None
        put_off: Decision | None = None
        for _ in range(ASKED_MAX):
            by = self.reach.after_organisation(moment, channel, account_ids)
            if by > moment:
                if by > limit:
                    return ChannelChoice(channel, by, "defer", rule=suppressions.ORGANISATION_CAP)
                moment = self._in_hours(channel, lead, by, timing)
                continue
            decision = self._governed(moment, covered, channel)
            if decision.verdict != "defer" or decision.until is None:
                break
            if decision.until > limit:
                rule = decision.leading.rule if decision.leading else ""
                return ChannelChoice(channel, decision.until, "defer", decision, rule)
            then = self._in_hours(channel, lead, decision.until, timing)
            if then <= moment:
                break
            moment, put_off = then, decision
        assert decision is not None, "the rules are asked at least once"
        ruled = decision.leading if decision.verdict != "allow" else None
        said = ruled.rule if ruled is not None else None
        return ChannelChoice(channel, moment, decision.verdict, decision, said, put_off=put_off)

    def _governed(self, at: datetime, items: tuple[Item, ...], channel: MessageChannel) -> Decision:
        """What a person has let pass is met; what defers beside it holds."""
        key = (at, channel, items)
        if key not in self._decided:
            known = self.contact.claims_interest if self.contact is not None else None
            self._decided[key] = self.reach.govern(
                at, items, channel, claims_interest=known or None
            )
        decision = self._decided[key]
        approved = self.contact.approved_rules if self.contact is not None else ()
        return decision.with_approved(frozenset(approved)) if approved else decision

    def _in_hours(
        self, channel: MessageChannel, lead: Option, at: datetime, timing: Timing
    ) -> datetime:
        send = lead.strategy.send_of(lead.step)
        if channel == "letter":
            return timing.at_cut_off(at, send, self.reach.cut_off(), self.debtor.timezone)
        return timing.in_window(at, send, self.debtor.preferred_hours)


def _before(others: Sequence[ChannelChoice], chosen: ChannelChoice) -> ChannelChoice:
    """The choice, with the channels that were passed over for it."""
    passed = tuple(
        PassedOver(each.channel, each.rule or "", each.due_at if each.verdict == "defer" else None)
        for each in others
        if each is not chosen
    )
    return replace(chosen, passed_over=passed) if passed else chosen
