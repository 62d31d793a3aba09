"""What the referee of planning remembers: invoices, promises, pauses with their days, contacts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from services.outreach.dunning.domain.strategy import Strategy
from tests.oracles.dunning_records import (
    DAY,
    NOT_KEPT,
    Bill,
    Contact,
    Fact,
    Key,
    Made,
    Occasion,
    Pause,
    Thing,
)


@dataclass
class Books:
    strategies: dict[str, Strategy | None]
    pays_within: dict[str, float | None] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)  # from before the story
    bills: dict[str, Bill] = field(default_factory=dict)
    pauses: list[Pause] = field(default_factory=list)
    things: dict[str, Thing] = field(default_factory=dict)
    segments: dict[str, Fact] = field(default_factory=dict)
    payments: dict[str, Fact] = field(default_factory=dict)
    taken_back: set[str] = field(default_factory=set)
    paid_up: dict[str, tuple[date, date]] = field(default_factory=dict)  # account: since, day
    owed_since: dict[str, date] = field(default_factory=dict)
    corrected: dict[str, date] = field(default_factory=dict)  # invoice: day
    unreachable: set[str] = field(default_factory=set)
    bouncing: set[str] = field(default_factory=set)
    contacts: list[Contact] = field(default_factory=list)
    made: dict[Key, list[Made]] = field(default_factory=dict)
    tried: dict[tuple[Key, int], set[str]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    # What happens

    def begin(self, day: date, facts: Sequence[Fact]) -> None:
        for fact in facts:
            was = {bill.name for bill in self.bills.values() if bill.is_disputed}
            self._take(fact)
            for bill in self.bills.values():
                self._pause_of_dispute(bill, bill.name in was, day)
        for account in self.strategies:
            overdue = sum(b.balance for b in self._open(account) if b.stage(day) is not None)
            if overdue > 0:
                self.owed_since.setdefault(account, day)
                self.paid_up.pop(account, None)
            elif account in self.owed_since:
                self.paid_up[account] = (self.owed_since.pop(account), day)

    def _pause_of_dispute(self, bill: Bill, was: bool, day: date) -> None:
        if bill.is_disputed and not was:
            self.pauses.append(Pause("disputed", bill.account, (bill.name,), day))
        elif was and not bill.is_disputed:
            for pause in self.pauses:
                if pause.kind == "disputed" and pause.covers(bill) and pause.ended_on is None:
                    pause.ended_on = day

    def _take(self, fact: Fact) -> None:
        getattr(self, f"_on_{fact.kind.replace('-', '_')}")(fact)

    def _bill(self, fact: Fact) -> Bill:
        assert fact.invoices is not None
        return self.bills[fact.invoices[0]]

    def _on_invoice(self, fact: Fact) -> None:
        assert fact.until is not None
        self.bills[fact.name] = Bill(fact.name, fact.account, fact.until, fact.minor)

    def _on_pay(self, fact: Fact) -> None:
        self._bill(fact).paid[fact.name] = fact.minor
        self.payments[fact.name] = fact
        for pause in self.pauses:
            is_open = pause.ended_on is None or pause.ended_on > fact.day
            if pause.kind == "claim" and pause.account == fact.account and is_open:
                pause.ended_on = fact.day

    def _on_take_back(self, fact: Fact) -> None:
        bill = self._bill(fact)
        was_open = bill.balance > 0
        del bill.paid[fact.name]
        self.taken_back.add(fact.name)
        if not was_open:
            bill.reopened_on.append(fact.day)

    def _on_correct(self, fact: Fact) -> None:
        self._bill(fact).is_corrected = True
        self.corrected[self._bill(fact).name] = fact.day

    def _on_overdue_again(self, fact: Fact) -> None:
        self._bill(fact).is_corrected = False
        self.corrected.pop(self._bill(fact).name, None)

    def _on_dispute(self, fact: Fact) -> None:
        self._bill(fact).disputes[fact.name] = fact.minor
        self.things[fact.name] = Thing(fact, "dispute-opened", fact.day)

    def _on_resolve(self, fact: Fact) -> None:
        del self._bill(fact).disputes[fact.name]
        self.things[fact.name] = Thing(fact, "dispute-resolved", fact.day)

    def _on_promise(self, fact: Fact) -> None:
        self._begin_pause(fact, "promise", "open")

    def _on_judge(self, fact: Fact) -> None:
        """kept, partly_kept, broken, cancelled; open: as if it had never been judged."""
        self._end_pause(fact, fact.word)

    def _on_plan(self, fact: Fact) -> None:
        self._begin_pause(fact, "plan", "active")

    def _on_end_plan(self, fact: Fact) -> None:
        self._end_pause(fact, fact.word)

    def _on_miss(self, fact: Fact) -> None:
        self.things[f"{fact.name}/1"] = Thing(fact, "missed", fact.day)

    def _on_offer(self, fact: Fact) -> None:
        self.things[fact.name] = Thing(fact, "offered", fact.day)

    def _on_accept(self, fact: Fact) -> None:
        self._begin_pause(fact, "settlement", "accepted")

    def _on_end_settlement(self, fact: Fact) -> None:
        self._end_pause(fact, fact.word)

    def _on_hold(self, fact: Fact) -> None:
        self._begin_pause(fact, "hold", "held")
        until = None if fact.until is None else fact.until + DAY
        self._pause_of(fact.name).ended_on = until

    def _on_release(self, fact: Fact) -> None:
        ended = self._pause_of(fact.name).ended_on
        self._pause_of(fact.name).ended_on = fact.day if ended is None else min(ended, fact.day)

    def _on_place(self, fact: Fact) -> None:
        self._begin_pause(fact, "placed", "placed")

    def _on_recall(self, fact: Fact) -> None:
        self._end_pause(fact, "recalled")

    def _on_write_off(self, fact: Fact) -> None:
        self._bill(fact).is_written_off = True

    def _on_pause(self, fact: Fact) -> None:
        """reply, claim, manual; `until`: 00:00 of that day."""
        self._begin_pause(fact, fact.word, "paused")
        self._pause_of(fact.name).ended_on = fact.until

    def _on_end_pause(self, fact: Fact) -> None:
        ended = self._pause_of(fact.name).ended_on
        self._pause_of(fact.name).ended_on = fact.day if ended is None else min(ended, fact.day)

    def _on_fail(self, fact: Fact) -> None:
        self.things[fact.name] = Thing(fact, "payment-failed", fact.day)

    def _on_warn(self, fact: Fact) -> None:
        self.things[fact.name] = Thing(fact, "warning", fact.day)

    def _on_segment(self, fact: Fact) -> None:
        self.segments[fact.account] = fact

    def _on_strategy(self, fact: Fact) -> None:
        self.strategies[fact.account] = fact.strategy

    def _on_lost(self, fact: Fact) -> None:
        self.unreachable.add(fact.word)

    def _on_found(self, fact: Fact) -> None:
        self.unreachable.discard(fact.word)

    def _on_bounce(self, fact: Fact) -> None:
        """The next contact over the channel comes back after an hour."""
        self.bouncing.add(fact.word)

    def _pause_of(self, name: str) -> Pause:
        pause = self.things[name].pause
        assert pause is not None
        return pause

    def _begin_pause(self, fact: Fact, kind: str, state: str) -> None:
        pause = Pause(kind, fact.account, fact.invoices, fact.day)
        self.pauses.append(pause)
        self.things[fact.name] = Thing(fact, state, fact.day, pause)

    def _end_pause(self, fact: Fact, state: str) -> None:
        thing = self.things[fact.name]
        thing.state, thing.on = state, fact.day
        stands = state in ("open", "active", "accepted")
        pause = self._pause_of(fact.name)
        pause.ended_on, pause.outcome = (None, "") if stands else (fact.day, state)

    def sent(
        self,
        at: datetime,
        channel: str,
        accounts: set[str],
        asks: set[str],
        about: set[tuple[Key, int]],
        invoices: set[str],
    ) -> None:
        contact = Contact(at, channel, accounts, asks, about, invoices)
        if channel in self.bouncing:
            self.bouncing.discard(channel)
            contact.fails_at = at + timedelta(hours=1)
        self.contacts.append(contact)

    def fail(self, at: datetime) -> None:
        """It counts for nothing, its steps are free again, the address is dead."""
        for contact in self.contacts:
            if contact.fails_at == at:
                contact.fails_at, contact.has_failed = None, True
                self.unreachable.add(contact.channel)
                for key, n in contact.about:
                    self.made[key] = [made for made in self.made[key] if made.n != n]
                    self.tried.setdefault((key, n), set()).add(contact.channel)

    # What is asked

    def strategy_of(self, account: str) -> Strategy | None:
        return self.strategies[account]

    def _open(self, account: str) -> list[Bill]:
        return [b for b in self.bills.values() if b.account == account and b.is_open]

    def messages(self) -> list[datetime]:
        return [contact.at for contact in self.contacts if not contact.has_failed]

    def attempts(self) -> list[datetime]:
        kinds = ("email", "sms", "voice", "letter")
        return [c.at for c in self.contacts if not c.has_failed and c.channel in kinds]

    def is_reached(self, account: str) -> bool:
        sent = any(account in c.accounts for c in self.contacts if not c.has_failed)
        return sent or account in self.reached

    def paid_on(self, account: str) -> date | None:
        standing = [
            fact.day
            for name, fact in self.payments.items()
            if fact.account == account and name not in self.taken_back
        ]
        return max(standing, default=None)

    def is_stopped(self, bill: Bill, day: date, strategy: Strategy) -> bool:
        for pause in self.pauses:
            ends = pause.ends_on(strategy, self.holidays)
            if pause.covers(bill) and pause.from_on <= day and (ends is None or day < ends):
                return True
        return False

    def resumes(self, bill: Bill, day: date, strategy: Strategy) -> list[date]:
        """The resume days of all pauses that have ended by the day, and of reopenings."""
        found = [on for on in bill.reopened_on if on <= day]
        for pause in self.pauses:
            ends = pause.ends_on(strategy, self.holidays)
            if pause.covers(bill) and ends is not None and pause.from_on < ends <= day:
                found.append(pause.resume_on(strategy, ends))
        return sorted(found)

    def broken_on(self, bill: Bill) -> list[date]:
        """When the promises for the invoice were judged that were not kept."""
        return [
            thing.on
            for thing in self.things.values()
            if thing.pause is not None
            and thing.pause.kind == "promise"
            and thing.state in NOT_KEPT
            and thing.pause.covers(bill)
        ]

    def said(self, account: str, day: date) -> dict[str, object]:
        """The account's words for conditions."""
        bills = self._open(account)
        overdue = [bill for bill in bills if bill.stage(day) is not None]
        segment = self.segments.get(account)
        return {
            "kind": "consumer",
            "country": "DE",
            "segment": None if segment is None else segment.word,
            "tags": frozenset(),
            "currency": "EUR",
            "balance": sum(bill.balance for bill in bills),
            "overdue": sum(bill.balance for bill in overdue),
            "collectable": sum(bill.balance - bill.disputed for bill in overdue),
            "pays_within": self.pays_within.get(account),
        }

    def occasions(self, day: date) -> Iterator[Occasion]:
        for occasion in self._standing(day):
            bills = self._open(occasion.account)
            if occasion.invoices is not None:
                bills = [bill for bill in bills if bill.name in occasion.invoices]
            else:
                bills = [bill for bill in bills if bill.stage(day) is not None]
            placed = [p for p in self.pauses if p.kind == "placed" and p.ended_on is None]
            if not bills or not all(any(p.covers(b) for p in placed) for b in bills):
                yield occasion

    def _standing(self, day: date) -> Iterator[Occasion]:
        for name, thing in self.things.items():
            yield from self._of_thing(name, thing, day)
        for account, (since, on) in self.paid_up.items():
            if any(account in c.asks and c.at.date() >= since for c in self._sent()):
                yield Occasion(account, "paid", "account", on.isoformat(), on)
        for account, fact in self.segments.items():
            name = f"{fact.word}@{fact.day}"
            yield Occasion(account, f"segment.{fact.word}", "account", name, fact.day)
        for invoice, on in self.corrected.items():
            recent = (c for c in self._sent() if on - 30 * DAY <= c.at.date() <= on)
            if self.bills[invoice].is_written_off:
                continue  # answered by nobody
            if any(invoice in c.invoices for c in recent):
                account = self.bills[invoice].account
                yield Occasion(account, "corrected", "invoice", invoice, on, (invoice,))

    def _sent(self) -> list[Contact]:
        return [contact for contact in self.contacts if not contact.has_failed]

    def _may_be_asked(self, bill: Bill, day: date) -> bool:
        """Overdue, not in dispute, and nothing stops it today."""
        strategy = self.strategy_of(bill.account)
        assert strategy is not None
        is_owed = bill.stage(day) is not None and bill.balance > bill.disputed
        return is_owed and not self.is_stopped(bill, day, strategy)

    def _of_thing(self, name: str, thing: Thing, day: date) -> Iterator[Occasion]:
        fact, state = thing.fact, thing.state
        account, invoices = fact.account, fact.invoices

        def about(reaction: str, kind: str, on: date) -> Occasion:
            return Occasion(account, reaction, kind, name, on, invoices)

        bills = [b for b in self._open(account) if invoices is None or b.name in invoices]
        is_collectable = any(self._may_be_asked(bill, day) for bill in bills)
        if fact.kind == "promise":
            assert fact.until is not None
            if state == "open":
                yield about("promise-made", "promise", fact.day)
                yield about("promise-due", "promise", fact.until)
            elif state == "kept":
                yield about("promise-kept", "promise", thing.on)
            elif state in NOT_KEPT and is_collectable:
                yield about("promise-broken", "promise", thing.on)
        elif fact.kind == "plan":
            assert fact.until is not None
            first = Occasion(account, "", "instalment", f"{name}/1", fact.until, invoices)
            if state == "active":
                yield about("plan-agreed", "plan", fact.day)
                missed = self.things.get(f"{name}/1")
                kind = "instalment-due" if missed is None else "instalment-missed"
                on = first.on if missed is None else missed.on
                yield Occasion(account, kind, "instalment", first.name, on, invoices)
            elif state == "defaulted":
                yield about("plan-defaulted", "plan", thing.on)
        elif fact.kind == "offer":
            yield about("settlement-offered", "settlement", fact.day)
        elif fact.kind == "accept" and state == "accepted":
            assert fact.until is not None
            yield about("settlement-due", "settlement", fact.until)
        elif state in ("dispute-opened", "dispute-resolved"):
            yield about(state, "dispute", thing.on)
        elif state == "warning":
            yield Occasion(account, f"warning.{fact.word}", "account", name, fact.day)
        elif state == "payment-failed" and any(
            self._may_be_asked(bill, day) for bill in self._open(account)
        ):
            yield about(state, "payment", fact.day)
