"""What people said: the last word counts; over several accounts, the stricter one."""

from datetime import timedelta
from typing import Any

import pytest

from services.outreach.consents.domain import (
    ChannelConsent,
    Preference,
    anonymous,
    current_consents,
    current_preferences,
    granted,
    merged,
)
from tests.unit.outreach.builders import at

MONDAY = at("2026-03-02 10:00")
TUESDAY = MONDAY + timedelta(days=1)
NUMBER = "+491711234567"


def consent(state: Any, instant: Any = MONDAY, **fields: Any) -> ChannelConsent:
    return ChannelConsent(channel="sms", kind="sms", state=state, at=instant, **fields)


@pytest.mark.parametrize(
    ("consents", "is_granted"),
    [
        ([], False),
        ([consent("granted")], True),
        ([consent("granted"), consent("revoked", TUESDAY)], False),
        ([consent("revoked"), consent("granted", TUESDAY)], True),
        ([consent("granted", TUESDAY), consent("revoked", MONDAY)], True),  # told late
        ([consent("granted"), consent("revoked")], False),  # the same instant: the later record
        ([consent("granted", address=NUMBER), consent("revoked", TUESDAY)], False),
        ([consent("granted", address=NUMBER), consent("revoked", TUESDAY, address="x")], True),
        ([consent("granted"), consent("revoked", TUESDAY, address=NUMBER)], True),
        ([consent("granted", TUESDAY + timedelta(seconds=1))], False),  # not said yet
    ],
)
def test_the_last_word_on_a_consent_counts(
    consents: list[ChannelConsent], is_granted: bool
) -> None:
    assert bool(granted(current_consents(consents, TUESDAY))) is is_granted


def test_the_last_word_on_each_kind_counts() -> None:
    said = [
        Preference("language", "de", MONDAY),
        Preference("language", "en", TUESDAY),
        Preference("vulnerable", True, MONDAY),
        Preference("language", "fr", TUESDAY + timedelta(days=1)),
    ]
    found = current_preferences(said, TUESDAY)
    assert {kind: preference.value for kind, preference in found.items()} == {
        "language": "en", "vulnerable": True,
    }  # fmt: skip


def stated(**values: Any) -> dict[str, Preference]:
    return {kind: Preference(kind, value, MONDAY) for kind, value in values.items()}


@pytest.mark.parametrize(
    ("one", "two", "together"),
    [
        ({"refused_channels": ["sms"]}, {"refused_channels": ["email"]}, ["sms", "email"]),
        ({"refused_channels": ["sms"]}, {"refused_channels": []}, ["sms"]),
        ({"deceased": True}, {"deceased": False}, True),
        ({"cease_requested_at": "2026-02-02"}, {"cease_requested_at": "2026-02-01"}, "2026-02-01"),
        ({"cease_form": "oral"}, {"cease_form": "written"}, "written"),
        ({"breathing_space_from": "2026-01-01"}, {"breathing_space_from": "2026-02-01"},
         "2026-02-01"),
        ({"attorney": {"since": "2026-02-02", "debts": ["A"]}},
         {"attorney": {"since": "2026-02-01", "debts": ["B"]}},
         {"since": "2026-02-01", "debts": ["A", "B"]}),
        ({"attorney": {"since": "2026-02-02", "debts": ["A"]}},
         {"attorney": {"since": "2026-02-03", "debts": None}}, {"since": "2026-02-02"}),
    ],
)  # fmt: skip
def test_over_a_persons_accounts_the_stricter_counts(
    one: dict[str, Any], two: dict[str, Any], together: Any
) -> None:
    (kind,) = one
    assert merged([stated(**one), stated(**two)]) == {kind: together}


def test_what_was_taken_back_is_not_there_any_more() -> None:
    assert merged([stated(vulnerable=False, attorney=None, refused_channels=[])]) == {}


def test_a_confirmed_zone_says_since_when() -> None:
    found = merged([stated(timezone="Europe/Berlin")])
    assert found == {"timezone": "Europe/Berlin", "timezone_confirmed_at": MONDAY}


def test_erasure_keeps_the_wish_without_the_name() -> None:
    attorney = {
        "since": "2026-02-01",
        "debts": ["A"],
        "name": "A. Lawyer",
        "contact": "a@b.example",
    }
    assert anonymous("attorney", attorney) == {"since": "2026-02-01", "debts": ["A"]}
    assert anonymous("refused_channels", ["sms"]) == ["sms"]
