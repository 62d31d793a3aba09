"""What may happen with people: disputes, promises, placements, contacts, tasks, opinions, costs."""

from datetime import datetime, timedelta
from typing import Any

from tests.portfolios.doings import Doings, Weighted

CHANNELS = ("email", "sms", "voice", "letter")
RULES = ("contact-hours", "no-address", "live-check-unanswered")
STATES = ("kept", "partly_kept", "broken", "cancelled")
SPENT = (0, 1200, 85000, 4500000, 333333)


class ContactDoings(Doings):
    is_crossing = True  # whether an answer may come from another account that a contact covers

    def __init__(self, *of_doings: Any, **more: Any) -> None:
        super().__init__(*of_doings, **more)
        self.contacts: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.opinions: dict[str, tuple[str, datetime, str | None]] = {}
        self.costs: dict[str, Any] = {}
        self.parties: dict[str, dict[str, Any]] = {}

    def of_claims(self) -> Weighted:
        return [
            (self.do_dispute, 2),
            (self.do_resolve, 1),
            (self.do_promise, 4),
            (self.do_judge, 8),
            (self.do_place, 2),
            (self.do_recall, 1),
            (self.do_commission, 1),
        ]

    def of_contacts(self) -> Weighted:
        return [
            (self.do_contact, 9),
            (self.do_refuse, 1),
            (self.do_answer, 6),
            (self.do_visit_again, 1),
            (self.do_task, 2),
            (self.do_task_again, 1),
            (self.do_feedback, 2),
            (self.do_feedback_again, 1),
            (self.do_revoke, 1),
            (self.do_cost, 1.5),
            (self.do_withdraw, 0.5),
        ]

    # ── Claims ──────────────────────────────────────────────────────────────────────────────────
    def do_dispute(self, at: datetime) -> None:
        bill = self.some(self.open_bills(at))
        if bill is not None:
            name = self.new("D")
            some = self.rng.choice((None, self.rng.randint(1, 30000)))
            self.dispute(name, bill.name, at, some)
            self.disputes[name] = bill.name

    def do_resolve(self, at: datetime) -> None:
        name = self.some(self.disputes)
        if name is not None:
            self.resolve(name, self.disputes.pop(name), max(at, self.now))

    def do_promise(self, at: datetime) -> None:
        rng, name, account = self.rng, self.new("M"), self.some(self.zones)
        amount, currency = rng.randint(1, 9000), rng.choice(("EUR", "USD", "JPY"))
        collector, channel = rng.choice(("ann", "bob", None)), rng.choice((*CHANNELS, None))
        self.promise(
            account, name, amount, at, currency=currency, collector=collector, channel=channel
        )
        self.promised[name] = [account, amount, currency, "open", at]

    def do_judge(self, at: datetime) -> None:
        """For the first time, or again."""
        name = self.some(self.promised)
        if name is None:
            return
        rng = self.rng
        account, amount, currency, state, made_at = self.promised[name]
        again = state != "open"
        new = rng.choice((*STATES, "open") if again else STATES)
        if new == state:
            return
        asked = (
            None if new in ("open", "cancelled") else rng.choice((None, amount, amount // 2 + 1))
        )
        received = {"kept": amount, "partly_kept": amount // 2}.get(new, rng.choice((0, 5)))
        self.judge(
            account,
            name,
            new,
            max(at, made_at + timedelta(hours=1)),
            amount=amount,
            received=received,
            asked=asked,
            currency=currency,
            rejudged_from=state if again else None,
        )
        self.promised[name][3] = new

    def do_place(self, at: datetime) -> None:
        bill = self.some(self.open_bills(at))
        if bill is not None:
            on = {
                each.name: self.balance(each, at)
                for each in self.open_bills(at)
                if (each.account, each.currency) == (bill.account, bill.currency)
                and self.balance(each, at) > 0
            }
            if on:
                name = self.new("L")
                self.place(bill.account, name, self.rng.choice(("agency-1", "agency-2")), at, on)
                self.placed[name] = bill.account

    def do_recall(self, at: datetime) -> None:
        name = self.some(self.placed)
        if name is not None:
            self.recall(self.placed.pop(name), name, max(at, self.now))

    def do_commission(self, at: datetime) -> None:
        name, payment = self.some(self.placed), self.some(self.payments)
        if name is not None and payment is not None:
            data = self.payments[payment]
            if data.account_id == self.placed[name]:
                amount = self.rng.choice((15, 80, 0))
                self.commission(data.account_id, name, payment, amount, data.currency, at)

    # ── Contacts ────────────────────────────────────────────────────────────────────────────────
    def do_contact(self, at: datetime) -> None:
        """Planned, and then what becomes of it."""
        rng, name, account = self.rng, self.new("X"), self.some(self.zones)
        others = [each for each in self.zones if each > account and rng.random() < 0.3]
        spent = rng.choice(SPENT)
        fields: dict[str, Any] = {
            "channel": rng.choice(CHANNELS),
            "strategy": rng.choice(("consumer", "firm")),
            "collector": rng.choice(("ann", "bob", None)),
            "covers": others,
            "cost": spent,
            "currency": rng.choice(("EUR", "USD", "JPY")) if spent else None,
        }
        if rng.random() < 0.7:
            before = {**fields, "cost": 0, "currency": None}
            self.contact("planned", name, account, at - timedelta(hours=2), **before)
            if rng.random() < 0.2:
                for rule in rng.sample(RULES, rng.choice((1, 1, 2))):
                    self.contact("suppressed", name, account, at, rule=rule, **before)
                return
            if rng.random() < 0.1:
                self.contact("cancelled", name, account, at, **before)
                return
        what = rng.choice(("sent", "sent", "sent", "uncertain"))
        self.contact(what, name, account, at, **fields)
        self.contacts[name] = {"account": account, "at": at, "what": what, "fields": fields}
        if fields["channel"] == "voice" and rng.random() < 0.5:
            outcome = rng.choice(("conversation", "no_answer"))
            self.contact("delivered", name, account, at, outcome=outcome, **fields)

    def do_refuse(self, at: datetime) -> None:
        """What was in doubt is found out; a price comes later."""
        name = self.some(self.contacts)
        if name is None:
            return
        known = self.contacts[name]
        later = max(at, known["at"] + timedelta(hours=1))
        if self.rng.random() < 0.3 and known["fields"]["cost"]:
            fields = {**known["fields"], "cost": known["fields"]["cost"] + 1000}
            self.contact("delivered", name, known["account"], later, **fields)
            known["fields"] = fields
        elif known["what"] == "uncertain" and self.rng.random() < 0.5:
            self.contact("sent", name, known["account"], later, **known["fields"])
            known["what"] = "sent"
        else:
            reason = "not-accepted" if known["what"] == "uncertain" else "550"
            self.contact(
                "failed", name, known["account"], later, reason_code=reason, **known["fields"]
            )

    def do_answer(self, at: datetime) -> None:
        rng, name = self.rng, self.some(self.contacts)
        how = rng.choice(("reply", "auto", "visit", "right", "wrong", "portal", "task"))
        if name is None or how == "portal":
            account, contact, task = self.some(self.zones), None, None
            how = "portal"
        else:
            known = self.contacts[name]
            account, contact, task = known["account"], name, None
            if self.is_crossing and rng.random() < 0.2:  # another that it covers answers
                account = self.some([account, *known["fields"]["covers"]])
            later = known["at"] + timedelta(days=rng.choice((0, 1, 5, 29, 30, 31, 40)), hours=1)
            at = max(known["at"] + timedelta(hours=1), min(later, self.now))
        if how == "reply":
            self.reply(self.new("N"), account, at, contact)
        elif how == "auto":
            self.reply(self.new("N"), account, at, contact, "auto-reply")
        elif how == "visit":
            self.visit(account, at, contact or "")
        else:
            if how == "task" and self.tasks:
                task = self.some(self.tasks)
                account, contact = self.tasks[task]["account"], self.tasks[task]["contact"]
                at = max(at, self.tasks[task]["at"])
            fields: dict[str, Any] = {
                "outcome": rng.choice(("promise", "refusal", "dispute")),
                "contact": contact,
                "task": task,
                "channel": None if contact else "portal",
                "collector": rng.choice(("ann", None)),
            }
            touch = self.new("T")
            self.party(touch, account, at, is_right=how != "wrong", **fields)
            if how != "wrong":
                self.parties[touch] = {"account": account, "at": at, "fields": fields}

    def do_visit_again(self, at: datetime) -> None:
        """A visit with the right party ends in a promise after all."""
        touch = self.some(self.parties)
        if touch is not None:
            known = self.parties[touch]
            fields = {**known["fields"], "outcome": "promise"}
            is_right = self.rng.random() < 0.8  # or it was another person after all
            self.party(touch, known["account"], max(at, known["at"]), is_right=is_right, **fields)

    # ── Tasks, opinions, costs ──────────────────────────────────────────────────────────────────
    def do_task(self, at: datetime) -> None:
        rng, name, account = self.rng, self.new("J"), self.some(self.zones)
        spent = rng.choice(SPENT)
        fields: dict[str, Any] = {
            "collector": rng.choice(("ann", "bob")),
            "cost": spent,
            "currency": rng.choice(("EUR", "USD")) if spent else None,
            "strategy": rng.choice(("consumer", None)),
        }
        contact = self.some(
            each for each, known in self.contacts.items() if known["account"] == account
        )
        fields["contact"] = contact if rng.random() < 0.5 else None
        self.task(name, account, at, **fields)
        self.tasks[name] = {
            "account": account,
            "at": at,
            "fields": fields,
            "contact": fields["contact"],
        }

    def do_task_again(self, at: datetime) -> None:
        name = self.some(self.tasks)
        if name is not None:
            known = self.tasks[name]
            fields = {**known["fields"], "cost": 70000, "currency": "EUR"}
            self.task(name, known["account"], known["at"], is_again=True, **fields)

    def do_feedback(self, at: datetime) -> None:
        name, contact = self.new("O"), self.some([*self.contacts, None])
        account = self.contacts[contact]["account"] if contact else self.some(self.zones)
        self.feedback(name, account, self.rng.randint(1, 5), at, contact)
        self.opinions[name] = (account, at, contact)

    def do_feedback_again(self, at: datetime) -> None:
        name = self.some(self.opinions)
        if name is not None:
            account, before, contact = self.opinions[name]
            self.feedback(name, account, self.rng.randint(1, 5), max(at, before), contact)

    def do_revoke(self, at: datetime) -> None:
        self.revoke(self.some(self.zones), self.rng.choice(CHANNELS), at)

    def do_cost(self, at: datetime) -> None:
        name = self.new("C")
        account = self.some([*self.zones, None])
        self.costs[name] = (at.date(), account)
        self.cost(
            name,
            self.rng.randint(1, 5000),
            at.date(),
            kind=self.rng.choice(("agency", "legal", "software")),
            currency=self.rng.choice(("EUR", "USD")),
            account=account,
            channel=self.rng.choice((*CHANNELS, None)),
        )

    def do_withdraw(self, at: datetime) -> None:
        name = self.some(self.costs)
        if name is not None:
            self.withdraw_cost(name, *self.costs.pop(name))
