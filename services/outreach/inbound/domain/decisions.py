"""What follows from a reply: pure. On its own a machine only does what harms nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from services.outreach.activity.domain.tasks import TaskKind
from services.outreach.inbound.domain.amounts import Offer, read_offer
from services.outreach.inbound.domain.classes import Reading, ReplyClass
from services.outreach.inbound.domain.items import Command, ItemChannel, ItemState
from services.outreach.inbound.domain.word_lists import WordLists
from services.outreach.inbound.domain.words import has_any, joined, words_of
from shared.clock import local_day

PROMISE_DAYS_MAX = 14
STOPPABLE = ("email", "sms", "voice", "letter")  # channels that a word can close

PauseKind = Literal["reply", "claim"]
TASKS: Mapping[str, TaskKind] = {
    "stop-unclear": "opt-out",
    "wrong-party": "verify-party",
    "legal": "legal",
    "hardship": "hardship",
    "dispute": "dispute-review",
    "claim": "check-payment",
    "promise": "promise",
    "other": "reply",
}
# A claim stops everything in its way as an answer does that waits for a person; some wait for ever.
_ENDLESS = frozenset({"legal"})


@dataclass(frozen=True)
class KnownInvoice:
    """An open invoice as the ledger has it now."""

    account_id: str
    invoice_id: str
    number: str | None
    currency: str
    undisputed_minor: int

    @property
    def names(self) -> tuple[str, ...]:
        return (self.invoice_id,) if self.number is None else (self.invoice_id, self.number)


@dataclass(frozen=True)
class KnownDebt:
    """What the ledger says of the debtor's accounts now."""

    invoices: tuple[KnownInvoice, ...] = ()
    collectable: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by account, currency


@dataclass(frozen=True)
class ReplySender:
    """Whose reply it is, as far as that is known."""

    account_id: str  # under which it stands
    account_ids: tuple[str, ...]  # all of the debtor
    zone: str
    country: str | None
    is_certain: bool  # by a token of ours, or by who he showed to be


@dataclass(frozen=True)
class ReplyAnswer:
    """What is done about a reply."""

    reply_class: ReplyClass
    state: ItemState
    effect: str
    task: TaskKind | None = None
    note: str | None = None
    pause: PauseKind | None = None
    is_pause_endless: bool = False
    closes_channel: bool = False
    is_consent_revoked: bool = False
    is_consent_given_back: bool = False
    is_wrong_party: bool = False
    command: Command | None = None

    def refused(self, reason: str) -> "ReplyAnswer":
        """The ledger would not: a person has to see to it, and is told why."""
        return replace(
            self,
            state="for-person",
            effect="task",
            task=TASKS[self.reply_class],
            note=reason,
            pause="reply",
            command=None,
        )


def needs_ledger(reading: Reading) -> bool:
    """Whether what is owed has to be known to answer."""
    return reading.reply_class in ("dispute", "promise") and not reading.is_mixed


def answer(
    reading: Reading,
    text: str,
    sender: ReplySender,
    debt: KnownDebt,
    lists: WordLists,
    *,
    channel: ItemChannel,
    received_at: datetime,
    inbound_id: str,
) -> ReplyAnswer:
    """What is done about a reply whose debtor is known."""
    match reading.reply_class:
        case "stop" if channel in STOPPABLE:
            return ReplyAnswer("stop", "applied", "consent", is_consent_revoked=True)
        case "stop" | "stop-unclear":
            return replace(
                _for_person(reading, "stop-unclear"), closes_channel=channel in STOPPABLE
            )
        case "start":
            return ReplyAnswer("start", "applied", "consent", is_consent_given_back=True)
        case "wrong-party":
            return ReplyAnswer(
                "wrong-party", "applied", "address", task="verify-party", is_wrong_party=True
            )
    if reading.is_mixed:
        return _for_person(reading, reading.reply_class)
    if reading.reply_class == "claim":
        return ReplyAnswer("claim", "applied", "pause", task="check-payment", pause="claim")
    if reading.reply_class == "dispute":
        return _disputed(reading, text, sender, debt, received_at, channel, inbound_id)
    if reading.reply_class == "promise":
        return _promised(reading, text, sender, debt, lists, received_at, channel, inbound_id)
    return _for_person(reading, reading.reply_class)


def _for_person(reading: Reading, reply_class: ReplyClass, note: str | None = None) -> ReplyAnswer:
    named = ", ".join(reading.matters)
    return ReplyAnswer(
        reply_class,
        "for-person",
        "task",
        task=TASKS[reply_class],
        note=note or (named if named and named != reply_class else None),
        pause="reply",
        is_pause_endless=not _ENDLESS.isdisjoint(reading.matters),
    )


def _disputed(
    reading: Reading,
    text: str,
    sender: ReplySender,
    debt: KnownDebt,
    received_at: datetime,
    channel: str,
    inbound_id: str,
) -> ReplyAnswer:
    open_ = [invoice for invoice in debt.invoices if invoice.undisputed_minor > 0]
    named = named_invoices(text, open_)
    chosen = named or open_
    if len(chosen) != 1:
        reason = "names several invoices" if named else "names none of several open invoices"
        return _for_person(reading, "dispute", reason if chosen else "nothing is open")
    invoice = chosen[0]
    body = {
        "invoice_id": invoice.invoice_id,
        "reason_code": _reason_code(text),
        "evidence": [{"ref": f"inbound {inbound_id}"}],
        **_common(received_at, channel),
    }
    path = _path(invoice.account_id, "disputes")
    return commanded(Command("dispute", invoice.account_id, path, body, (invoice.invoice_id,)))


def commanded(command: Command) -> ReplyAnswer:
    """What is done about a reply that the ledger takes down."""
    task: TaskKind | None = "dispute-review" if command.name == "dispute" else None
    return ReplyAnswer(command.name, "applied", "command", task=task, command=command)


def named_invoices(text: str, invoices: Sequence[KnownInvoice]) -> list[KnownInvoice]:
    """Those whose id or number stands in the text, as whole words."""
    line = joined(text)
    return [
        invoice
        for invoice in invoices
        if any(words_of(name) and joined(name) in line for name in invoice.names)
    ]


_REASONS: Mapping[str, tuple[str, ...]] = {
    "not-received": (
        "never received", "not received", "did not receive", "didn t receive", "nicht erhalten",
        "nie erhalten", "nicht bekommen", "nie bekommen", "pas recu", "jamais recu", "rien recu",
        "no recibi", "no he recibido", "nunca recibi",
    ),
    "wrong-amount": (
        "wrong amount", "incorrect amount", "overcharged", "falscher betrag",
        "betrag stimmt nicht", "montant errone", "montant incorrect", "mauvais montant",
        "importe incorrecto", "monto incorrecto", "importe equivocado",
    ),
}  # fmt: skip


def _reason_code(text: str) -> str:
    """As the ledger names reasons; it is a hint for who looks at it."""
    line = joined(text)
    found = (code for code, phrases in _REASONS.items() if has_any(line, phrases))
    return next(found, "other")


def _promised(
    reading: Reading,
    text: str,
    sender: ReplySender,
    debt: KnownDebt,
    lists: WordLists,
    received_at: datetime,
    channel: str,
    inbound_id: str,
) -> ReplyAnswer:
    if not sender.is_certain:
        return _for_person(reading, "promise", "it is not certain who wrote")
    if reading.is_negated:
        return _for_person(reading, "promise", "it may be refused in it")
    owed = {key: minor for key, minor in debt.collectable.items() if minor > 0}
    if len(owed) != 1:
        reason = "several debts" if owed else "nothing is collectable"
        return _for_person(reading, "promise", reason)
    ((account_id, currency), collectable) = next(iter(owed.items()))
    today = local_day(received_at, sender.zone)
    offer = read_offer(
        text,
        lists,
        today=today,
        country=sender.country,
        currency=currency,
        known_ids=[name for invoice in debt.invoices for name in invoice.names],
    )
    if problem := _problem(offer, today, collectable):
        return _for_person(reading, "promise", problem)
    assert offer.day is not None, "an offer without a problem has a day"
    body = {
        "currency": currency,
        "amount_minor": collectable if offer.minor is None else offer.minor,
        "due_on": offer.day.isoformat(),
        **_common(received_at, channel),
    }
    return commanded(Command("promise", account_id, _path(account_id, "promises"), body))


def _problem(offer: Offer, today: date, collectable: int) -> str | None:
    """Why an offer is no promise that a machine may take down."""
    if offer.day is None:
        return "names not one day"
    if not today <= offer.day <= today + timedelta(days=PROMISE_DAYS_MAX):
        return f"names {offer.day}, which is not within {PROMISE_DAYS_MAX} days"
    if offer.is_unclear:
        return "names an amount that is not clear"
    if offer.minor is not None and offer.minor > collectable:
        return "names more than is collectable"
    return None


def _path(account_id: str, noun: str) -> str:
    return f"/v1/accounts/{quote(account_id, safe='')}/{noun}"


def _common(received_at: datetime, channel: str) -> dict[str, Any]:
    return {"at": received_at.isoformat(), "by": {"kind": "debtor"}, "channel": channel}
