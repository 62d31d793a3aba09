"""The words of a contact: an e-mail from Jinja2 templates, its amounts from the live check.

Templates run in a sandbox, HTML is escaped, a name that is missing is an error. Nothing that a
billing platform sends can add a header or a recipient.
"""

import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import format_datetime, formataddr

import msgspec
import yaml
from jinja2 import DictLoader, StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.outreach.domain.collectable import CheckedAccount, CheckedInvoice, reminder_minor
from services.outreach.domain.planning import Item
from services.outreach.domain.strategies import Strategies
from shared.errors import Invalid
from shared.money import DECIMALS, to_text

PARTS = ("subject.txt", "body.txt", "body.html")  # of every template
LANGUAGE_DEFAULT = "en"  # in which every disclosure is to be had
_DISCLOSURES = re.compile(r"_disclosures\.([a-z]{2,3})\.yaml")
SUBJECT_CHARACTERS_MAX = 200
NAME_CHARACTERS_MAX = 120

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_LOCAL}@(?=.{{1,253}}$){_DOMAIN}")
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+"
)


@dataclass(frozen=True)
class Line:
    """One invoice in a message."""

    account_id: str
    invoice_id: str
    number: str
    due_on: date
    currency: str
    amount_minor: int


@dataclass(frozen=True)
class Total:
    """One currency in a message: what is open, what is on account already, what is asked for."""

    currency: str
    open_minor: int
    unapplied_minor: int
    asked_minor: int


@dataclass(frozen=True)
class Content:
    overdue: tuple[Line, ...]
    overdue_totals: tuple[Total, ...]
    upcoming: tuple[Line, ...]
    upcoming_totals: tuple[Total, ...]


@dataclass(frozen=True)
class Creditor:
    """Whom disclosures name. None: not known, so that what must name it cannot be said."""

    name: str
    postal_address: str | None = None
    tax_id: str | None = None

    def named(self) -> dict[str, str]:
        """What the words may speak of."""
        known = {
            "sender_name": self.name,
            "postal_address": self.postal_address,
            "tax_id": self.tax_id,
        }
        return {name: value for name, value in known.items() if value}


@dataclass(frozen=True)
class Envelope:
    """Who writes to whom, and when in business time."""

    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    message_id: str
    at: datetime
    language: str | None = None
    creditor: Creditor | None = None  # None: no more is known of them than the sender's name


def content(
    items: Iterable[Item], checked: Mapping[str, CheckedAccount], strategies: Strategies
) -> Content:
    """What the message says, from the ledger's answer alone.

    If anything covered is past due, all that is past due in the covered accounts is listed, so that
    the total asked for is the account's collectable amount and not a part of it.
    """
    items = sorted(items)
    reminders = [item for item in items if _is_reminder(item, strategies)]
    late_accounts = sorted({item.account_id for item in items if item not in reminders})
    overdue: list[Line] = []
    asked: list[Total] = []
    for account_id in late_accounts:
        account = checked[account_id]
        lines = [
            _line(account_id, invoice)
            for invoice in sorted(account.invoices, key=lambda i: (i.due_on, i.invoice_id))
            if invoice.stage is not None and invoice.owed_minor > 0
        ]
        for amounts in account.amounts:
            mine = [line for line in lines if line.currency == amounts.currency]
            if amounts.collectable_minor > 0:
                overdue += mine
                opened = sum(line.amount_minor for line in mine)
                asked.append(
                    Total(
                        amounts.currency,
                        opened,
                        max(0, opened - amounts.collectable_minor),
                        amounts.collectable_minor,
                    )
                )
    upcoming, upcoming_totals = _upcoming(reminders, checked)
    return Content(tuple(overdue), _summed(asked), upcoming, upcoming_totals)


def _upcoming(
    reminders: list[Item], checked: Mapping[str, CheckedAccount]
) -> tuple[tuple[Line, ...], tuple[Total, ...]]:
    lines: list[Line] = []
    totals: list[Total] = []
    for account_id in sorted({item.account_id for item in reminders}):
        account = checked[account_id]
        mine = [item for item in reminders if item.account_id == account_id]
        found = [i for i in (account.invoice(item.invoice_id) for item in mine) if i is not None]
        lines += [
            _line(account_id, i) for i in sorted(found, key=lambda i: (i.due_on, i.invoice_id))
        ]
        for currency in sorted({invoice.currency for invoice in found}):
            opened = sum(i.owed_minor for i in found if i.currency == currency)
            asks = reminder_minor(account, currency, mine)
            totals.append(Total(currency, opened, opened - asks, asks))
    return tuple(lines), _summed(totals)


def _summed(totals: Iterable[Total]) -> tuple[Total, ...]:
    """By currency, over the accounts of a debtor; currencies are never mixed."""
    by_currency: dict[str, list[Total]] = {}
    for total in totals:
        by_currency.setdefault(total.currency, []).append(total)
    return tuple(
        Total(
            currency,
            sum(t.open_minor for t in found),
            sum(t.unapplied_minor for t in found),
            sum(t.asked_minor for t in found),
        )
        for currency, found in sorted(by_currency.items())
    )


def _line(account_id: str, invoice: CheckedInvoice) -> Line:
    return Line(
        account_id,
        invoice.invoice_id,
        _printable(invoice.number or invoice.invoice_id),
        invoice.due_on,
        invoice.currency,
        invoice.owed_minor,
    )


def _is_reminder(item: Item, strategies: Strategies) -> bool:
    step = strategies[item.kind].step(item.step)
    return step is not None and step.is_reminder


def money(amount_minor: int, currency: str) -> str:
    """`123456, "EUR"` → `EUR 1,234.56`; as many decimals as the currency has."""
    text = to_text(amount_minor, currency) if currency in DECIMALS else f"{amount_minor} (minor)"
    whole, point, rest = text.partition(".")
    digits = whole.lstrip("-")
    if digits.isdecimal():
        whole = f"{'-' if whole.startswith('-') else ''}{int(digits):,}"
    return f"{currency} {whole}{point}{rest}"


def long_day(day: date) -> str:
    """`2026-03-05` → `5 March 2026`: no reader takes the day for the month."""
    return f"{day.day} {day:%B %Y}"


class Templates:
    """The templates by name, each of a subject, a text and an HTML part; and the words of what the
    law wants said, by language."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._disclosures = {
            match[1]: _disclosure_texts(name, text)
            for name, text in sources.items()
            if (match := _DISCLOSURES.fullmatch(name))
        }
        self._environment = ImmutableSandboxedEnvironment(
            loader=DictLoader(
                {name: text for name, text in sources.items() if not name.endswith(".yaml")}
            ),
            autoescape=lambda name: name is not None and name.endswith(".html"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["money"] = lambda line: money(line.amount_minor, line.currency)
        self._environment.filters["day"] = long_day
        self._environment.globals["money"] = money
        self.versions = {
            name: _fingerprint(name, sources)
            for name in sorted({source.partition(".")[0] for source in sources})
            if not name.startswith("_")
        }

    def unworded(
        self, text_ids: Iterable[str], language: str | None, creditor: Creditor
    ) -> list[str]:
        """The disclosures that cannot be said: there are no words for them, in this language or in
        the default one, or they name what is not known of the creditor."""
        return [each for each in text_ids if self._words_of(each, language, creditor) is None]

    def _words_of(self, text_id: str, language: str | None, creditor: Creditor) -> str | None:
        code = (language or LANGUAGE_DEFAULT).partition("-")[0].lower()
        for each in (code, LANGUAGE_DEFAULT):
            words = self._disclosures.get(each, {}).get(text_id)
            if words is not None:
                try:
                    return self._environment.from_string(words).render(creditor.named())
                except UndefinedError:
                    return None
        return None

    def check(self, strategies: Strategies) -> None:
        """Raise `Invalid` unless every template that a strategy names is whole and compiles, and so
        do the words of all disclosures."""
        for language, texts in self._disclosures.items():
            for text_id, words in texts.items():
                try:
                    self._environment.from_string(words).render(Creditor("x", "x", "x").named())
                except TemplateError as error:
                    raise Invalid(f"disclosure {text_id} in {language}: {error}") from error
        for strategy in strategies.values():
            for step in strategy.steps:
                for part in PARTS if step.template else ():
                    try:
                        self._environment.get_template(f"{step.template}.{part}")
                    except TemplateError as error:
                        raise Invalid(
                            f"strategy {strategy.name}, step {step.name}: template "
                            f"{step.template}.{part}: {error}"
                        ) from error

    def email(
        self, template: str, envelope: Envelope, said: Content, text_ids: Iterable[str] = ()
    ) -> bytes:
        """The whole message, ready for SMTP, with the disclosures that it must carry."""
        creditor = envelope.creditor or Creditor(envelope.sender_name)
        texts = [self._words_of(text_id, envelope.language, creditor) for text_id in text_ids]
        if None in texts:
            raise ValueError("a disclosure has no words")
        values = {
            "disclosures": texts,
            "name": _printable(envelope.recipient_name),
            "sender_name": envelope.sender_name,
            "content": said,
        }
        subject, text, html = (
            self._environment.get_template(f"{template}.{part}").render(values) for part in PARTS
        )
        # The older classes on purpose: the newer ones parse every header they are given, which
        # makes a message ten times as slow to write. What they would check is checked here.
        message = MIMEMultipart("alternative")
        message["Subject"] = _header(" ".join(subject.split())[:SUBJECT_CHARACTERS_MAX])
        message["From"] = _mailbox(envelope.sender_name, envelope.sender)
        message["To"] = _mailbox(envelope.recipient_name, envelope.recipient)
        message["Date"] = format_datetime(envelope.at)
        message["Message-ID"] = envelope.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
        message.attach(_part(text, "plain"))
        message.attach(_part(html, "html"))
        return message.as_bytes()


def _disclosure_texts(name: str, text: str) -> dict[str, str]:
    try:
        texts = msgspec.convert(yaml.safe_load(text), dict[str, str])
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise Invalid(f"{name} is not a list of texts by their id: {error}") from error
    return {text_id: " ".join(words.split()) for text_id, words in texts.items()}


def _part(text: str, subtype: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part["Content-Transfer-Encoding"] = "quoted-printable"  # no line is too long for SMTP
    part.set_payload(binascii.b2a_qp(text.encode(), istext=True).decode("ascii"))
    return part


def _header(text: str) -> str:
    """A header's text without anything that could end it."""
    plain = _printable(text)
    return plain if plain.isascii() else Header(plain, "utf-8").encode()


def _mailbox(name: str, address: str) -> str:
    if deliverable(address) != address:
        raise ValueError("not an address that a header may carry")
    return formataddr((_printable(name)[:NAME_CHARACTERS_MAX], address), "utf-8")


def message_id(contact_id: str, sender: str) -> str:
    """Stable: the same contact has the same Message-ID, so that a receiver can tell a repeat."""
    return f"<{contact_id}@{sender.rpartition('@')[2]}>"


def deliverable(address: str | None) -> str | None:
    """The address as SMTP takes it, or None if it is none: one @, no spaces, no controls."""
    if address is None:
        return None
    local, _, domain = address.strip().rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None
    return plain if _ADDRESS.fullmatch(plain) else None


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text).strip()


def _fingerprint(name: str, sources: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for source in sorted(sources):
        if source.startswith((f"{name}.", "_")):
            digest.update(f"{source}\x00{sources[source]}\x00".encode())
    return f"{name}@{digest.hexdigest()[:12]}"
