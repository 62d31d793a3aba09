"""Reads a question and checks that it makes sense: dates that can be, numbers that are numbers,
nothing dated later than the instant asked about.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from services.outreach.compliance.question.question import Question
from services.outreach.compliance.question.terms import LIST_MAX, given
from shared.clock import is_zone
from shared.countries import iso_code
from shared.errors import FieldError, Invalid, Unreadable
from shared.field_errors import explain
from shared.json_names import doubled_name
from shared.texts import text_fault

HISTORY_MAX = 1000
COMPARED_MAX = 100_000  # debts × contacts of the past: each is looked at for each
FIRST_YEAR, LAST_YEAR = 1950, 2150
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


def read_question(data: bytes | Mapping[str, object]) -> Question:
    """A checked question. Raises `Unreadable` for bytes that are no JSON, else `Invalid`."""
    if isinstance(data, bytes) and (name := doubled_name(data)) is not None:
        problem = FieldError("", f"has the member {name!r} twice in one object")
        raise Invalid("The question does not fit.", [problem])
    try:
        if isinstance(data, bytes):
            question = msgspec.json.decode(data, type=Question)
        else:
            question = msgspec.convert(data, Question, str_keys=True)
    except msgspec.ValidationError as error:
        raise Invalid("The question does not fit.", [explain(str(error))]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"The question is not JSON: {error}") from error
    except RecursionError as error:
        raise Unreadable("The question is nested too deep.") from error
    errors = list(_sense_errors(question))
    if errors:
        raise Invalid("The question contradicts itself.", errors)
    return _without_later_consents(question)


def check_size(question: Question) -> None:
    """Raises `Invalid` where debts and history together make too much work for one question."""
    debts, contacts = len(question.debts), len(tuple(given(question.history)))
    if debts * contacts > COMPARED_MAX:
        problem = FieldError(
            "/history",
            f"has {contacts} contacts for {debts} debts: {COMPARED_MAX:,} pairs of both at most",
        )
        raise Invalid("The question is too large.", [problem])


def _without_later_consents(question: Question) -> Question:
    """What is allowed after the instant asked about is no permission yet."""
    consents = given(question.debtor.consents)
    if all(consent.at <= question.at for consent in consents):
        return question
    by_then = tuple(consent for consent in consents if consent.at <= question.at)
    debtor = msgspec.structs.replace(question.debtor, consents=by_then)
    return msgspec.structs.replace(question, debtor=debtor)


def _sense_errors(question: Question) -> Iterator[FieldError]:
    if _is_odd(question):  # seldom: then it is told where
        yield from _odd_values(question, "")
    ids: set[str] = set()
    for index, debt in enumerate(question.debts):
        if debt.id in ids:
            yield FieldError(f"/debts/{index}/id", f"{debt.id} is there twice")
        ids.add(debt.id)
    yield from _number_errors(question)
    yield from _country_errors(question)
    yield from _debtor_errors(question)
    yield from _unknown_debts("/contact/about", question.contact.about, ids)
    yield from _history_errors(question)
    for index, debt in enumerate(question.debts):
        yield from _future_day(
            question, f"/debts/{index}/validation_notice_sent_on", debt.validation_notice_sent_on
        )
        for number, notice in enumerate(given(debt.notices)):
            yield from _future_day(
                question, f"/debts/{index}/notices/{number}/sent_on", notice.sent_on
            )
        if debt.dispute:
            at = f"/debts/{index}/dispute"
            yield from _future(question, f"{at}/at", debt.dispute.at)
            yield from _future(
                question, f"{at}/verification_sent_at", debt.dispute.verification_sent_at
            )


def _is_odd(value: Any) -> bool:
    """Whether `_odd_values` finds anything; looked at for every question, so without pointers."""
    if isinstance(value, str):
        return text_fault(value) is not None
    if isinstance(value, date):
        return not FIRST_YEAR <= value.year <= LAST_YEAR
    if isinstance(value, tuple):
        return any(_is_odd(item) for item in value if isinstance(item, Struct | str))
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            found = getattr(value, name)
            if found is not None and found is not UNSET and _is_odd(found):
                return True
    return False


def _odd_values(value: Any, pointer: str) -> Iterator[FieldError]:
    """Texts with what no text has, and days that no debt has seen: slips of the pen, and beyond
    what calendars can count."""
    if isinstance(value, str):
        if fault := text_fault(value):
            yield FieldError(pointer, fault)
    elif isinstance(value, date):  # instants too
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            yield FieldError(pointer, f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            if isinstance(item, Struct | str):
                yield from _odd_values(item, f"{pointer}/{index}")
    elif isinstance(value, Struct):
        for name, told in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
            yield from _odd_values(getattr(value, name), f"{pointer}/{told}")


def _number_errors(question: Question) -> Iterator[FieldError]:
    for index, phone in enumerate(given(question.debtor.phones)):
        if not _NUMBER.fullmatch(phone.number):
            yield FieldError(
                f"/debtor/phones/{index}/number", "must be a number in E.164, like +12125550123"
            )
    to = question.contact.to
    by_phone = question.contact.channel in {"voice", "voicemail", "sms"}
    if by_phone and to is not UNSET and not _NUMBER.fullmatch(to):
        yield FieldError("/contact/to", "must be a number in E.164, like +12125550123")


def _country_errors(question: Question) -> Iterator[FieldError]:
    """A name would be read as no country at all, and so bring no law with it."""
    named = [
        (f"/debtor/addresses/{index}/country", place.country)
        for index, place in enumerate(given(question.debtor.addresses))
    ]
    if question.creditor:
        named.append(("/creditor/country", question.creditor.country))
    for pointer, country in named:
        if isinstance(country, str) and iso_code(country) is None:
            yield FieldError(pointer, f"{country!r} is no ISO 3166 country code, like US or DE")


def _debtor_errors(question: Question) -> Iterator[FieldError]:
    debtor = question.debtor
    for name in ("addresses", "phones", "emails", "inconvenient", "consents", "opt_outs"):
        if len(tuple(given(getattr(debtor, name)))) > LIST_MAX:
            yield FieldError(f"/debtor/{name}", f"must have at most {LIST_MAX} items")
    if isinstance(debtor.timezone, str) and not is_zone(debtor.timezone):
        yield FieldError("/debtor/timezone", f"{debtor.timezone!r} is not an IANA time zone")
    for index, span in enumerate(given(debtor.inconvenient)):
        if span.start == span.end or span.start == "24:00":
            yield FieldError(f"/debtor/inconvenient/{index}", "`from` and `to` leave no time")
    yield from _future(question, "/debtor/timezone_confirmed_at", debtor.timezone_confirmed_at)


def _history_errors(question: Question) -> Iterator[FieldError]:
    history = tuple(given(question.history))
    if len(history) > HISTORY_MAX:
        yield FieldError("/history", f"must have at most {HISTORY_MAX} items")
        return
    for index, past in enumerate(history):
        yield from _future(question, f"/history/{index}/at", past.at)


def _future(question: Question, pointer: str, at: Any) -> Iterator[FieldError]:
    if isinstance(at, datetime) and at > question.at:
        yield FieldError(pointer, "lies after the instant asked about")


def _future_day(question: Question, pointer: str, day: Any) -> Iterator[FieldError]:
    """A day later than it can be anywhere on Earth at the instant asked about."""
    if isinstance(day, date) and (day - question.at.date()).days > 1:
        yield FieldError(pointer, "lies after the instant asked about")


def _unknown_debts(pointer: str, about: Any, ids: set[str]) -> Iterator[FieldError]:
    for index, debt in enumerate(given(about)):
        if debt not in ids:
            yield FieldError(f"{pointer}/{index}", f"names {debt!r}, which is not among the debts")
