"""The life of a population: debtors pay, promise, dispute and answer by lot; providers tell of
messages in any order and again; people work. The same seed, the same life."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from services.outreach.activity.store.business_times import raise_business_time
from services.outreach.channels.domain.contract import Accepted, Receipt
from services.outreach.channels.domain.inbound_messages import InboundText
from services.outreach.dunning.processes.uncertain import resolve_uncertain
from services.outreach.inbound.domain.items import NewItem, new_mail, new_receipts, new_text
from services.outreach.inbound.processes.taking import take_item
from shared import clock
from shared.events import CONTACTS, LEDGER, SEGMENTATION, Received, billing, ledger, segmentation
from tests.integration.outreach.population.bills import DAY, Bill
from tests.integration.outreach.population.debts import Debt, Said
from tests.integration.outreach.population.media import HandOver, Media
from tests.integration.outreach.population.office import Office
from tests.integration.outreach.population.referee import Referee
from tests.integration.outreach.population.rules import OwnPause, business_days_after
from tests.integration.outreach.replies import a_mail
from tests.integration.outreach.world import World

ZONES = (("UTC", "IS"), ("Europe/Berlin", "DE"), ("Europe/Lisbon", "PT"), ("Europe/Paris", "FR"))
# What debtors write, and what a person would make of it.
WORDS = {
    "STOP": "stop", "Bitte abmelden": "stop", "Could you stop by tomorrow?": "stop-unclear",
    "Falsche Nummer": "wrong-party", "Mein Anwalt meldet sich": "legal",
    "I lost my job": "hardship", "I never received it": "dispute",
    "Ich habe schon bezahlt": "claim", "Je paierai vendredi": "promise",
    "I will pay on Monday": "promise", "Good morning": "other",
    "I will pay on Friday. My lawyer": "legal", "start": "start",
}  # fmt: skip


@dataclass
class Life:
    world: World
    media: Media
    referee: Referee
    debts: dict[str, Debt]
    office: Office
    chance: random.Random
    emails: dict[str, str | None] = field(default_factory=dict)
    phones: dict[str, str | None] = field(default_factory=dict)
    waiting: dict[str, list[Received]] = field(default_factory=dict)  # known to the door alone
    commands: int = 0
    posts: int = 0
    receipts: list[tuple[HandOver, list[Receipt]]] = field(default_factory=list)

    # ------------------------------------------------------------------ who there is

    async def settle_in(self, number: int, start: date) -> None:
        """The debtors, some of them with two accounts, and their first invoices."""
        for n in range(number):
            accounts = 2 if self.chance.random() < 0.2 else 1
            zone, country = self.chance.choice(ZONES)
            kind = "business" if self.chance.random() < 0.25 else "consumer"
            for k in range(accounts):
                name = f"C{n:04}{'ab'[k] if accounts == 2 else ''}"
                debtor_id = f"D{n:04}" if accounts == 2 else None
                debt = Debt(name, kind, zone, country, debtor_id, start - 60 * DAY)
                self.debts[name] = debt
                await self._register(debt, n, start)

    async def _register(self, debt: Debt, n: int, start: date) -> None:
        lot, at = self.chance.random(), datetime.combine(start, time(1), UTC)
        email = f"c{n:04}@example.com" if lot < 0.9 else None
        shared = "family@example.com" if lot < 0.05 else email
        phone = f"+49151{10_000_000 + n}" if 0.05 < lot < 0.8 else None
        self.emails[debt.account_id], self.phones[debt.account_id] = shared, phone
        registered = ledger.AccountRegistered(
            account_id=debt.account_id, kind=debt.kind,  # type: ignore[arg-type]
            timezone=debt.zone, country=debt.country, debtor_id=debt.debtor_id,
        )  # fmt: skip
        post = billing.Address(
            line1=f"Musterstr. {n}", city="Ort", postal_code="10115", country=debt.country
        )
        contact = ledger.Contact(
            account_id=debt.account_id, name=f"Name {n}", kind=debt.kind,  # type: ignore[arg-type]
            email=shared, timezone=debt.zone,
            phones=() if phone is None else (billing.Phone(number=phone, type="mobile"),),
            addresses=(post,) if 0.2 < lot < 0.95 else (),
        )  # fmt: skip
        first = self._event(LEDGER, debt, "account-registered", registered, at)
        details = self._event(CONTACTS, debt, "contact-details", contact, at)
        score = segmentation.SegmentChanged(
            account_id=debt.account_id, from_segment=None,
            to_segment=self.chance.choice(("at-risk", "good")), arms={},
            priority=self.chance.randint(1, 99), because="x", policy_version="1",
        )  # fmt: skip
        await self.world.take(
            first, details, self._event(SEGMENTATION, debt, "segment-changed", score, at)
        )
        said: list[Said] = []
        for _ in range(self.chance.randint(1, 3)):
            due_on = start + self.chance.randint(-40, 25) * DAY
            said += debt.issue(due_on, self.chance.choice((1_500, 6_000, 12_000, 30_000)))
        await self.tell([(debt, said)], at, is_late=False)

    # ------------------------------------------------------------------ how it is told

    def _event(
        self, topic: str, debt: Debt, type_: str, data: msgspec.Struct, at: datetime
    ) -> Received:
        event = self.world.event(topic, debt.account_id, type_, data, time=at)
        return msgspec.structs.replace(event, day=debt.today if topic == LEDGER else at.date())

    async def tell(
        self, facts: Iterable[tuple[Debt, list[Said]]], at: datetime, *, is_late: bool
    ) -> None:
        """The ledger's door knows at once; the log tells it now, or later."""
        told: list[Received] = []
        for debt, said in facts:
            events = [self._event(LEDGER, debt, type_, data, at) for type_, data in said]
            for event in events:
                when = "later" if is_late or debt.account_id in self.waiting else "now"
                self.referee.tell(debt.account_id, at, f"{event.type} ({when}) {event.data!r:.330}")
            if is_late or debt.account_id in self.waiting:
                self.waiting.setdefault(debt.account_id, []).extend(events)
                self.referee.untold |= {p for p in debt.payments if self._is_new(debt, p, events)}
            else:
                told += events
            sequence = self.world.sequences.get((LEDGER, debt.account_id), 0)
            self.world.ledger.accounts[debt.account_id] = debt.answer(sequence)
        if told:
            await self.world.take(*told)

    @staticmethod
    def _is_new(debt: Debt, payment: str, events: list[Received]) -> bool:
        return any(e.type == "payment-received" and payment in str(e.data) for e in events)

    async def catch_up(self, now: datetime) -> None:
        """The log tells what it had not told yet."""
        for account_id in sorted(self.waiting):
            if self.chance.random() < 0.7:
                await self.world.take(*self.waiting.pop(account_id))
                self.referee.tell(account_id, now, "the log tells it")
                self.referee.untold -= set(self.debts[account_id].payments)

    # ------------------------------------------------------------------ what happens

    async def go_on(self, now: datetime, rate: float) -> None:
        """All that happens between two runs."""
        async with self.world.db.transaction() as session:
            await raise_business_time(session, self.world.tenant, now)
        await self.catch_up(now)
        facts: list[tuple[Debt, list[Said]]] = []
        for debt in self.debts.values():
            day = now.astimezone(ZoneInfo(debt.zone)).date()
            said = list(debt.begin(day)) if not debt.is_erased else []
            if said:
                facts.append((debt, said))
            elif day != debt.today or not debt.is_erased:
                sequence = self.world.sequences.get((LEDGER, debt.account_id), 0)
                self.world.ledger.accounts[debt.account_id] = debt.answer(sequence)
        await self.tell(facts, now, is_late=False)
        for debt in self.debts.values():
            if not debt.is_erased and self.chance.random() < rate:
                said = list(self._fact(debt, now))
                await self.tell([(debt, said)], now, is_late=self.chance.random() < 0.2)
        await self._answer(now)
        await self.office.work(now)
        await self._follow_commands(now)
        await self.referee.read_log()

    def _fact(self, debt: Debt, now: datetime) -> Iterable[Said]:
        lot, open_ = self.chance.random(), debt.open
        bill = self.chance.choice(open_) if open_ else None
        if lot < 0.30 and bill is not None:
            amount = bill.balance if self.chance.random() < 0.6 else max(1, bill.balance // 3)
            self._paid(debt)
            return debt.pay(bill, amount, now)
        if lot < 0.38:
            known = sorted(set(debt.payments) - debt.reversed)
            return debt.take_back(self.chance.choice(known), now) if known else ()
        if lot < 0.55 and bill is not None:
            return self._arrangement(debt, bill)
        if lot < 0.65 and bill is not None:
            if bill.disputes:
                return debt.resolve(bill, sorted(bill.disputes)[0])
            part = None if self.chance.random() < 0.6 else bill.balance // 2
            return debt.dispute(bill, part)
        if lot < 0.80:
            return self._ending(debt, bill)
        if lot < 0.86:
            return debt.fail(now)
        if lot < 0.88 and bill is not None:
            return debt.void(bill)
        if lot < 0.89:
            return debt.erase()
        due_on = debt.today + self.chance.randint(0, 20) * DAY
        return debt.issue(due_on, self.chance.choice((1_500, 6_000, 30_000)))

    def _paid(self, debt: Debt) -> None:
        self.referee.release(debt.account_id, "claim")

    def _arrangement(self, debt: Debt, bill: Bill) -> Iterable[Said]:
        ids = None if self.chance.random() < 0.4 else (bill.invoice_id,)
        lot, first_on = self.chance.random(), debt.today + self.chance.randint(1, 10) * DAY
        if lot < 0.5:
            return debt.promise(first_on, ids)
        if lot < 0.7:
            return debt.plan(ids, first_on)
        return debt.settle((bill.invoice_id,))

    def _ending(self, debt: Debt, bill: Bill | None) -> Iterable[Said]:
        """A hold or a placement, or the end of what stands."""
        standing = [s for s in debt.standing(debt.today) if s.kind != "promise"]
        if standing and self.chance.random() < 0.7:
            each = self.chance.choice(standing)
            match each.kind:
                case "plan":
                    return debt.end_plan(each, is_default=self.chance.random() < 0.5)
                case "settlement":
                    return debt.lapse(each)
                case "placed":
                    return debt.recall(each)
                case _:
                    return debt.release(each)
        if bill is not None and self.chance.random() < 0.3:
            return debt.place([bill], "agency-one")
        kind = self.chance.choice(("manual", "hardship", "complaint", "attorney", "cease"))
        until = debt.today + self.chance.randint(1, 9) * DAY if self.chance.random() < 0.5 else None
        ids = (bill.invoice_id,) if bill is not None and self.chance.random() < 0.3 else None
        return debt.hold(kind, until, ids)

    # ------------------------------------------------------------------ what comes in

    async def after_run(self, first: int) -> None:
        """Receipts of what was handed over since, in any order and some of them again."""
        for hand in sorted(self.media.handed[first:], key=lambda h: (h.contact_id, h.at)):
            if isinstance(hand.answer, Accepted):
                self.receipts.append((hand, self._story(hand)))

    def _story(self, hand: HandOver) -> list[Receipt]:
        lot = self.chance.random()
        told: list[tuple[str, str, bool]] = [("sent", "", False)]
        if lot < 0.6:
            told.append(("delivered", "", False))
        elif lot < 0.8:
            told.append(("failed", "5.1.1", self.chance.random() < 0.5))
            if self.chance.random() < 0.3:
                told.append(("delivered", "", False))
        found = [
            Receipt(
                state, hand.at + timedelta(minutes=self.chance.randint(1, 6_000)),  # type: ignore[arg-type]
                token=hand.contact_id, code=code, is_address_dead=is_dead,
            )
            for state, code, is_dead in told
        ]  # fmt: skip
        found += self.chance.sample(found, k=self.chance.randint(0, len(found)))
        self.chance.shuffle(found)
        return found

    async def _answer(self, now: datetime) -> None:
        """Providers tell, debtors write."""
        left: list[tuple[HandOver, list[Receipt]]] = []
        for hand, found in self.receipts:
            if found and self.chance.random() < 0.4:
                await self._post(hand, [found.pop()], now)
            if found:
                left.append((hand, found))
        self.receipts = left
        for account_id in sorted(self.debts):
            if self.chance.random() < 0.012 and not self.debts[account_id].is_erased:
                await self._write(account_id, now)
        if self.chance.random() < 0.3:
            await self._find_out()

    async def _post(self, hand: HandOver, receipts: list[Receipt], now: datetime) -> None:
        self.posts += 1
        for account_id in {
            i["account_id"] for i in self.referee.contacts[hand.contact_id]["items"]
        }:
            self.referee.tell(account_id, now, f"receipt {receipts}")
        item = new_receipts(hand.provider, hand.channel, str(self.posts).encode(), receipts)  # type: ignore[arg-type]
        await self._take(item, hand.contact_id)

    async def _take(self, item: NewItem, _about: str) -> None:
        for _ in range(1 + (self.chance.random() < 0.2)):  # some of it twice
            await take_item(self.world.context, self.world.tenant, item)

    async def _write(self, account_id: str, now: datetime) -> None:
        text, what = self.chance.choice(sorted(WORDS.items()))
        email, phone = self.emails[account_id], self.phones[account_id]
        self.posts += 1
        self.referee.tell(account_id, now, f"writes {text!r} ({email}, {phone})")
        if email is not None and (phone is None or self.chance.random() < 0.6):
            answered = self._last_mail(email) if self.chance.random() < 0.6 else None
            raw = a_mail(
                text, contact_id=answered, world=self.world, From=email,
                Message_ID=f"<{self.posts}@example.com>",
            )  # fmt: skip
            await self._take(new_mail(raw), account_id)
            await self._understood(account_id, "email", email, what, now)
        elif phone is not None:
            message = InboundText("texts", f"SM{self.posts}", phone, "+4930123456", text, now)
            await self._take(new_text(message), account_id)
            await self._understood(account_id, "sms", phone, what, now)

    def _last_mail(self, email: str) -> str | None:
        mails = [h for h in self.media.handed if h.to == email and isinstance(h.answer, Accepted)]
        return mails[-1].contact_id if mails else None

    async def _understood(
        self, account_id: str, channel: str, address: str, what: str, now: datetime
    ) -> None:
        """What the rules of replies say of it, as far as that is certain without asking more."""
        referee = self.referee
        key = (channel, address.lower())
        referee.tell(address.lower(), now, f"{account_id} writes what means {what}")
        if what == "stop":
            referee.closed[key] = "stop"
        elif what == "start" and referee.closed.get(key) == "stop":
            del referee.closed[key]
        elif what == "wrong-party":
            referee.closed[key] = "wrong party"
        owners = [a for a, e in (self.emails | {}).items() if e == address]
        owners += [a for a, p in self.phones.items() if p == address]
        if len({referee.debtor_of(a) for a in owners}) > 1:
            return  # whose it is, is not certain
        debt = self.debts[account_id]
        day = now.astimezone(ZoneInfo(debt.zone)).date()
        everybody = referee.accounts_of(account_id)
        if what == "legal":
            referee.own.append(OwnPause(everybody, "reply", day, None))
        elif what in ("hardship", "other", "stop-unclear"):
            until = business_days_after(day, 5)
            referee.own.append(OwnPause(everybody, "reply", day, until))
        elif what == "claim" and len(everybody) == 1:
            until = business_days_after(day, 5)
            referee.own.append(OwnPause(everybody, "claim", day, until))

    async def _find_out(self) -> None:
        """A quarter of an hour of machine time is over."""
        async with self.world.db.transaction() as session:
            await session.execute(
                "update contacts set find_at = find_at - interval '16 minutes'"
                " where state = 'uncertain'"
            )
        await resolve_uncertain(self.world.context, clock.now())

    # ------------------------------------------------------------------ what the ledger is asked

    async def _follow_commands(self, now: datetime) -> None:
        """What the ledger was asked for becomes facts."""
        taken = self.world.ledger.taken
        for command in taken[self.commands :]:
            debt = self.debts.get(command.account_id)
            if debt is None or debt.is_erased:
                continue
            said: list[Said] = []
            body = command.body
            if command.noun == "promises":
                ids = body.get("invoice_ids")
                due_on = date.fromisoformat(body["due_on"])
                said += debt.promise(due_on, None if ids is None else tuple(ids), command.key)
            elif command.noun == "disputes":
                said += debt.dispute(debt.bills[body["invoice_id"]], None, command.key)
            elif command.noun == "holds":
                until = body.get("until_on")
                last = None if until is None else date.fromisoformat(until)
                said += debt.hold(body["kind"], last, None)
            elif command.noun == "placements":
                named = [debt.bills[i] for i in body.get("invoice_ids", ()) if i in debt.bills]
                said += debt.place([b for b in named if b.balance > 0], body.get("to", "agency"))
            await self.tell([(debt, said)], now, is_late=self.chance.random() < 0.3)
        self.commands = len(taken)
