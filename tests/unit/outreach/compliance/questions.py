"""Questions to the governor: one whole question per setting, and how to change a part of one.

A base question leaves nothing open, and the contact that it asks about may be made. It is what a
caller would send who knows the published contract and not the program; a case changes one thing.
"""

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

_REPEAT = re.compile(r"(\d+)x (.+)")
_EVERY = timedelta(minutes=30)  # so far apart that repeated calls aren't a burst

US_NOON = "2026-11-24T18:00:00Z"  # a Tuesday: 13:00 in New York, 10:00 in Los Angeles


def _debtor(country: str, region: str | None, city: str, code: str, phone: str) -> Json:
    return {
        "kind": "consumer",
        "language": "en",
        "deceased": False,
        "vulnerable": False,
        "military": False,
        "addresses": [{"country": country, "region": region, "city": city, "postal_code": code}],
        "phones": [
            {
                "number": phone,
                "type": "mobile",
                "use": "home",
                "consent": "express",
                "reassigned": "no",
            }
        ],
        "emails": [{"address": "a@example.com", "employer_provided": False, "volunteered": True}],
        "bankruptcy_filed_at": None,
        "breathing_space_from": None,
        "attorney": None,
        "cease_requested_at": None,
        "refused_channels": [],
        "inconvenient": [],
        "consents": [],
        "opt_outs": [],
    }


def _debt(currency: str) -> Json:
    return {
        "id": "A",
        "purpose": "consumer",
        "product": "other",
        "days_past_due": 100,
        "amount_minor": 45000,
        "currency": currency,
        "disputed": False,
        "default_on": "2026-08-16",
        "entered_on": "2025-08-01",
        "contract_type": "written",
        "accelerated": False,
        "periodic_statements": True,
        "validation_notice_sent_on": "2026-09-01",
        "notices": [],
    }


def _question(
    at: str, party: str, place: tuple[str, str | None, str, str, str], currency: str = "USD"
) -> Json:
    return {
        "at": at,
        "party": party,
        "debtor": _debtor(*place),
        "creditor": {"kind": "other"},
        "debts": [_debt(currency)],
        "contact": {
            "channel": "voice",
            "to": place[4],
            "person": "debtor",
            "about": ["A"],
            "purpose": "collect",
            "mode": "live",
            "initiated_by": "collector",
            "content": {
                "opt_out_line": True,
                "threatens_suit": False,
                "limited_content": False,
                "name_signals_collection": False,
            },
        },
        "history": [],
    }


def _business(question: Json) -> Json:
    question["debtor"]["kind"] = "business"
    question["debts"][0]["purpose"] = "business"
    return question


def _with(question: Json, **changes: object) -> Json:
    return override(question, {path.replace("__", "."): value for path, value in changes.items()})


# (country, region, city, postal code, phone): numbers of the ranges kept for fiction where known
_NEW_YORK = ("US", "NY", "Buffalo", "14202", "+17165550123")
_NYC = ("US", "NY", "New York", "10001", "+12125550123")
_LOS_ANGELES = ("US", "CA", "Los Angeles", "90001", "+12135550123")
_CHICAGO = ("US", "IL", "Chicago", "60601", "+13125550123")
_BOSTON = ("US", "MA", "Boston", "02108", "+16175550123")
_WASHINGTON = ("US", "DC", "Washington", "20001", "+12025550123")
_SEATTLE = ("US", "WA", "Seattle", "98101", "+12065550123")
_CHARLESTON = ("US", "WV", "Charleston", "25301", "+13045550123")
_MIAMI = ("US", "FL", "Miami", "33101", "+13055550123")
_LAS_VEGAS = ("US", "NV", "Las Vegas", "89101", "+17025550123")
_RALEIGH = ("US", "NC", "Raleigh", "27601", "+19195550123")
_PORTLAND = ("US", "OR", "Portland", "97201", "+15035550123")
_DALLAS = ("US", "TX", "Dallas", "75201", "+12145550123")
_LONDON = ("GB", "ENG", "London", "SW1A 1AA", "+442079460123")
_GLASGOW = ("GB", "SCT", "Glasgow", "G1 1XQ", "+441414960123")
_BERLIN = ("DE", "BE", "Berlin", "10115", "+493023125123")
_TORONTO = ("CA", "ON", "Toronto", "M5H 2N2", "+14165550123")
_MONTREAL = ("CA", "QC", "Montréal", "H2Y 1C6", "+15145550123")
_BC = ("CA", "BC", "Vancouver", "V6B 1A1", "+16045550123")
_CALGARY = ("CA", "AB", "Calgary", "T2P 1J9", "+14035550123")
_MONCTON = ("CA", "NB", "Moncton", "E1C 1A1", "+15065550123")
_SYDNEY = ("AU", "NSW", "Sydney", "2000", "+61255501234")
_SAO_PAULO = ("BR", "SP", "São Paulo", "01001-000", "+551130001234")
_RIO = ("BR", "RJ", "Rio de Janeiro", "20010-000", "+552130001234")
_MUMBAI = ("IN", "MH", "Mumbai", "400001", "+912222001234")

_UK_NOON = "2026-11-24T12:00:00Z"

_MAKERS: dict[str, Callable[[], Json]] = {
    "us-ny": lambda: _question(US_NOON, "third", _NEW_YORK),
    "us-la": lambda: _question(US_NOON, "third", _LOS_ANGELES),
    "us-il": lambda: _question(US_NOON, "third", _CHICAGO),
    "us-ma-first": lambda: _with(
        _question(US_NOON, "first", _BOSTON),
        creditor__kind="hospital",
        debts__0__product="medical",
        debts__0__days_past_due=45,
        debts__0__default_on="2026-10-10",
    ),
    "us-ma": lambda: _question(US_NOON, "third", _BOSTON),
    "us-nyc": lambda: _question(US_NOON, "third", _NYC),
    "us-nyc-first": lambda: _question(US_NOON, "first", _NYC),
    "us-dc": lambda: _question(US_NOON, "third", _WASHINGTON),
    "us-dc-first": lambda: _question(US_NOON, "first", _WASHINGTON),
    "us-wa": lambda: _question(US_NOON, "third", _SEATTLE),
    "us-wa-b2b": lambda: _business(_question(US_NOON, "third", _SEATTLE)),
    "us-wv": lambda: _question(US_NOON, "third", _CHARLESTON),
    "us-wv-first": lambda: _question(US_NOON, "first", _CHARLESTON),
    "us-fl": lambda: _question(US_NOON, "third", _MIAMI),
    "us-fl-first": lambda: _question(US_NOON, "first", _MIAMI),
    "us-ca-first": lambda: _question(US_NOON, "first", _LOS_ANGELES),
    "us-nv-medical": lambda: _with(
        _question(US_NOON, "third", _LAS_VEGAS),
        debts__0__product="medical",
        debts__0__notices=[{"kind": "medical", "sent_on": "2026-08-20", "by": "letter"}],
    ),
    "us-nc-b2b": lambda: _business(_question(US_NOON, "third", _RALEIGH)),
    "us-nc-first": lambda: _question(US_NOON, "first", _RALEIGH),
    "us-or-first": lambda: _question(US_NOON, "first", _PORTLAND),
    "us-tx": lambda: _question(US_NOON, "third", _DALLAS),
    "uk": lambda: _question(_UK_NOON, "third", _LONDON, "GBP"),
    "uk-scotland": lambda: _question(_UK_NOON, "third", _GLASGOW, "GBP"),
    "uk-b2b": lambda: _business(_question(_UK_NOON, "first", _LONDON, "GBP")),
    "eu-b2b": lambda: _business(_question(_UK_NOON, "first", _BERLIN, "EUR")),
    "de-first": lambda: _question(_UK_NOON, "first", _BERLIN, "EUR"),
    "ca-on": lambda: _with(
        _question(US_NOON, "third", _TORONTO, "CAD"),
        debts__0__notices=[{"kind": "written", "sent_on": "2026-09-01", "by": "letter"}],
    ),
    "ca-qc": lambda: _question(US_NOON, "third", _MONTREAL, "CAD"),
    "ca-bc": lambda: _question(US_NOON, "third", _BC, "CAD"),
    "ca-ab": lambda: _question(US_NOON, "third", _CALGARY, "CAD"),
    "ca-fed": lambda: _with(_question(US_NOON, "first", _TORONTO, "CAD"), creditor__kind="bank"),
    "ca-nb": lambda: _question(US_NOON, "first", _MONCTON, "CAD"),
    "au": lambda: _question("2026-11-24T01:00:00Z", "third", _SYDNEY, "AUD"),
    "br-sp": lambda: _question("2026-11-24T15:00:00Z", "third", _SAO_PAULO, "BRL"),
    "br-rj": lambda: _question("2026-11-24T15:00:00Z", "third", _RIO, "BRL"),
    "in": lambda: _with(
        _question("2026-11-24T06:30:00Z", "third", _MUMBAI, "INR"), creditor__kind="lender"
    ),
}

SETTINGS: Sequence[str] = tuple(_MAKERS)


def question(setting: str, changes: Mapping[str, object] | None = None) -> Json:
    """The base question of a setting, with changes by path (see `override`)."""
    base = _MAKERS[setting]()
    return override(base, changes) if changes else base


def override(question: Json, changes: Mapping[str, object]) -> Json:
    """A copy with the values at dotted paths replaced.

    `debts.+` appends a copy of the first debt with the value merged over it (the same for every
    list); the value `__drop__` takes the member away, which makes it unknown; `history` takes
    lines, see `entries`.
    """
    changed = copy.deepcopy(question)
    for path, value in changes.items():
        *way, last = path.split(".")
        node: Any = changed
        for step in way:
            node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
        if last == "history" and isinstance(value, list):
            value = [entry for line in value for entry in entries(line)]
        _put(node, last, value)
    return changed


def _put(node: Any, last: str, value: object) -> None:
    if isinstance(node, list) and last == "+":
        assert isinstance(value, dict), value
        node.append({**copy.deepcopy(node[0]), **value} if node else value)
    elif value == "__drop__":
        node.pop(int(last) if isinstance(node, list) else last, None)
    elif isinstance(node, list):
        node[int(last)] = value
    else:
        node[last] = value


def entries(line: object) -> list[Json]:
    """History from one line: `7x 2026-11-17T15:00Z voice no_answer about=A,B to=+1… by=debtor`."""
    if isinstance(line, dict):
        return [line]
    text = str(line)
    repeated = _REPEAT.fullmatch(text)
    times = int(repeated[1]) if repeated else 1
    at, channel, outcome, *more = (repeated[2] if repeated else text).split()
    members = dict(part.split("=", 1) for part in more)
    entry: Json = {
        "channel": channel,
        "outcome": outcome,
        "about": members.pop("about", "A").split(","),
        "initiated_by": members.pop("by", "collector"),
        **members,
    }
    start = datetime.fromisoformat(at.replace("Z", "+00:00"))
    return [{"at": instant(start + n * _EVERY), **copy.deepcopy(entry)} for n in range(times)]


def instant(when: datetime) -> str:
    """RFC 3339 in UTC, as the contract writes instants."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
