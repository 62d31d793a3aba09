"""What outreach knows of a debtor, put as the question that the contact governor answers.

Of what outreach keeps the books itself (wishes, consents, contacts made) absence means that there
is none; what others know better and have not told stays out of the question, as unknown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat

from services.outreach.compliance.geography.places import country_zones
from services.outreach.domain import statements as said
from services.outreach.domain.invoices import Invoice
from services.outreach.domain.past import PastContact, account_day, latest_validation, notices_of
from services.outreach.domain.statements import Preference, Statements
from services.outreach.domain.strategies import Kind
from shared.clock import is_zone
from shared.events import ledger

HISTORY_MAX = 1000  # contacts that a question takes: the newest
DEBTS_MAX = 1000  # that a question takes: those longest due
TEXT_MAX = 256  # characters of a text in a question
STRICTER_PARTY = "third"  # of a tenant that has not said for whom it collects
DEBT_AGE_DAYS_MAX = 36_500  # what a question takes

_PHONE_TYPES = {
    "mobile": "mobile", "cell": "mobile", "cellular": "mobile", "landline": "landline",
    "fixed": "landline", "fixed_line": "landline", "voip": "voip", "toll_free": "toll_free",
}  # fmt: skip
_PHONE_USES = {"home": "home", "private": "home", "work": "work", "office": "work"}
_CONSENTS = frozenset({"express", "written", "none"})
_CONSENT_KINDS = frozenset({"extra_calls", "voice", "sms", "email"})


# What our templates never hold. The texts that rules want said are added as they are asked for.
_CONTENT = {
    "opt_out_line": False,
    "threatens_suit": False,
    "limited_content": False,
    "marketing": False,
    "settlement": False,
    "legal_threat": False,
    "public": False,
}


@dataclass(frozen=True)
class AccountFile:
    account_id: str
    kind: Kind
    timezone: str
    country: str | None = None
    details: ledger.Contact | None = None
    statements: Statements | None = None


@dataclass(frozen=True)
class Dossier:
    """One person or company, over all their accounts."""

    party: str | None
    accounts: tuple[AccountFile, ...]
    history: tuple[PastContact, ...] = ()  # newest first
    residence_default: str | None = None  # a country, for whom no place at all is known


def question(
    dossier: Dossier, at: datetime, *, channel: str, to: str | None, invoices: Sequence[Invoice]
) -> dict[str, Any]:
    """May this message about these invoices leave at that instant? The shape is that of
    `POST /v1/compliance/evaluate`."""
    wishes = _wishes(dossier, at)
    told = [past for past in dossier.history if past.more.get("notice")]
    invoices = sorted(invoices, key=lambda i: (i.due_on, i.invoice_id))[:DEBTS_MAX]
    asked: dict[str, Any] = {
        "at": at,
        "party": dossier.party or STRICTER_PARTY,
        "debtor": _debtor(dossier, wishes, at, invoices),
        "debts": [_debt(dossier, invoice, told, at) for invoice in invoices],
        "contact": {
            "channel": channel,
            "about": [invoice.invoice_id for invoice in invoices],
            "purpose": "collect",
            "initiated_by": "collector",
            "person": "debtor",
            "content": _CONTENT,
            **({} if to is None else {"to": to}),
        },
        "history": list(_history(dossier, at, invoices)),
    }
    return asked


def _wishes(dossier: Dossier, at: datetime) -> dict[str, Any]:
    """What was said and is known by then, over all accounts of the person."""
    stated: list[dict[str, Preference]] = [
        said.standing_preferences(account.statements.preferences, at)
        for account in dossier.accounts
        if account.statements is not None
    ]
    return said.merged(stated)


def _debtor(
    dossier: Dossier, wishes: Mapping[str, Any], at: datetime, invoices: Sequence[Invoice]
) -> dict[str, Any]:
    kinds = {account.kind for account in dossier.accounts}
    debtor: dict[str, Any] = {
        "kind": "business" if kinds == {"business"} else "consumer",
        "deceased": wishes.get("deceased", False),
        "vulnerable": wishes.get("vulnerable", False),
        "military": wishes.get("military", False),
        "phones": list(_phones(dossier, wishes)),
        "emails": _emails(dossier, at),
        "refused_channels": wishes.get("refused_channels", []),
        "inconvenient": [
            {name: value for name, value in span.items() if value is not None}
            for span in wishes.get("inconvenient", [])
        ],
        "attorney": _attorney(wishes.get("attorney"), invoices),
        **{
            name: wishes.get(name)
            for name in (
                "bankruptcy_filed_at", "bankruptcy_discharged_at", "breathing_space_from",
                "breathing_space_ended_on", "cease_requested_at",
            )
        },
        **_consents(dossier, at),
        **_zone(dossier, wishes),
    }  # fmt: skip
    places = list(_places(dossier))
    if places:
        debtor["addresses"] = places
    language = wishes.get("language") or next(
        (a.details.language for a in dossier.accounts if a.details and a.details.language), None
    )
    if language:
        debtor["language"] = language[:TEXT_MAX]
    if "work" in wishes.get("inconvenient_places", ()):
        debtor["work_refused_at"] = at
    return debtor


def _zone(dossier: Dossier, wishes: Mapping[str, Any]) -> dict[str, Any]:
    """A zone that the person confirmed, else the one in which their account is kept."""
    if "timezone" in wishes:
        return {
            "timezone": wishes["timezone"],
            "timezone_confirmed_at": wishes["timezone_confirmed_at"],
        }
    zones = [account.timezone for account in dossier.accounts if is_zone(account.timezone)]
    return {"timezone": zones[0]} if zones else {}


def _places(dossier: Dossier) -> Iterator[dict[str, str]]:
    """Where the person lives, or else wherever they may live: no hint is passed over."""
    seen: list[dict[str, str]] = []
    for account in dossier.accounts:
        for address in account.details.addresses if account.details else ():
            place = {
                name: value.strip()[:TEXT_MAX]
                for name, value in (
                    ("country", _country(address.country) or _country(account.country)),
                    ("region", address.region),
                    ("city", address.city),
                    ("postal_code", address.postal_code),
                )
                if value and value.strip()
            }
            if place and place not in seen:
                seen.append(place)
    known = {place["country"] for place in seen if "country" in place}
    countries = known or _countries(dossier)
    seen = [each for place in seen or [{}] for each in _placed(place, countries)]
    if known and len({account.timezone for account in dossier.accounts}) > 1:
        # A question has room for one zone; the others' countries stand for them.
        others = {c for account in dossier.accounts[1:] for c in zone_countries(account.timezone)}
        seen += [{"country": country} for country in sorted(others - countries)]
    yield from (place for place in seen if place)


def _placed(place: dict[str, str], countries: set[str]) -> list[dict[str, str]]:
    """An address that names no country may lie in any that something else points to."""
    if "country" in place or not countries:
        return [place]
    return [{"country": country, **place} for country in sorted(countries)]


def _country(text: str | None) -> str | None:
    """An ISO 3166 code; what else stands there names no country that anybody could look up."""
    code = (text or "").strip().upper()
    return code if country_zones(code) else None


def _countries(dossier: Dossier) -> set[str]:
    """The countries that accounts, phones and zones point to."""
    codes = [_country(account.country) for account in dossier.accounts]
    found = {code for code in codes if code is not None}
    for account in dossier.accounts:
        for phone in account.details.phones if account.details else ():
            region = _region(phone.number, account.country)
            found |= {region} if region else set()
        found |= zone_countries(account.timezone)
    if not found and dossier.residence_default:
        found.add(dossier.residence_default)
    return found


def _phones(dossier: Dossier, wishes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    refused_places = wishes.get("inconvenient_places", ())
    seen: set[str] = set()
    for account in dossier.accounts:
        for phone in account.details.phones if account.details else ():
            number = _e164(phone.number, account.country)
            if number is None or number in seen:
                continue
            seen.add(number)
            use = _PHONE_USES.get((phone.use or "").strip().lower())
            known = {
                "number": number,
                "type": _PHONE_TYPES.get((phone.type or "").strip().lower()),
                "use": use,
                "consent": phone.consent if phone.consent in _CONSENTS else None,
                "refused": True if use in refused_places else None,
            }
            yield {name: value for name, value in known.items() if value is not None}


def _emails(dossier: Dossier, at: datetime) -> list[dict[str, Any]]:
    """The addresses, with whose they are where somebody said so."""
    found = [a.details.email for a in dossier.accounts if a.details and a.details.email]
    employers = said.employer_provided(
        [a.statements.consents for a in dossier.accounts if a.statements is not None], at
    )
    emails: list[dict[str, Any]] = []
    for address in sorted({each.strip()[:TEXT_MAX] for each in found if each.strip()}):
        provided = employers.get(address.casefold())
        known = {} if provided is None else {"employer_provided": provided}
        emails.append({"address": address, **known})
    return emails


def _consents(dossier: Dossier, at: datetime) -> dict[str, Any]:
    stated = [
        consent
        for account in dossier.accounts
        if account.statements is not None
        for consent in account.statements.consents
    ]
    standing = said.standing_consents(stated, at)
    consents, opt_outs = [], []
    for consent in said.granted(standing):
        if consent.kind in _CONSENT_KINDS:
            known = {
                "kind": consent.kind,
                "at": consent.at,
                "given_to": consent.given_to,
                "form": consent.form,
                "to": consent.address,
            }
            consents.append({name: value for name, value in known.items() if value is not None})
    for consent in standing:
        # Taking back the permission to call more often than usual is no wish for silence.
        if consent.state == "revoked" and consent.kind != "extra_calls":
            told = {"channel": consent.channel, "at": consent.at, "to": consent.address}
            opt_outs.append({name: value for name, value in told.items() if value is not None})
    return {"consents": consents, "opt_outs": opt_outs}


def _attorney(attorney: Any, invoices: Sequence[Invoice]) -> dict[str, Any] | None:
    """Who stands for the person, as far as these invoices go; none: they stand for others."""
    if not attorney:
        return None
    debts = attorney.get("debts")
    if debts is None:
        return {"since": attorney["since"]}
    ours = [invoice.invoice_id for invoice in invoices if invoice.invoice_id in debts]
    return {"since": attorney["since"], "debts": ours} if ours else None


def _debt(
    dossier: Dossier, invoice: Invoice, told: Sequence[PastContact], at: datetime
) -> dict[str, Any]:
    account = next(a for a in dossier.accounts if a.account_id == invoice.account_id)
    late = (account_day(at, account.timezone) - invoice.due_on).days
    notices = notices_of(invoice, told, account.timezone, at)
    known = {
        "id": invoice.invoice_id,
        "account": invoice.account_id,
        "purpose": invoice.purpose or account.kind,
        "product": invoice.product[:TEXT_MAX] if invoice.product else None,
        "currency": invoice.currency,
    }
    return {
        **{name: value for name, value in known.items() if value is not None},
        "days_past_due": max(-DEBT_AGE_DAYS_MAX, min(DEBT_AGE_DAYS_MAX, late)),
        "amount_minor": max(0, invoice.balance_minor - invoice.disputed_minor),
        "disputed": invoice.is_disputed,
        "due_on": invoice.due_on,
        "default_on": invoice.due_on + timedelta(days=1) if late > 0 else None,
        "validation_notice_sent_on": latest_validation(notices),
        **({"notices": notices} if notices else {}),
        "paid": invoice.state == "paid",
    }


def _history(
    dossier: Dossier, at: datetime, invoices: Sequence[Invoice]
) -> Iterator[dict[str, Any]]:
    """Every contact counts for all that its account owes: a new invoice opens no new allowance."""
    by_account: dict[str, list[str]] = {}
    for invoice in invoices:
        by_account.setdefault(invoice.account_id, []).append(invoice.invoice_id)
    known = [past for past in dossier.history if past.at <= at][:HISTORY_MAX]
    for past in known:
        about = [name for a in past.account_ids for name in by_account.get(a, ())]
        yield {
            **{name: value for name, value in past.more.items() if name in _PAST_MEMBERS},
            "at": past.at,
            "channel": past.channel,
            "outcome": past.outcome,
            "initiated_by": past.more.get("initiated_by", "collector"),
            "about": about,
        }


_PAST_MEMBERS = frozenset({"to", "by", "person"})


@lru_cache(maxsize=65536)
def _e164(number: str, country: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number, country.strip().upper() if country else None)
    except phonenumbers.NumberParseException:
        return None
    text = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return text if 8 <= len(text) <= 16 else None


@lru_cache(maxsize=65536)
def _region(number: str, country: str | None) -> str | None:
    """The country that a number belongs to; none where its code is that of several or of none."""
    try:
        parsed = phonenumbers.parse(number, country.strip().upper() if country else None)
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(parsed)
    return region if region and region != "001" else None


def zone_countries(zone_name: str) -> frozenset[str]:
    """The countries that lie in a zone; none for one that is no place, like UTC."""
    return _countries_by_zone().get(zone_name, frozenset())


@lru_cache(maxsize=1)
def _countries_by_zone() -> dict[str, frozenset[str]]:
    """From the `tzdata` package's own table."""
    text = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    table: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            table.setdefault(name, set()).add(country)
    return {name: frozenset(countries) for name, countries in table.items()}
