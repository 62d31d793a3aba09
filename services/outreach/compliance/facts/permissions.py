"""What the debtor allowed and forbade: consents on file and opt-outs, as they stand at an instant.

A consent counts only as far as it surely holds; an opt-out counts unless it surely doesn't.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.question.debtor import Consent, OptOut
from services.outreach.compliance.question.question import Question
from services.outreach.compliance.question.terms import given

# The kind of consent that a medium needs.
KIND_OF = {"voice": "voice", "voicemail": "voice", "sms": "sms", "email": "email"}
Fits = Callable[[Consent], bool]


def anyone(_consent: Consent) -> bool:
    return True


def to_collector(consent: Consent) -> bool:
    return consent.given_to == "collector"


def in_writing(consent: Consent) -> bool:
    return consent.form == "written"


def covering(what: str) -> Fits:
    """Consents to this collector that cover a time, a place, work, an attorney's client."""
    return lambda consent: (
        consent.covers is not UNSET and what in consent.covers and to_collector(consent)
    )


def is_consented(
    question: Question, kind: str | None, debt: str, at: datetime, fits: Fits
) -> bool | Any:
    """Whether a consent on file, neither revoked nor over, covers a contact about the debt."""
    debtor = question.debtor
    if debtor.consents is UNSET:
        return UNSET
    if any(fits(consent) for consent in _valid(question, kind, debt, at)):
        return UNSET if debtor.opt_outs is UNSET else True
    return False


def latest(question: Question, kind: str, debt: str, at: datetime) -> Any:
    """When the latest consent to this collector that still holds was given."""
    if question.debtor.consents is UNSET:
        return UNSET
    found = [each.at for each in _valid(question, kind, debt, at) if to_collector(each)]
    if found and question.debtor.opt_outs is UNSET:
        return UNSET
    return max(found, default=None)


def _valid(question: Question, kind: str | None, debt: str, at: datetime) -> list[Consent]:
    to = question.contact.to
    return [
        consent
        for consent in given(question.debtor.consents)
        if (kind is None or consent.kind == kind)
        and not (consent.revoked_at and consent.revoked_at <= at)
        and not (consent.until and consent.until <= at)
        and (consent.to is UNSET or consent.to == to)
        and not _stopped_since(question, consent, debt, at)
    ]


def _stopped_since(question: Question, consent: Consent, debt: str, at: datetime) -> bool:
    """Whether the debtor opted out of the medium after the consent (or nobody knows when)."""
    to = question.contact.to
    return any(
        KIND_OF.get(opt_out.channel) == consent.kind
        and (opt_out.at is UNSET or consent.at <= opt_out.at <= at)
        and (opt_out.to is UNSET or to is UNSET or opt_out.to == to)
        and (opt_out.debts is UNSET or debt in opt_out.debts)
        for opt_out in given(question.debtor.opt_outs)
    )


def covers(medium: str, channel: str) -> bool:
    """Who wants no calls wants no voicemail either."""
    return medium == channel or (medium == "voice" and channel == "voicemail")


def is_refused(question: Question) -> bool | Any:
    """Whether the debtor refused the medium."""
    refused = question.debtor.refused_channels
    if refused is UNSET:
        return UNSET
    return any(covers(channel, question.contact.channel) for channel in given(refused))


def is_opted_out(question: Question, debt: str, at: datetime) -> bool | Any:
    """Whether the debtor opted out of the medium, here and about this debt."""
    if question.debtor.opt_outs is UNSET:
        return UNSET
    truth: Any = False
    to = question.contact.to
    for opt_out in given(question.debtor.opt_outs):
        if not _stops(question, opt_out, at):
            continue
        if opt_out.debts is not UNSET and debt not in opt_out.debts:
            continue
        if opt_out.to is UNSET or opt_out.to == to:
            return True
        if to is UNSET:
            truth = UNSET
    return truth


def is_opted_out_elsewhere(question: Question, at: datetime) -> bool | Any:
    """The same, about whatever debt and of whatever number."""
    if question.debtor.opt_outs is UNSET:
        return UNSET
    return any(_stops(question, each, at) for each in given(question.debtor.opt_outs))


def _stops(question: Question, opt_out: OptOut, at: datetime) -> bool:
    """Whether an opt-out is about this medium, in force by now and not taken back since."""
    return (
        covers(opt_out.channel, question.contact.channel)
        and not (opt_out.at is not UNSET and opt_out.at > at)
        and not _renewed(question, opt_out)
    )


def _renewed(question: Question, opt_out: OptOut) -> bool:
    """Whether a consent to this collector came after the debtor had opted out."""
    return opt_out.at is not UNSET and any(
        consent.kind == KIND_OF.get(opt_out.channel)
        and to_collector(consent)
        and not consent.revoked_at
        and consent.at > opt_out.at
        and consent.to in {UNSET, opt_out.to}
        for consent in given(question.debtor.consents)
    )
