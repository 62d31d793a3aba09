"""A small world for stories of planning: facts by day, and a run at 00:00 and at every instant at
which something is due. Everything is sent and arrives, unless the story says otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from services.outreach.activity.domain.contacts import ATTEMPTS, MessageChannel, Tone
from services.outreach.debtors.domain.account_money import CurrencyAmounts
from services.outreach.debtors.domain.invoices import Invoice, Resume
from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.debtors.domain.stops import Stop
from services.outreach.dunning.domain import planning
from services.outreach.dunning.domain.conditions import AmountBound, Case, NumberBound
from services.outreach.dunning.domain.debtor_facts import (
    Account,
    DebtorFacts,
    StepMade,
    StepState,
    SubjectKey,
    subject_key,
)
from services.outreach.dunning.domain.planning import Plan
from services.outreach.dunning.domain.strategy import (
    HandOver,
    Reaction,
    Requires,
    ResumeAfterDays,
    Send,
    Step,
    Strategy,
    on_ladder,
)
from shared.clock import day_start, local_day, zone
from tests.unit.outreach.builders import Post

BERLIN = "Europe/Berlin"
STAGES = (1, 31, 61, 91, 121)


def bound(fact: str, side: str, **amounts: int) -> AmountBound:
    return AmountBound(
        fact=fact,  # type: ignore[arg-type]
        side=side,  # type: ignore[arg-type]
        amounts={name: Decimal(value) for name, value in amounts.items()},
    )


def message(name: str, days: int, *channels: str, tone: Tone = "friendly", **more: object) -> Step:
    base = Step(name=name, anchor="due", days=days, channels=channels, tone=tone, template=name)  # type: ignore[arg-type]
    return replace(base, **more)  # type: ignore[arg-type]


def retail() -> Strategy:
    """The page's example."""
    below = NumberBound(fact="pays_within", side="below", limit=Decimal("0.6"))
    ladder = (
        message("upcoming", -7, "email", "portal"),
        message("reminder", 1, "email", "sms"),
        message(
            "text", 5, "sms", "email", template="reminder",
            send=Send(from_=time(17), to=time(19)),
            when=(Case(amounts=(bound("amount", "from", default=20, JPY=3000),)),),
        ),
        message("second", 12, "email", "sms", tone="neutral", template="overdue"),
        message(
            "firm", 20, "email", "letter", tone="firm",
            when=(
                Case(words={"segment": frozenset({"at-risk"})}),
                Case(amounts=(bound("overdue", "from", default=50),)),
            ),
        ),
        Step(
            name="call", anchor="stage", stage=31, channels=("person",), tone="firm",
            script="first-call",
            when=(
                Case(
                    amounts=(bound("collectable", "from", default=100),),
                    numbers=(below,),
                    tags_none=frozenset({"vip"}),
                ),
            ),
        ),
        Step(
            name="final", anchor="stage", stage=31, days=7, channels=("letter", "email"),
            tone="final", template="final",
        ),
        Step(
            name="agency", anchor="last-contact", business_days=10, tone="final",
            hand_over=HandOver(kind="agency", to="agency-one", approve="supervisor"),
            requires=Requires(step="final", days=14),
            when=(Case(amounts=(bound("collectable", "from", default=200),)),),
        ),
    )  # fmt: skip
    return Strategy(
        name="consumer-retail",
        version="2026-12-01",
        resume_after_days=ResumeAfterDays(dispute=3, hold=1),
        ladder=on_ladder(ladder),
        reactions=_answers(),
    )


def _answers() -> dict[str, Reaction]:
    event = Step(name="", anchor="event", tone="friendly")

    def answer(*steps: Step, **more: object) -> Reaction:
        return Reaction(steps=on_ladder(steps), **more)  # type: ignore[arg-type]

    return {
        "promise-due": answer(
            replace(event, name="promise-day", days=-1, channels=("sms", "email"),
                    template="promise-due")
        ),
        "promise-broken": answer(
            replace(event, name="broken", days=1, channels=("sms", "email"), tone="neutral",
                    template="promise-broken"),
            replace(event, name="broken-call", days=3, channels=("person",), tone="firm"),
            resume_after_days=5,
            skip_to="firm",
        ),
        "payment-failed": answer(
            replace(event, name="failed", channels=("email", "sms"), template="payment-failed")
        ),
        "paid": answer(replace(event, name="thanks", channels=("email",), template="thanks")),
        "warning.escalating-delay": answer(
            replace(event, name="early-call", channels=("person",))
        ),
    }  # fmt: skip


def local(text: str) -> datetime:
    """`local("2027-03-03 09:00")`: an instant in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=zone(BERLIN)).astimezone(UTC)


@dataclass
class PlanningWorld:
    """One account with its invoices; what happens by day is the story's."""

    strategy: Strategy = field(default_factory=retail)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    stops: dict[str, Stop] = field(default_factory=dict)
    occasions: list[Occasion] = field(default_factory=list)
    pays_within: float | None = None
    paid_on: date | None = None
    post: Post = field(default_factory=Post)
    is_contacted: bool = False
    happens: dict[str, Callable[["PlanningWorld"], None]] = field(default_factory=dict)
    bounces: dict[str, str] = field(default_factory=dict)  # channel: at (local) of the next one
    steps: dict[SubjectKey, dict[int, StepMade]] = field(default_factory=dict)
    attempts: list[datetime] = field(default_factory=list)
    diary: list[str] = field(default_factory=list)
    contact_from: date = date(2027, 1, 1)

    def invoice(self, invoice_id: str, due_on: str, euros: int) -> None:
        self.invoices[invoice_id] = Invoice(
            "C1", invoice_id, "EUR", date.fromisoformat(due_on), balance_minor=euros * 100
        )

    def facts(self) -> DebtorFacts:
        found = [i for i in self.invoices.values() if i.state == "open"]
        overdue = sum(i.balance_minor for i in found if i.stage is not None)
        disputed = sum(i.disputed_minor for i in found if i.stage is not None)
        amounts = CurrencyAmounts(sum(i.balance_minor for i in found), overdue, overdue - disputed)
        account = Account(
            "C1", "consumer", BERLIN, self.strategy, self.is_contacted, country="DE",
            pays_within=self.pays_within, amounts={"EUR": amounts}, paid_on=self.paid_on,
            tags=frozenset(),
        )  # fmt: skip
        return DebtorFacts(
            "account/C1", None, self.contact_from, (account,), tuple(self.invoices.values()),
            steps={key: tuple(steps.values()) for key, steps in self.steps.items()},
            stops=tuple(self.stops.values()),
            occasions=tuple(self.occasions),
            attempts=tuple(self.attempts),
            last_message_at=max(self.attempts, default=None),
            timezone=BERLIN,
        )  # fmt: skip

    def run(self, first: str, last: str) -> list[str]:
        """Every day from the first to the last; what was made, in order."""
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            self._begin(day)
            moment, end = day_start(day, BERLIN), day_start(day + timedelta(days=1), BERLIN)
            while (due_at := self._due(moment)) is not None and due_at < end:
                moment = due_at
            day += timedelta(days=1)
        return self.diary

    def _begin(self, day: date) -> None:
        """What the calendar brings, and the story."""
        for name, invoice in self.invoices.items():
            late = (day - invoice.due_on).days
            stage = max((s for s in STAGES if s <= late), default=None)
            soon = invoice.due_on if late >= -7 else None
            self.invoices[name] = replace(invoice, stage=stage, due_soon_on=soon)
        if day.isoformat() in self.happens:
            self.happens[day.isoformat()](self)

    def _due(self, moment: datetime) -> datetime | None:
        """Make what is due at the instant; gives the next instant with something to do."""
        for _ in range(20):
            found = planning.plan(self.facts(), moment, self.post)
            self._keep(found.anchors)
            due = [p for p in (found.contact, *found.hand_overs) if p and p.due_at <= moment]
            if not due:
                instants = [p.due_at for p in (found.contact, *found.hand_overs) if p]
                instants += [local(at) for at in self.bounces.values() if local(at) > moment]
                return min(instants, default=None)
            for made in due:
                self._make(made, moment)
        raise AssertionError("the same instant brings ever more")

    def _keep(self, anchors: Mapping[tuple[str, str], date]) -> None:
        for (_, name), day in anchors.items():
            self.invoices[name] = replace(self.invoices[name], anchor_on=day)

    def _make(self, made: Plan, at: datetime) -> None:
        state: StepState = "handed-over"
        if made.verdict != "allow":
            state = "suppressed"
        elif made.channel not in ("person", "hand-over"):
            state = "sent"
            self.is_contacted = True
            if made.channel in ATTEMPTS:
                self.attempts.append(at)
        on = local_day(at, BERLIN)
        for item in made.items:
            steps = self.steps.setdefault(subject_key(item), {})
            assert all(item.n > step.n for step in steps.values() if step.is_made), "made twice"
            tried = steps[item.n].tried if item.n in steps else ()
            steps[item.n] = StepMade(item.n, item.step, on, state, tried)
        when = at.astimezone(zone(BERLIN)).strftime("%m-%d %H:%M")
        about = (
            "+".join(sorted({i.subject_id for i in made.items})) if len(self.invoices) > 1 else ""
        )
        self.diary.append(f"{when} {made.lead.step} {made.channel} {about}".strip())

    def bounced(self, channel: MessageChannel, step: str) -> None:
        """The last contact over the channel has not arrived: it counts for nothing."""
        self.post.unreachable.add(channel)
        self.attempts.pop()
        self.is_contacted = bool(self.attempts)
        for steps in self.steps.values():
            for n, made in steps.items():
                if made.name == step:
                    steps[n] = replace(made, state="open", tried=(*made.tried, channel))


def resumed(invoice: Invoice, day: str) -> Invoice:
    found = Resume(date.fromisoformat(day), "disputed")
    return replace(invoice, resumes=(*invoice.resumes, found), disputes={}, disputed_minor=0)
