"""An independent referee, written from the rules and not from the code: it watches what reaches the
providers, reads contacts and announcements, and names every rule that was broken."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec
import yaml

from services.outreach import verify
from services.outreach.channels.domain.contract import Refused
from services.outreach.channels.domain.tenant_settings import Ramp
from shared.database import Database
from tests.integration.outreach.population.bills import DAY, Bill, Stoppage
from tests.integration.outreach.population.debts import Debt
from tests.integration.outreach.population.media import HandOver, Media
from tests.integration.outreach.population.rules import (
    CAPS,
    COURTESIES,
    HOURS_72,
    RESUMES,
    SEND,
    WEEKDAYS,
    Attempt,
    OwnPause,
    Step,
    local,
    overdue_steps,
    steps_of,
)


@dataclass
class Referee:
    db: Database
    media: Media
    debts: Mapping[str, Debt]
    contact_from: date
    ramp: Ramp
    capacity: Mapping[str, int]
    strategies: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    untold: set[str] = field(default_factory=set)  # payments that only the ledger's door knows of
    own: list[OwnPause] = field(default_factory=list)
    closed: dict[tuple[str, str], str] = field(default_factory=dict)
    dead: dict[tuple[str, str], str] = field(default_factory=dict)
    attempts: dict[str, list[Attempt]] = field(default_factory=lambda: defaultdict(list))
    made: dict[Step, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    arrived: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    slots: dict[tuple[date, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)  # as they were handed over
    handed: dict[str, HandOver] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    story: list[tuple[str, str]] = field(default_factory=list)  # account, what has happened to it
    suspects: set[str] = field(default_factory=set)  # accounts of what was wrong
    _checked: int = 0
    _seq: int = 0
    _body: dict[str, Any] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)

    # ------------------------------------------------------------------ what there is to know

    def learn(self, text: str) -> None:
        """A strategy, as it was written."""
        found = yaml.safe_load(text)
        self.strategies[found["name"], str(found["version"])] = found

    def debtor_of(self, account_id: str) -> str:
        return self.debts[account_id].debtor_id or account_id

    def accounts_of(self, account_id: str) -> frozenset[str]:
        debtor = self.debtor_of(account_id)
        return frozenset(a for a in self.debts if self.debtor_of(a) == debtor)

    def called(self, account_id: str, at: datetime) -> None:
        """A person has called."""
        self.attempts[self.debtor_of(account_id)].append(Attempt("", at, is_message=False))

    def release(self, account_id: str, kind: str) -> None:
        """Somebody has seen to it."""
        wanted = self.accounts_of(account_id) if kind == "reply" else {account_id}
        self.own = [p for p in self.own if p.kind != kind or not p.accounts & wanted]

    def _break(self, rule: str, hand: HandOver, more: object = "") -> None:
        body = self.contacts.get(hand.contact_id) or self._body
        self.suspects |= {item["account_id"] for item in body["items"]}
        where = f"{hand.at:%m-%d %H:%M} {hand.channel} contact {hand.contact_id}"
        self.violations.append(f"{rule}: {where} {more}")

    def tell(self, account_id: str, at: datetime, what: str) -> None:
        """For whoever reads of a rule that was broken."""
        self.story.append((account_id, f"{at:%m-%d %H:%M} {account_id} {what}"))

    # ------------------------------------------------------------------ after a run

    async def after_run(self) -> None:
        """Judge what has just been handed over. The debts are as they were during the run."""
        new = self.media.handed[self._checked :]
        self._checked += len(new)
        rows = await self.db.fetch(
            "select contact_id, debtor_key, state, body from contacts where contact_id = any($1)",
            [hand.contact_id for hand in new],
        )
        bodies = {row["contact_id"]: msgspec.json.decode(row["body"]) for row in rows}
        for hand in new:
            self._judge(hand, bodies[hand.contact_id])
        for hand in new:  # others were under way at the same time
            self._refused(hand)
        await self._see_ended()
        await self.read_log()
        stuck = await self.db.fetch(
            "select contact_id from contacts where state in ('claimed', 'intent')"
        )
        self.violations += [f"left behind by its run: {row['contact_id']}" for row in stuck]

    def _judge(self, hand: HandOver, body: dict[str, Any]) -> None:
        self.seen[hand.channel] += 1
        self._body = body
        debtor = self.debtor_of(body["covers"][0]["account_id"])
        self._address(hand, body)
        for item in body["items"]:
            self._item(hand, body, item)
        self._once(hand, body)
        self._how_often(hand, body, debtor)
        self._when(hand, body)
        if hand.may_have_left:
            self._note(hand, body, debtor)

    def _address(self, hand: HandOver, body: dict[str, Any]) -> None:
        key = (hand.channel, hand.to.lower())
        for why in (self.closed.get(key), self.dead.get(key)):
            if why is not None:
                self._break("to an address that is not to be used", hand, why)
                self.suspects.add(hand.to.lower())
        for account_id in {item["account_id"] for item in body["items"]}:
            if self.debts[account_id].is_erased:
                self._break("to somebody who was erased", hand, account_id)

    def _refused(self, hand: HandOver) -> None:
        key = (hand.channel, hand.to.lower())
        if isinstance(hand.answer, Refused) and hand.answer.is_address_dead:
            self.dead[key] = "no such address"
        if isinstance(hand.answer, Refused) and hand.answer.is_consent_revoked:
            self.closed[key] = "the provider knows of a STOP"

    def _item(self, hand: HandOver, body: dict[str, Any], item: dict[str, Any]) -> None:
        debt = self.debts[item["account_id"]]
        day = local(hand.at, debt.zone).date()
        if any(stop.is_silent for stop in debt.standing(day)):
            self._break("inside a hold of the person", hand, item)
        if item.get("reaction"):
            self._reaction(hand, item, debt, day)
            return
        strategy = self.strategies[item["strategy"], item["version"]]
        bill = debt.bills[item["invoice_id"]]
        if bill.balance <= 0:
            self._break("after a known payment", hand, item)
        if bill.is_disputed:
            self._break("about what is disputed", hand, item)
        for stop in debt.stoppages.values():
            self._stop(hand, item, stop, day, strategy)
        self._resumed(hand, item, bill, debt, day, strategy)
        for pause in self.own:
            ends = pause.until_on
            covers = debt.account_id in pause.accounts and pause.from_on <= day
            if covers and (ends is None or day < ends):
                self._break(f"inside a pause ({pause.kind} until {ends})", hand, item)
        self._ready(hand, item, day, strategy)
        self._first(hand, body, item, strategy)

    def _stop(
        self, hand: HandOver, item: Any, stop: Stoppage, day: date, strategy: dict[str, Any]
    ) -> None:
        if not stop.covers(item["invoice_id"]) or stop.from_on > day:
            return
        end = stop.end
        if end is None or day < end:
            self._break(f"inside a pause ({stop.kind} {stop.id})", hand, item)
            return
        name = {"placed": "placement"}.get(stop.kind, stop.kind)
        after = {**RESUMES, **strategy.get("resume_after_days", {})}[name]
        broken = strategy.get("reactions", {}).get("promise-broken", {})
        if stop.outcome in ("broken", "partly_kept"):
            after = broken.get("resume_after_days", after)
        if day < end + after * DAY and end > stop.from_on:
            self._break(f"before it goes on ({stop.kind} {stop.id} ended {end})", hand, item)

    def _resumed(
        self, hand: HandOver, item: Any, bill: Bill, debt: Debt, day: date, strategy: dict[str, Any]
    ) -> None:
        after = {**RESUMES, **strategy.get("resume_after_days", {})}["dispute"]
        if bill.free_on is not None and day < bill.free_on + after * DAY:
            self._break(f"before it goes on (dispute until {bill.free_on})", hand, item)
        quiet = strategy.get("quiet", {}).get("after_payment_days", 3)
        for payment, (on, _amount, _bill) in debt.payments.items():
            told = payment not in self.untold and payment not in debt.reversed
            if told and on <= day < on + quiet * DAY:
                self._break(f"too soon after the payment {payment} of {on}", hand, item)

    def _ready(
        self, hand: HandOver, item: dict[str, Any], day: date, strategy: dict[str, Any]
    ) -> None:
        step = next(s for s in strategy["ladder"] if s["name"] == item["step"])
        due_on, n = date.fromisoformat(item["due_on"]), item.get("n", 0)
        if "business_days" not in step and day < due_on + n * DAY:
            self._break("before its day", hand, item)
        if n <= 0 and day > due_on:
            self._break("a reminder after the due day", hand, item)

    def _first(
        self, hand: HandOver, body: dict[str, Any], item: dict[str, Any], strategy: dict[str, Any]
    ) -> None:
        if item.get("n", 0) <= 0 or self.arrived[item["account_id"]]:
            return
        first = next(s for s in strategy["ladder"] if s["name"] in overdue_steps(strategy))
        tones = {item.get("tone", "friendly")}
        if len({i["account_id"] for i in body["items"]}) == 1:
            tones.add(body["tone"])
        if tones - {"friendly", first.get("tone")} and not any(
            i.get("reaction") for i in body["items"]
        ):
            self._break("a firm first message", hand, item)

    def _reaction(self, hand: HandOver, item: dict[str, Any], debt: Debt, day: date) -> None:
        named = [debt.bills[i] for i in item.get("invoices", ()) if i in debt.bills]
        open_ = [bill for bill in named if bill.balance > 0]
        placed = [s for s in debt.standing(day) if s.kind == "placed"]
        if open_ and all(any(s.covers(b.invoice_id) for s in placed) for b in open_):
            self._break("about what is in other hands", hand, item)
        if item["reaction"] in ("promise-broken", "payment-failed"):
            asked = named or list(debt.bills.values())
            if not any(bill.balance > 0 and not bill.is_disputed for bill in asked):
                self._break("asks for what is paid or disputed", hand, item)
        if item["reaction"] == "promise-broken":
            stop = debt.stoppages[item["invoice_id"]]
            if stop.outcome not in ("broken", "partly_kept"):
                self._break("a promise that was not broken", hand, item)

    def _once(self, hand: HandOver, body: dict[str, Any]) -> None:
        before = self.handed.get(hand.contact_id)
        if before is not None and before.may_have_left:
            self._break("handed over again", hand)
        for key, n in steps_of(body):
            other = {m: c for m, c in self.made[key].items() if c != hand.contact_id}
            if n in other:
                self._break("a step twice", hand, f"{key} {n}: also {other[n]}")
            elif any(m > n for m in other):
                self._break("a step that is behind", hand, f"{key} {n}: {other}")

    def _how_often(self, hand: HandOver, body: dict[str, Any], debtor: str) -> None:
        zone = body["zone"]
        day = local(hand.at, zone).date()
        known = [a for a in self.attempts[debtor] if a.counts and a.contact_id != hand.contact_id]
        days = [local(a.at, zone).date() for a in known]
        messages = [d for a, d in zip(known, days, strict=True) if a.is_message]
        if day in messages:
            self._break("a second message on a day", hand)
        if body["purpose"] in COURTESIES:
            return
        caps = CAPS | self.strategies[body["strategy"], body["strategy_version"]].get("caps", {})
        if days and day < max(days) + caps["gap_days"] * DAY:
            self._break("too soon after the last attempt", hand, max(days))
        for name, within in (("per_7_days", 7), ("per_30_days", 30)):
            if sum(day - within * DAY < d <= day for d in days) >= caps[name]:
                self._break(f"more than {name}", hand, days)

    def _when(self, hand: HandOver, body: dict[str, Any]) -> None:
        strategy = self.strategies[body["strategy"], body["strategy_version"]]
        every = [*strategy["ladder"]]
        for reaction in strategy.get("reactions", {}).values():
            every += reaction["steps"]
        step = next(s for s in every if s["name"] == body["step"])
        send = SEND | strategy.get("send", {}) | step.get("send", {})
        moment = local(hand.at, body["zone"])
        if WEEKDAYS[moment.weekday()] not in send["days"]:
            self._break("on a day without sending", hand, moment)
        if hand.channel != "letter" and not (send["from"] <= f"{moment:%H:%M}" < send["to"]):
            self._break("outside the hours of sending", hand, moment)

    def _note(self, hand: HandOver, body: dict[str, Any], debtor: str) -> None:
        self.handed[hand.contact_id], self.contacts[hand.contact_id] = hand, body
        for item in body["items"]:
            words = f"{item.get('reaction', '')} {item['invoice_id']} {item['step']}"
            said = f"{hand.channel} {hand.to} {hand.contact_id} {hand.answer} {words}"
            self.tell(item["account_id"], hand.at, said)
        self.attempts[debtor].append(Attempt(hand.contact_id, hand.at))
        for item in body["items"]:
            self.arrived[item["account_id"]].add(hand.contact_id)
        for key, n in steps_of(body):
            self.made[key][n] = hand.contact_id
        self._take_slot(hand.contact_id, body, hand.channel, hand.at.date())

    def _take_slot(self, contact_id: str, body: dict[str, Any], used: str, day: date) -> None:
        if body.get("purpose", "overdue") not in COURTESIES:
            self._take(day, "ramp", contact_id, self._ramp_on(day))
        if used in self.capacity:
            self._take(day, used, contact_id, self.capacity[used])

    def _take(self, day: date, name: str, contact_id: str, most: int) -> None:
        taken = self.slots[day, name]
        taken.add(contact_id)
        if len(taken) > most:
            self.violations.append(f"more slots than there are: {day} {name} {len(taken)} {most}")

    def _ramp_on(self, day: date) -> int:
        reached = self.ramp.start * self.ramp.factor ** (day - self.contact_from).days
        return int(min(reached, self.ramp.most or reached))

    async def _see_ended(self) -> None:
        """What people were handed, and what was suppressed for good: their steps are made too."""
        rows = await self.db.fetch(
            "select contact_id, state, body from contacts where state in ('suppressed',"
            " 'handed-over') and not contact_id = any($1)",
            list(self._ended),
        )
        for row in rows:
            self._ended.add(row["contact_id"])
            body = msgspec.json.decode(row["body"])
            for key, n in steps_of(body):
                other = self.made[key].get(n)
                if other not in (None, row["contact_id"]):
                    self.violations.append(f"a step twice: {key} {n} {other} {row['contact_id']}")
                self.made[key][n] = row["contact_id"]
            if row["state"] == "handed-over" and body.get("hand_over") is None:
                self.seen["person"] += 1
                if body.get("slot_day") is not None:
                    day = date.fromisoformat(body["slot_day"])
                    self._take_slot(row["contact_id"], body, body.get("queue") or "", day)

    # ------------------------------------------------------------------ the log

    async def read_log(self) -> None:
        rows = await self.db.fetch(
            "select seq, type, payload from outbox where seq > $1 order by seq", self._seq
        )
        for row in rows:
            self._seq = row["seq"]
            self.seen[row["type"]] += 1
            data = msgspec.json.decode(row["payload"])
            if row["type"] in ("contact-failed", "contact-delivered"):
                is_failed = row["type"] == "contact-failed"
                (self._failed if is_failed else self._delivered)(data)

    def _attempt(self, contact_id: str) -> Attempt | None:
        every = (a for found in self.attempts.values() for a in found)
        return next((a for a in every if a.contact_id == contact_id), None)

    def _failed(self, data: dict[str, Any]) -> None:
        contact_id = data["contact_id"]
        hand = self.handed.get(contact_id)
        if hand is None:
            return  # it never left
        failed_at = datetime.fromisoformat(data["failed_at"]) if data.get("failed_at") else hand.at
        body, attempt = self.contacts[contact_id], self._attempt(contact_id)
        is_unsent = data["reason_code"] == "not-accepted"
        if attempt is not None and failed_at - hand.at <= HOURS_72:
            attempt.counts = False
        if is_unsent or data.get("next_channel"):
            for key, n in steps_of(body):
                if self.made[key].get(n) == contact_id:
                    del self.made[key][n]
        if is_unsent:
            for taken in self.slots.values():
                taken.discard(contact_id)
        for item in body["items"]:
            self.arrived[item["account_id"]].discard(contact_id)
        if data.get("is_address_dead"):
            self.dead[hand.channel, hand.to.lower()] = "bounced"

    def _delivered(self, data: dict[str, Any]) -> None:
        contact_id = data["contact_id"]
        hand, attempt = self.handed.get(contact_id), self._attempt(contact_id)
        if hand is None or attempt is None:
            self.violations.append(f"delivered and never handed over: {contact_id}")
            return
        attempt.counts = True
        self.dead.pop((hand.channel, hand.to.lower()), None)
        for item in self.contacts[contact_id]["items"]:
            self.arrived[item["account_id"]].add(contact_id)

    # ------------------------------------------------------------------ at the end

    async def at_the_end(self) -> None:
        rows = await self.db.fetch(
            "select inbound_id, state from inbound where state not in"
            " ('applied', 'for-person', 'auto-reply', 'receipt')"
        )
        self.violations += [f"never ended: {row['inbound_id']} {row['state']}" for row in rows]
        for account_id in self.debts:
            found = await self.db.fetch(
                "select hash, entry from contact_record where account_id = $1 order by n",
                account_id,
            )
            lines = ({**msgspec.json.decode(r["entry"]), "hash": r["hash"]} for r in found)
            faults = verify.faults_of(iter(enumerate(lines, 1)))
            self.violations += [f"contact record of {account_id}: {fault}" for fault in faults]
            self.seen["entries"] += len(found)
