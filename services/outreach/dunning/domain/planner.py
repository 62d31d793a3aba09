"""What becomes of a debtor's contacts when the facts are looked at again: kept, moved, cancelled,
begun, put off, held for a person's decision, or claimed."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from msgspec.json import encode
from msgspec.structs import replace

from services.outreach.activity.domain.approvals import NewApproval
from services.outreach.activity.domain.contacts import DebtorContact, HandOverTo
from services.outreach.activity.domain.decisions import COMPLIANCE, Judgement
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.dunning.domain import contacts, suppressions
from services.outreach.dunning.domain.cancellations import Because, first_reason, reason_to_cancel
from services.outreach.dunning.domain.contact_events import ContactEvents, suppressed_by
from services.outreach.dunning.domain.debtor_facts import DebtorFacts, DebtorState
from services.outreach.dunning.domain.governor import ContactGovernor
from services.outreach.dunning.domain.planning import Plan, plan
from services.outreach.dunning.domain.runs import RunTime
from shared.calendars.business_days import business_days_after
from shared.clock import day_start, local_day

CONTACT_EXPIRES_AFTER = 5  # business days in which somebody decides
HAND_OVER_EXPIRES_AFTER = 10
ASKED_BY = "outreach"


@dataclass
class PlanChanges:
    """What is to be written, gathered over several debtors."""

    new: list[DebtorContact] = field(default_factory=list)
    changed: dict[str, DebtorContact] = field(default_factory=dict)  # by id
    ended: list[DebtorContact] = field(default_factory=list)
    claimed: list[DebtorContact] = field(default_factory=list)
    anchors: dict[tuple[str, str], date] = field(default_factory=dict)
    entries: list[TimelineEntry] = field(default_factory=list)
    contacts_made: dict[str, int] = field(default_factory=dict)  # by debtor
    judgements: list[Judgement] = field(default_factory=list)
    approvals: list[NewApproval] = field(default_factory=list)
    withdrawn: list[DebtorContact] = field(default_factory=list)  # nobody need decide on them
    tasks: list[NewTask] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Planner:
    """Decides for one debtor after the other; all effects go to `changes`."""

    def __init__(
        self,
        tenant: str,
        time: RunTime,
        template_versions: Mapping[str, str],
        tried: Collection[str],
    ) -> None:
        self._tenant = tenant
        self._time = time
        self._versions = template_versions
        self._tried = tried  # contacts that this run has tried already: each once a run
        self._events = ContactEvents(time.at)
        self.changes = PlanChanges()

    def decide(self, state: DebtorState, governor: ContactGovernor) -> None:
        debtor, contact, made = state.debtor, state.contact, state.contacts_made
        found = plan(debtor, self._time.at, governor, contact)
        self.changes.anchors.update(found.anchors)
        if not state.is_in_flight:
            made = self._decide_one(debtor, contact, found.contact, made, governor)
        made = self._decide_hand_overs(state, found.hand_overs, made, governor)
        self.changes.contacts_made[debtor.key] = made

    def _decide_one(
        self,
        debtor: DebtorFacts,
        contact: DebtorContact | None,
        found: Plan | None,
        made: int,
        governor: ContactGovernor,
    ) -> int:
        if contact is not None:
            contact = self._keep_or_cancel(contact, debtor, found, governor)
        if contact is not None and contact.state == "held":
            return made  # somebody decides first
        if contact is None and found is not None:
            contact = self._begin(debtor, found, made, governor)
            made += 1
        if contact is not None and found is not None and contact.contact_id not in self._tried:
            self._act_if_due(contact, debtor, found, governor)
        return made

    # ------------------------------------------------------------------ kept, moved, cancelled

    def _keep_or_cancel(
        self,
        contact: DebtorContact,
        debtor: DebtorFacts,
        found: Plan | None,
        governor: ContactGovernor,
    ) -> DebtorContact | None:
        """The contact as it stands by today's facts; None: it is over."""
        checked = [reason_to_cancel(item, debtor, self._time.at) for item in contact.items]
        reasons = [reason for reason in checked if reason is not None]
        if found is None or len(reasons) == len(checked):
            self._cancel(contact, first_reason(reasons))
            return None
        if contact.state == "held" and set(contact.items) & set(found.items):
            return contact
        if contact.state == "held":  # what was asked about does not come now
            self._cancel(contact, "superseded")
            return None
        after = contacts.moved(replace(contact, state="planned"), debtor, found, self._versions)
        after = _in_language(after, governor)
        # What was put off to this instant by a rule has been told so.
        is_told = contact.until is not None and contact.until == contact.due_at
        was_due = contact.due_at <= self._time.at < found.due_at and not is_told
        is_message = found.channel != "person"  # a person's work is put off by nobody
        if was_due and is_message and set(contact.items) & set(found.items):
            after = self._defer(after, found)
        if found.rule == suppressions.NO_CONTACT_DATA:
            after = self._ask_for_data(after, debtor, found)
        if after != contact:
            self.changes.changed[after.contact_id] = after
        return after

    def _cancel(self, contact: DebtorContact, because: Because) -> None:
        ended = replace(contact, state="cancelled", because=because)
        if contact.state == "held":
            self.changes.withdrawn.append(contact)
        self.changes.ended.append(ended)
        self.changes.entries += self._events.cancelled(ended, because)
        self.changes.counts["cancelled"] += 1

    def _defer(self, contact: DebtorContact, found: Plan) -> DebtorContact:
        """It was due, but at this instant the debtor may not be contacted."""
        self.changes.counts["deferred"] += 1
        after = replace(contact, until=contact.due_at)
        decision = contact.decision
        ruled = decision.leading if decision is not None and decision.verdict == "defer" else None
        rule = found.rule or (ruled.rule if ruled is not None else suppressions.TOO_SOON)
        if rule in contact.rules:
            return after
        citation = ruled.citation if ruled is not None and ruled.rule == rule else None
        self.changes.entries += self._events.suppressed(
            after, rule=rule, until=after.until, citation=citation
        )
        return replace(after, rules=(*after.rules, rule))

    def _begin(
        self, debtor: DebtorFacts, found: Plan, made: int, governor: ContactGovernor
    ) -> DebtorContact:
        id_ = contacts.contact_id(self._tenant, debtor.key, found.items, made + 1)
        contact = contacts.planned(debtor, found, id_, self._versions)
        contact = _in_language(contact, governor)
        self.changes.entries += self._events.planned(contact)
        self.changes.counts["planned"] += 1
        if found.rule == suppressions.NO_CONTACT_DATA:
            contact = self._ask_for_data(contact, debtor, found)
        self.changes.new.append(contact)
        return contact

    def _ask_for_data(
        self, contact: DebtorContact, debtor: DebtorFacts, found: Plan
    ) -> DebtorContact:
        """Nothing is known by which the debtor could be reached: somebody looks for it, once."""
        rule = suppressions.NO_CONTACT_DATA
        if rule in contact.rules:
            return contact
        self.changes.entries += self._events.suppressed(
            contact, rule=rule, until=None, citation=None
        )
        self.changes.tasks.append(
            NewTask(
                kind="find-contact-data",
                account_id=contact.account_id,
                cause=f"no contact data {debtor.key}",
                due_at=self._time.at,
                contact_id=contact.contact_id,
                debtor_id=debtor.debtor_id,
                strategy=contact.strategy,
                strategy_version=contact.strategy_version,
                step=contact.step,
                due_on=local_day(self._time.at, contact.zone),
                opened_at=self._time.at,
            )
        )
        return replace(contact, rules=(*contact.rules, rule))

    # ------------------------------------------------------------------ due

    def _act_if_due(
        self,
        contact: DebtorContact,
        debtor: DebtorFacts,
        found: Plan,
        governor: ContactGovernor,
    ) -> None:
        if contact.due_at > self._time.at:
            return
        decision, recorded = found.decision, governor.recorded
        if recorded is not None and decision is not None:
            self.changes.judgements.append(
                Judgement(contact.contact_id, contact.account_id, decision.at, recorded.question)
            )
        match found.verdict:
            case "allow":
                self.changes.claimed.append(contact)
            case "block":
                self._suppress(contact, found)
            case "require_approval":
                self._hold(contact, debtor)
            case "defer":
                pass  # it is looked at again when it is due again

    def _suppress(self, contact: DebtorContact, found: Plan) -> None:
        rule = found.rule or ""
        decision = contact.decision
        ruled = decision.leading if decision is not None else None
        after = suppressed_by(contact, rule)
        if rule not in contact.rules:
            citation = ruled.citation if ruled is not None and ruled.rule == rule else None
            self.changes.entries += self._events.suppressed(
                after, rule=rule, until=after.until, citation=citation
            )
        self.changes.counts["suppressed"] += 1
        self.changes.changed[after.contact_id] = after

    def _hold(self, contact: DebtorContact, debtor: DebtorFacts) -> None:
        """A person decides first; until then nothing else goes to the debtor."""
        decision = contact.decision
        leading = decision.leading if decision is not None else None
        assert decision is not None, "a rule asks for it"
        assert leading is not None, "a rule asks for it"
        rules = contact.rules if leading.rule in contact.rules else (*contact.rules, leading.rule)
        held = replace(contact, state="held", rules=rules, until=None)
        if leading.rule not in contact.rules:
            self.changes.entries += self._events.suppressed(
                held, rule=leading.rule, until=decision.until, citation=leading.citation
            )
        self.changes.changed[held.contact_id] = held
        self.changes.counts["held"] += 1
        self.changes.approvals.append(
            NewApproval(
                kind="contact",
                subject_id=asked_about(contact, leading.rule),
                role=leading.role or decision.role or COMPLIANCE,
                requested_by=ASKED_BY,
                requested_at=self._time.at,
                expires_at=self._expires(debtor, contact, CONTACT_EXPIRES_AFTER),
                account_id=contact.account_id,
                contact_id=contact.contact_id,
                channel=contact.channel,
                rule=leading.rule,
                citation=leading.citation,
                rulebook_version=contact.rulebook_version,
            )
        )

    def _expires(self, debtor: DebtorFacts, contact: DebtorContact, days: int) -> datetime:
        """00:00 of the day after so many business days."""
        today = local_day(self._time.at, contact.zone)
        last = business_days_after(today, days, debtor.calendar_name)
        return day_start(last, contact.zone)

    # ------------------------------------------------------------------ hand-overs

    def _decide_hand_overs(
        self, state: DebtorState, found: tuple[Plan, ...], made: int, governor: ContactGovernor
    ) -> int:
        """Each of one invoice, beside whatever else goes to the debtor."""
        debtor = state.debtor
        wanted = {(p.lead.account_id, p.lead.subject_id): p for p in found}
        for contact in state.hand_overs:
            item = contact.items[0]
            next_ = wanted.pop((item.account_id, item.subject_id), None)
            reason = reason_to_cancel(item, debtor, self._time.at)
            if next_ is None or reason is not None or next_.lead.n != item.n:
                self._cancel(contact, reason or "superseded")
                continue
            if contact.state == "planned":
                self._move_hand_over(contact, debtor, next_)
        for next_ in wanted.values():
            contact = self._begin(debtor, next_, made, governor)
            made += 1
            self._ask_if_due(contact, debtor)
        return made

    def _move_hand_over(self, contact: DebtorContact, debtor: DebtorFacts, found: Plan) -> None:
        after = contacts.moved(contact, debtor, found, self._versions)
        if after != contact:
            self.changes.changed[after.contact_id] = after
        if contact.contact_id not in self._tried:
            self._ask_if_due(after, debtor)

    def _ask_if_due(self, contact: DebtorContact, debtor: DebtorFacts) -> None:
        if contact.due_at > self._time.at:
            return
        to = contact.hand_over
        assert to is not None, "a hand-over says to whom"
        item = contact.items[0]
        invoice = debtor.invoice(item.account_id, item.subject_id)
        assert invoice is not None, "a hand-over is of an open invoice"
        self.changes.changed[contact.contact_id] = replace(contact, state="held")
        self.changes.counts["held"] += 1
        self.changes.approvals.append(
            NewApproval(
                kind=to.kind,
                subject_id=contact.contact_id,
                role=to.approve,
                requested_by=ASKED_BY,
                requested_at=self._time.at,
                expires_at=self._expires(debtor, contact, HAND_OVER_EXPIRES_AFTER),
                account_id=contact.account_id,
                contact_id=contact.contact_id,
                channel=contact.channel,
                command=_placement(to, invoice),
            )
        )


def _in_language(contact: DebtorContact, governor: ContactGovernor) -> DebtorContact:
    """With the language in which it is to be written, by the templates of today."""
    return replace(contact, language=governor.language_of(contact.template, contact.channel))


def asked_about(contact: DebtorContact, rule: str) -> str:
    """What is asked for once: of a contact that has passed one rule, each further one."""
    return f"{contact.contact_id}/{rule}" if contact.approved_rules else contact.contact_id


def _placement(to: HandOverTo, invoice: Invoice) -> bytes:
    """The ledger's command that hands the invoice over, once somebody has agreed."""
    body = {
        "kind": to.kind,
        "to": to.to,
        "currency": invoice.currency,
        "invoice_ids": [invoice.invoice_id],
    }
    return encode({"path": f"/v1/accounts/{invoice.account_id}/placements", "body": body})
