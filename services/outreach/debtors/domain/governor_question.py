"""What is known of a debtor, put as the question that the contact governor answers.

Of what outreach records itself (wishes, consents, contacts made) absence means that there is none;
what others know better and have not announced stays out of the question, as unknown.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat

from services.outreach.consents import domain as consents
from services.outreach.consents.domain import Preference
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.residence import TEXT_MAX, places_of
from services.outreach.history.domain import (
    PastContact,
    account_day,
    latest_validation,
    notices_of,
)
from shared.clock import is_zone
from shared.countries import country_code

HISTORY_MAX = 1000  # contacts that a question takes: the newest
DEBTS_MAX = 1000  # that a question takes: those longest due
STRICTER_PARTY = "third"  # of a tenant of whom it is not known for whom it collects
DEBT_AGE_DAYS_MAX = 36_500  # what a question takes

_PHONE_TYPES = {
    "mobile": "mobile", "cell": "mobile", "cellular": "mobile", "landline": "landline",
    "fixed": "landline", "fixed_line": "landline", "voip": "voip", "toll_free": "toll_free",
}  # fmt: skip
_PHONE_USES = {"home": "home", "private": "home", "work": "work", "office": "work"}
_CONSENTS = frozenset({"express", "written", "none"})
_CONSENT_KINDS = frozenset({"extra_calls", "voice", "sms", "email"})


# What our templates never hold. The texts that rules require are added as they are asked for.
_CONTENT = {
    "opt_out_line": False,
    "threatens_suit": False,
    "limited_content": False,
    "marketing": False,
    "settlement": False,
    "legal_threat": False,
    "public": False,
}


def governor_question(
    profile: DebtorProfile,
    at: datetime,
    *,
    channel: str,
    to: str | None,
    invoices: Sequence[Invoice],
    claims_interest: bool | None = None,
    initiated_by: str = "collector",
) -> dict[str, Any]:
    """May this message about these invoices leave at that instant? The shape is that of
    `POST /v1/compliance/evaluate`. `claims_interest`: whether it asks for interest; None: the live
    check has not told yet."""
    wishes = _wishes(profile, at)
    notified = [past for past in profile.history if past.more.get("notice")]
    invoices = sorted(invoices, key=lambda i: (i.due_on, i.invoice_id))[:DEBTS_MAX]
    asked: dict[str, Any] = {
        "at": at,
        "party": profile.party or STRICTER_PARTY,
        "debtor": _debtor(profile, wishes, at, invoices),
        "debts": [_debt(profile, invoice, notified, at) for invoice in invoices],
        "contact": {
            "channel": channel,
            "about": [invoice.invoice_id for invoice in invoices],
            "purpose": "collect",
            "initiated_by": initiated_by,
            "person": "debtor",
            "content": _CONTENT
            if claims_interest is None
            else {**_CONTENT, "claims_interest": claims_interest},
            **({} if to is None else {"to": to}),
        },
        "history": list(_history(profile, at, invoices)),
    }
    if claims_interest and profile.reference_rates:
        asked["reference_rates"] = profile.reference_rates
    return asked


def wished_language(profile: DebtorProfile, at: datetime) -> str | None:
    """In which the person has asked to be written to."""
    language: str | None = _wishes(profile, at).get("language")
    return language


def _wishes(profile: DebtorProfile, at: datetime) -> dict[str, Any]:
    """What is wished and known by then, over all accounts of the person."""
    preferences: list[dict[str, Preference]] = [
        consents.current_preferences(account.wishes.preferences, at)
        for account in profile.accounts
        if account.wishes is not None
    ]
    return consents.merged(preferences)


def _debtor(
    profile: DebtorProfile, wishes: Mapping[str, Any], at: datetime, invoices: Sequence[Invoice]
) -> dict[str, Any]:
    kinds = {account.kind for account in profile.accounts}
    debtor: dict[str, Any] = {
        "kind": "business" if kinds == {"business"} else "consumer",
        "deceased": wishes.get("deceased", False),
        "vulnerable": wishes.get("vulnerable", False),
        "military": wishes.get("military", False),
        "phones": list(_phones(profile, wishes)),
        "emails": _emails(profile, at),
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
        **_consents(profile, at),
        **_zone(profile, wishes),
    }  # fmt: skip
    places = list(places_of(profile))
    if places:
        debtor["addresses"] = places
    language = wishes.get("language") or profile.account_language
    if language:
        debtor["language"] = language[:TEXT_MAX]
    if "work" in wishes.get("inconvenient_places", ()):
        debtor["work_refused_at"] = at
    return debtor


def _zone(profile: DebtorProfile, wishes: Mapping[str, Any]) -> dict[str, Any]:
    """A zone that the person confirmed, else the one in which their account is kept."""
    if "timezone" in wishes:
        return {
            "timezone": wishes["timezone"],
            "timezone_confirmed_at": wishes["timezone_confirmed_at"],
        }
    zones = [account.timezone for account in profile.accounts if is_zone(account.timezone)]
    return {"timezone": zones[0]} if zones else {}


def _phones(profile: DebtorProfile, wishes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    refused_places = wishes.get("inconvenient_places", ())
    seen: set[str] = set()
    for account in profile.accounts:
        for phone in account.details.phones if account.details else ():
            number = e164(phone.number, account.country)
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


def _emails(profile: DebtorProfile, at: datetime) -> list[dict[str, Any]]:
    """The addresses, with whose they are where that is known."""
    found = [a.details.email for a in profile.accounts if a.details and a.details.email]
    employers = consents.employer_provided(
        [a.wishes.consents for a in profile.accounts if a.wishes is not None], at
    )
    emails: list[dict[str, Any]] = []
    for address in sorted({each.strip()[:TEXT_MAX] for each in found if each.strip()}):
        provided = employers.get(address.casefold())
        known = {} if provided is None else {"employer_provided": provided}
        emails.append({"address": address, **known})
    return emails


def _consents(profile: DebtorProfile, at: datetime) -> dict[str, Any]:
    recorded = [
        consent
        for account in profile.accounts
        if account.wishes is not None
        for consent in account.wishes.consents
    ]
    current = consents.current_consents(recorded, at)
    granted, opt_outs = [], []
    for consent in consents.granted(current):
        if consent.kind in _CONSENT_KINDS:
            known = {
                "kind": consent.kind,
                "at": consent.at,
                "given_to": consent.given_to,
                "form": consent.form,
                "to": consent.address,
            }
            granted.append({name: value for name, value in known.items() if value is not None})
    for consent in current:
        # Taking back the permission to call more often than usual is no wish for silence.
        if consent.state == "revoked" and consent.kind != "extra_calls":
            refusal = {"channel": consent.channel, "at": consent.at, "to": consent.address}
            opt_outs.append({name: value for name, value in refusal.items() if value is not None})
    return {"consents": granted, "opt_outs": opt_outs}


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
    profile: DebtorProfile, invoice: Invoice, notified: Sequence[PastContact], at: datetime
) -> dict[str, Any]:
    account = next(a for a in profile.accounts if a.account_id == invoice.account_id)
    late = (account_day(at, account.timezone) - invoice.due_on).days
    notices = notices_of(invoice.account_id, invoice.invoice_id, notified, account.timezone, at)
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
    profile: DebtorProfile, at: datetime, invoices: Sequence[Invoice]
) -> Iterator[dict[str, Any]]:
    """Every contact counts for all that its account owes: a new invoice opens no new allowance."""
    by_account: dict[str, list[str]] = {}
    for invoice in invoices:
        by_account.setdefault(invoice.account_id, []).append(invoice.invoice_id)
    known = [past for past in profile.history if past.at <= at][:HISTORY_MAX]
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
def e164(number: str, country: str | None) -> str | None:
    """A number in the one form in which it is compared; None: it is none."""
    try:
        parsed = phonenumbers.parse(number, country_code(country))
    except phonenumbers.NumberParseException:
        return None
    text = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return text if 8 <= len(text) <= 16 else None
