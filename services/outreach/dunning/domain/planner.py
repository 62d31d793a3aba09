"""What becomes of a debtor's contact when the facts are looked at again: kept, moved, cancelled,
begun, put off or claimed."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.domain.decisions import Judgement, RecordedDecision
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.dunning.domain import contacts, suppressions
from services.outreach.dunning.domain.cancellations import first_reason
from services.outreach.dunning.domain.contact_events import ContactEvents, refused_by
from services.outreach.dunning.domain.governor import ContactGovernor
from services.outreach.dunning.domain.planning import DebtorFacts, Plan, plan, reason_to_cancel
from services.outreach.dunning.domain.runs import ContentVersions, RunTime


@dataclass(frozen=True)
class DebtorState:
    """A debtor as stored: the facts, and the contact that is under way."""

    debtor: DebtorFacts
    contact: DebtorContact | None
    is_in_flight: bool  # another run works on the contact, or its end is not known yet
    contacts_made: int


@dataclass
class PlanChanges:
    """What is to be written, gathered over several debtors."""

    new: list[DebtorContact] = field(default_factory=list)
    changed: dict[str, DebtorContact] = field(default_factory=dict)  # by id: moved, or refused
    ended: list[DebtorContact] = field(default_factory=list)
    claimed: list[DebtorContact] = field(default_factory=list)
    anchors: dict[tuple[str, str], date] = field(default_factory=dict)
    entries: list[TimelineEntry] = field(default_factory=list)
    contacts_made: dict[str, int] = field(default_factory=dict)  # by debtor
    judgements: list[Judgement] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Planner:
    """Decides for one debtor after the other; all effects go to `changes`."""

    def __init__(
        self, tenant: str, time: RunTime, content: ContentVersions, tried: Collection[str]
    ) -> None:
        self._tenant = tenant
        self._time = time
        self._content = content
        self._tried = tried  # contacts that this run has tried already: each once a run
        self._events = ContactEvents(time.at)
        self.changes = PlanChanges()

    def decide(self, state: DebtorState, governor: ContactGovernor) -> None:
        debtor, contact, made = state.debtor, state.contact, state.contacts_made
        if not state.is_in_flight:
            found = plan(debtor, self._content.strategies, self._time.at, governor.govern)
            if found is not None:
                self.changes.anchors.update(found.anchors)
            if contact is not None:
                contact = self._keep_or_cancel(contact, debtor, found)
            if contact is None and found is not None:
                contact = self._begin(debtor, found, made)
                made += 1
            if contact is not None and contact.contact_id not in self._tried:
                self._claim_if_due(contact, governor.recorded)
        self.changes.contacts_made[debtor.key] = made

    def _keep_or_cancel(
        self, contact: DebtorContact, debtor: DebtorFacts, found: Plan | None
    ) -> DebtorContact | None:
        """The contact as it stands by today's facts; None: it is over."""
        checked = [reason_to_cancel(item, debtor, self._time.at) for item in contact.items]
        reasons = [reason for reason in checked if reason is not None]
        if found is None or len(reasons) == len(checked):
            because = first_reason(reasons)
            ended = replace(contact, state="cancelled", because=because)
            self.changes.ended.append(ended)
            self.changes.entries += self._events.cancelled(ended, because)
            self.changes.counts["cancelled"] += 1
            return None
        after = contacts.moved(
            replace(contact, state="planned", decision=found.decision),
            debtor,
            found.items,
            found.due_at,
            self._content.strategies,
            self._content.template_versions,
        )
        was_due = contact.due_at <= self._time.at < found.due_at
        if was_due and set(contact.items) & set(found.items):
            after = self._defer(after)
        if after != contact:
            self.changes.changed[after.contact_id] = after
        return after

    def _defer(self, contact: DebtorContact) -> DebtorContact:
        """It was due, but at this instant the debtor may not be contacted."""
        self.changes.counts["deferred"] += 1
        after = replace(contact, until=contact.due_at)
        decision = contact.decision
        is_ruled = decision is not None and decision.verdict == "defer"
        leading = decision.leading if decision is not None and is_ruled else None
        rule = leading.rule if leading is not None else suppressions.TOO_SOON
        if rule in contact.rules:
            return after
        citation = leading.citation if leading is not None else None
        self.changes.entries += self._events.suppressed(
            after, rule=rule, until=after.until, citation=citation
        )
        return replace(after, rules=(*after.rules, rule))

    def _begin(self, debtor: DebtorFacts, found: Plan, made: int) -> DebtorContact:
        contact = contacts.planned(
            debtor,
            found.items,
            found.due_at,
            contacts.contact_id(self._tenant, debtor.key, found.items, made + 1),
            self._content.strategies,
            self._content.template_versions,
        )
        contact = replace(contact, decision=found.decision)
        self.changes.new.append(contact)
        self.changes.entries += self._events.planned(contact)
        self.changes.counts["planned"] += 1
        return contact

    def _claim_if_due(self, contact: DebtorContact, recorded: RecordedDecision | None) -> None:
        if contact.due_at > self._time.at:
            return
        decision = contact.decision
        if recorded is not None and decision is not None:
            self.changes.judgements.append(
                Judgement(contact.contact_id, contact.account_id, decision.at, recorded.question)
            )
        if decision is not None and decision.is_refusal:
            refused = refused_by(contact, decision)
            self.changes.entries += self._events.refused(contact, decision)
            self.changes.counts["suppressed"] += 1
            self.changes.changed[refused.contact_id] = refused
            return
        self.changes.claimed.append(contact)
