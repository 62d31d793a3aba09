"""Questions at random: every setting, any instant, DST nights, plural zones, any history."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.unit.outreach.compliance.questions import SETTINGS, Json, instant, override, question

CHANNELS = ("voice", "voicemail", "sms", "email", "letter", "social_dm", "in_person")
OUTCOMES = {
    "voice": (
        "busy",
        "not_in_service",
        "no_answer",
        "voicemail_no_message",
        "voicemail_limited_content",
        "voicemail_full",
        "answered_dropped",
        "conversation",
    ),
    "voicemail": ("voicemail_no_message", "voicemail_limited_content", "voicemail_full"),
    "sms": ("sent", "delivered", "bounced"),
    "email": ("sent", "delivered", "bounced"),
    "letter": ("sent", "delivered", "bounced"),
    "social_dm": ("sent", "delivered"),
    "in_person": ("no_answer", "conversation"),
}

# Split and overlay area codes, toll-free, other countries: one more place the debtor may be.
NUMBERS = (
    "+12125550123",
    "+18505550123",
    "+14235550123",
    "+19305550123",
    "+19285550123",
    "+19075810123",
    "+18085550123",
    "+18005550123",
    "+16045550123",
    "+447700900123",
    "+61412345678",
    "+912222001234",
    "+551130001234",
)
ADDRESSES: tuple[Json, ...] = (
    {"country": "US", "region": "MA", "city": "Boston", "postal_code": "02108"},
    {"country": "US", "region": "NY", "city": "New York", "postal_code": "10001"},
    {"country": "US", "region": "NY"},
    {"country": "US", "region": "AZ", "city": "Tuba City", "postal_code": "86045"},
    {"country": "US", "region": "AK", "city": "Unalaska", "postal_code": "99685"},
    {"country": "US", "region": "HI", "city": "Honolulu", "postal_code": "96813"},
    {"country": "US"},
    {"country": "CA", "region": "QC", "city": "Montréal", "postal_code": "H2Y 1C6"},
    {"country": "GB"},
    {"country": "GB", "region": "SCT"},
    {"country": "AU", "region": "WA", "city": "Perth", "postal_code": "6000"},
    {"country": "BR", "region": "RJ"},
    {"country": "IN"},
    {"country": "FR"},
    {"country": "JP"},
)

# The optional members of the published contract's own example: absent, they are not known.
_PUBLIC = """
    language deceased vulnerable military addresses phones emails bankruptcy_filed_at
    breathing_space_from attorney cease_requested_at refused_channels inconvenient consents opt_outs
    country region city postal_code type use consent employer_provided since debts purpose product
    days_past_due amount_minor currency disputed default_on accelerated validation_notice_sent_on
    to about mode initiated_by opt_out_line threatens_suit history outcome notices dispute
    periodic_statements entered_on contract_type person creditor kind reassigned limited_content
    name_signals_collection
    """
PUBLIC = frozenset(_PUBLIC.split())

_TURNS = (  # nights on which clocks change
    "2026-03-08T08:00:00Z",
    "2026-11-01T06:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-04-04T16:00:00Z",
    "2026-10-03T16:00:00Z",
    "2028-02-29T12:00:00Z",
)
_MINUTE = timedelta(minutes=1)
_FORTNIGHT = 14 * 24 * 60


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Any minute of three years, and often one near a turn of the clock or an hour's edge."""
    near = draw(st.sampled_from(("any", "turn", "autumn")))
    if near == "turn":
        start = moment(draw(st.sampled_from(_TURNS)))
        return start + draw(st.integers(-24 * 60, 24 * 60)) * _MINUTE
    if near == "autumn":
        return moment("2026-11-15T00:00:00Z") + draw(st.integers(0, 4 * _FORTNIGHT)) * _MINUTE
    return moment("2025-01-01T00:00:00Z") + draw(st.integers(0, 3 * 366 * 24 * 60)) * _MINUTE


@st.composite
def attempts(draw: st.DrawFn, at: datetime, *, by: tuple[str, ...]) -> Json:
    """One entry of a history that ends before `at`."""
    channel = draw(st.sampled_from(("voice", *CHANNELS)))
    back = draw(st.one_of(st.integers(0, 7 * 24 * 60), st.integers(0, 70 * 24 * 60)))
    return {
        "at": instant(at - back * _MINUTE),
        "channel": channel,
        "outcome": draw(st.sampled_from(OUTCOMES[channel])),
        "about": draw(st.sampled_from((["A"], ["B"], ["A", "B"]))),
        "initiated_by": draw(st.sampled_from(by)),
    }


@st.composite
def _facts(draw: st.DrawFn, at: datetime) -> Json:
    """What else may be so, all of it before the instant asked about."""
    before = instant(at - draw(st.integers(1, 60 * 24 * 60)) * _MINUTE)
    options: list[Json] = [
        {},
        {"debtor.refused_channels": [draw(st.sampled_from(CHANNELS))]},
        {"debtor.opt_outs": [{"channel": draw(st.sampled_from(CHANNELS)), "at": before}]},
        {"debtor.attorney": {"since": before, "debts": [draw(st.sampled_from("AB"))]}},
        {"debtor.cease_requested_at": before},
        {"debtor.bankruptcy_filed_at": before},
        {"debtor.breathing_space_from": before[:10]},
        {
            "debtor.inconvenient": [
                {"days": ["mon", "wed", "sun"], "from": "08:00", "to": "16:30"},
                {"days": ["tue"], "from": "18:00", "to": "24:00"},
            ]
        },
        {
            "debtor.consents": [
                {"kind": kind, "given_to": "collector", "at": before}
                for kind in ("extra_calls", "sms", "email", "voice")
            ]
        },
        {"debts.0.disputed": True},
        {"debts.0.validation_notice_sent_on": None},
        {"debts.0.notices": []},
        {"contact.content.threatens_suit": True},
        {"contact.content.opt_out_line": False},
        {"contact.mode": "prerecorded", "debtor.phones.0.consent": "none"},
        {"contact.mode": "ai_voice"},
        {"contact.person": "third_party"},
        {"contact.about": ["A", "B"]},
        {"debtor.phones.0.reassigned": "no_data"},
        {"debts.0.accelerated": True},
        {"debts.0.default_on": "2019-03-01"},
    ]
    return draw(st.sampled_from(options))


@st.composite
def questions(draw: st.DrawFn, *, past: int = 12) -> Json:
    """A whole question: nothing of the public core is unknown in it."""
    setting = draw(st.sampled_from(SETTINGS))
    at = draw(instants())
    channel = draw(st.sampled_from(CHANNELS))
    day = at.date()
    by = draw(st.sampled_from((("collector",), ("collector", "debtor"))))
    changes: Json = {
        "at": instant(at),
        "contact.channel": channel,
        "debts.0.default_on": str(day - timedelta(days=100)),
        "debts.0.entered_on": str(day - timedelta(days=500)),
        "debts.0.validation_notice_sent_on": str(day - timedelta(days=80)),
        "debts.+": {"id": "B"},
        "history": draw(st.lists(attempts(at, by=by), max_size=past)),
    }
    if draw(st.booleans()):
        changes["debtor.consents"] = [
            {"kind": kind, "given_to": "collector", "at": instant(at - timedelta(days=20))}
            for kind in ("email", "sms")
        ]
    if channel == "email":
        changes["contact.to"] = "a@example.com"
    if channel in {"letter", "in_person"}:
        changes["contact.to"] = "__drop__"
    for more in draw(st.lists(_facts(at), max_size=3)):
        changes |= more
    asked = question(setting, {})
    for notice in asked["debts"][0]["notices"]:
        notice["sent_on"] = str(day - timedelta(days=80))
    asked = override(asked, changes)
    for number in draw(st.lists(st.sampled_from(NUMBERS), max_size=2, unique=True)):
        asked = with_phone(asked, number)
    return asked


def with_phone(asked: Json, number: str) -> Json:
    """The debtor has one more number, which may be in another zone."""
    return override(asked, {"debtor.phones.+": {"number": number}})


def with_address(asked: Json, address: Json) -> Json:
    """The debtor has one more address, under more law and perhaps in another zone."""
    debtor = asked["debtor"]
    return override(asked, {"debtor.addresses": [*debtor["addresses"], address]})


def members(asked: Json) -> list[str]:
    """The paths of all optional members of the public core in a question."""
    found = [f"debtor.{name}" for name in asked["debtor"] if name != "kind"]
    found += [f"debts.0.{name}" for name in asked["debts"][0] if name != "id"]
    found += [f"contact.{name}" for name in asked["contact"] if name != "channel"]
    found += [f"contact.content.{name}" for name in asked["contact"].get("content", ())]
    found += [
        f"debtor.phones.{index}.{name}"
        for index, phone in enumerate(asked["debtor"].get("phones") or ())
        for name in phone
        if name != "number"
    ]
    found += [
        f"debtor.addresses.{index}.{name}"
        for index, address in enumerate(asked["debtor"].get("addresses") or ())
        for name in address
    ]
    if asked["debtor"].get("attorney"):
        found += ["debtor.attorney.debts", "debtor.attorney.since"]
    for index in range(len(asked.get("history") or ())):
        found += [f"history.{index}.outcome", f"history.{index}.about"]
    found += [name for name in ("history", "creditor") if name in asked]
    return [*found, "creditor.kind"] if asked.get("creditor") else found
