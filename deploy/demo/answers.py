"""How one debtor answers, besides paying: replies, mail that comes back, what is said on the phone.

What it says is drawn from numbers of its own, apart from those by which it pays.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Literal

from deploy.demo.acts import Answer, Consequences, Planned, Spoken
from deploy.demo.deals import Bill, Deals
from deploy.demo.people import Customer
from deploy.demo.received import Received
from deploy.demo.words import Want, words
from shared.clock import local_day

_REPLIES = {"email": 0.12, "sms": 0.16}
_WANTS: tuple[Want, ...] = (
    "promise", "claim", "dispute", "hardship", "stop", "stop-unclear", "wrong-party", "legal",
    "other", "auto-reply",
)  # fmt: skip
_WANT_WEIGHTS = (34, 8, 7, 5, 4, 3, 2, 2, 17, 18)
_KEEPS = 0.6  # of promises by reply
_UNSUBSCRIBES = 0.006  # of mails
_TEXT_CODE, _MAIL_STATUS = "30005", "5.1.1"

Happening = Literal[
    "no-answer", "voicemail", "busy", "promise", "plan", "dispute", "payment-claim", "refusal",
    "callback", "paid-now", "hardship", "cease", "wrong-party", "third-party", "not-in-service",
]  # fmt: skip
_CALLS: dict[Happening, int] = {
    "no-answer": 30, "voicemail": 9, "busy": 3, "promise": 24, "plan": 8, "dispute": 3,
    "payment-claim": 4, "refusal": 6, "callback": 5, "paid-now": 4, "hardship": 2, "cease": 1,
    "wrong-party": 1, "third-party": 1, "not-in-service": 1,
}  # fmt: skip
_UNSPOKEN = frozenset({"no-answer", "voicemail", "busy", "not-in-service"})


class Answers:
    """One debtor's answers."""

    def __init__(
        self,
        customer: Customer,
        seed: int,
        deals: Deals,
        open_bills: Callable[[], list[Bill]],
        pay: Callable[[str, float, datetime], Consequences],
    ) -> None:
        self._customer = customer
        self._rng = Random(f"{seed}:{customer.account_id}:answers")  # noqa: S311 - repeats
        self._deals = deals
        self._open = open_bills
        self._pay = pay
        self._count = 0

    def does_arrive(self, received: Received) -> bool:
        """Whether anybody reads it."""
        if received.channel == "letter":
            return self._customer.street is not None
        is_mail = received.channel == "email"
        return not (self._customer.is_email_dead if is_mail else self._customer.is_phone_dead)

    def received(self, received: Received, at: datetime) -> list[Planned]:
        """What carriers say of it, and perhaps who reads it."""
        if received.channel == "letter":
            return []
        planned = []
        if received.channel == "sms":
            code = _TEXT_CODE if self._customer.is_phone_dead else ""
            planned.append(self._say("receipt", received, at + self._minutes(1, 3), code=code))
        elif self._customer.is_email_dead:
            status = _MAIL_STATUS
            planned.append(self._say("bounce", received, at + self._minutes(1, 3), code=status))
        if not self.does_arrive(received):
            return planned
        after = at + self._minutes(5, 60 * 30)
        if received.channel == "email" and self._rng.random() < _UNSUBSCRIBES:
            planned.append(self._say("unsubscribe", received, after))
        elif self._rng.random() < _REPLIES[received.channel]:
            want = self._rng.choices(_WANTS, _WANT_WEIGHTS)[0]
            planned.append(Planned(after, partial(self._reply, received, want)))
        return planned

    def agrees(self, at: datetime) -> Spoken:
        """It has written that it will pay; a collector takes it down."""
        late = [bill.invoice_id for bill in self._late(at)]
        return Spoken("promise", 90, self._deals.promise(late, at) if late else None)

    def spoken(self, at: datetime) -> Spoken:
        """A collector calls: who answers, and what comes of it."""
        happening = self._rng.choices(list(_CALLS), list(_CALLS.values()))[0]
        seconds = self._rng.randint(60, 540) if happening not in _UNSPOKEN else 25
        late = [bill.invoice_id for bill in self._late(at)]
        if happening in ("promise", "plan", "dispute") and not late:
            return Spoken("payment-claim", seconds)  # it thinks that it owes nothing
        match happening:
            case "promise":
                return Spoken(happening, seconds, self._deals.promise(late, at))
            case "plan":
                request = self._deals.plan(late, at)
                disposition = "promise" if request and request.noun == "promise" else happening
                return Spoken(disposition, seconds, request)
            case "dispute":
                return Spoken(happening, seconds, self._deals.dispute(late[0], at))
            case "callback":
                return Spoken(happening, seconds, in_days=self._rng.randint(1, 5))
            case _:
                return Spoken(happening, seconds)

    def _reply(self, received: Received, want: Want, at: datetime) -> Consequences:
        day = self._day(at) + timedelta(days=self._rng.randint(3, 10))
        text = words(want, self._customer.language, day.isoformat())
        said = self._say("reply", received, at, text=text, is_automatic=want == "auto-reply")
        done = said.act(at)
        late = self._late(at)
        if want == "promise" and late and self._rng.random() < _KEEPS:
            done.planned += self._pays(late, at, day)
        return done

    def _pays(self, late: Sequence[Bill], at: datetime, day: date) -> list[Planned]:
        """Between now and the day that it named."""
        hours = max(2, 24 * ((day - self._day(at)).days - 1))
        when = at + timedelta(seconds=self._rng.randint(3600, 3600 * hours))
        return [Planned(when, partial(self._pay, bill.invoice_id, 1.0)) for bill in late]

    def _say(
        self,
        kind: Literal["reply", "bounce", "unsubscribe", "receipt"],
        about: Received,
        when: datetime,
        *,
        text: str = "",
        code: str = "",
        is_automatic: bool = False,
    ) -> Planned:
        self._count += 1
        name = f"{self._customer.account_id}-{self._count:04d}"
        answer = Answer(kind, about, name, text=text, code=code, is_automatic=is_automatic)
        return Planned(when, lambda _at: Consequences(answers=[answer]))

    def _late(self, at: datetime) -> list[Bill]:
        return [bill for bill in self._open() if bill.due_on < self._day(at)]

    def _day(self, at: datetime) -> date:
        return local_day(at, self._customer.place.timezone)

    def _minutes(self, low: int, high: int) -> timedelta:
        return timedelta(seconds=self._rng.randint(60 * low, 60 * high))
