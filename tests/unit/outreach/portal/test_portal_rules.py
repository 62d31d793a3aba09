"""The portal's rules: who is known, when answers are taken, codes, sessions, limits."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.portal.domain import codes, limits, lockouts, sessions
from services.outreach.portal.domain.identification import (
    KnownAccount,
    VisitorAnswers,
    Way,
    is_known,
    needs_code,
    way_of,
)

NOON = datetime(2027, 3, 2, 12, tzinfo=UTC)
ADA = KnownAccount(False, "Ada Lüdecke-Müller", ("10115",), ("+49 30 123456789",))
PHONED = KnownAccount(False, "Ada", (), ("+49 30 123456",))
ACME = KnownAccount(True, "ACME Ltd", ("SW1A 1AA",), (), ("INV-1",))


@pytest.mark.parametrize(
    ("account", "way"),
    [
        (ADA, "name-postcode"),
        (KnownAccount(False, "Ada", (), ("+49 30 123",)), "name-phone"),
        (KnownAccount(False, "Ada", ("-",), ("12",)), "code"),
        (KnownAccount(False, None, ("10115",), ("+49 30 123456",)), "code"),
        (ACME, "postcode"),
        (KnownAccount(True, "ACME", (), ("+49 30 1",), ("INV-1",)), "invoice"),
        (KnownAccount(True, "ACME"), "code"),
    ],
)
def test_what_is_asked_is_what_is_known(account: KnownAccount, way: Way) -> None:
    assert way_of(account) == way
    assert needs_code([account]) is (way == "code")


@pytest.mark.parametrize(
    ("account", "answers", "fits"),
    [
        (ADA, VisitorAnswers(name="muller", postcode="10115"), True),
        (ADA, VisitorAnswers(name="Ada LUDECKE MÜLLER", postcode=" 10 115 "), True),
        (ADA, VisitorAnswers(name="Müller", postcode="10117"), False),
        (ADA, VisitorAnswers(name="Ada", postcode="10115"), False),
        (ADA, VisitorAnswers(postcode="10115"), False),
        (ADA, VisitorAnswers(name="Müller", phone4="6789"), False),  # a postcode is known
        (ADA, VisitorAnswers(), False),
        (ACME, VisitorAnswers(postcode="sw1a1aa"), True),
        (ACME, VisitorAnswers(postcode="SW1A 1AA", name="whoever"), True),
        (ACME, VisitorAnswers(invoice="INV-1"), False),
        (KnownAccount(True, "A", (), (), ("INV-1", "I1")), VisitorAnswers(invoice="inv 1"), True),
        (
            PHONED,
            VisitorAnswers("ADA", None, "3456"),
            True,
        ),
        (
            PHONED,
            VisitorAnswers("ADA", None, "456"),
            False,
        ),
        (KnownAccount(False, "Ada"), VisitorAnswers("Ada", "", "", ""), False),
    ],
)
def test_who_knows_it_is_let_in(account: KnownAccount, answers: VisitorAnswers, fits: bool) -> None:
    assert is_known([account], answers) is fits
    other = KnownAccount(False, "Nobody", ("99999",))
    assert is_known([other, account], answers) is fits


@settings(max_examples=100)
@given(st.builds(VisitorAnswers, *[st.none() | st.text(max_size=12)] * 4))
def test_an_empty_record_lets_nobody_in(answers: VisitorAnswers) -> None:
    for account in (
        KnownAccount(False, "", ("",), ("",), ("",)),
        KnownAccount(True, "  ", (" - ",), ("++",), ("/",)),
    ):
        assert not is_known([account], answers)


def test_five_wrong_answers_lock_for_an_hour_and_ten_until_midnight() -> None:
    wrong = [NOON + timedelta(seconds=each) for each in range(5)]
    assert lockouts.locked_until(wrong[:4], "UTC", NOON + timedelta(seconds=9)) is None
    until = lockouts.locked_until(wrong, "UTC", NOON + timedelta(seconds=9))
    assert until == wrong[4] + timedelta(hours=1)
    later = until
    assert lockouts.locked_until(wrong, "UTC", later) is None
    wrong += [later + timedelta(seconds=each) for each in range(5)]
    midnight = datetime(2027, 3, 3, tzinfo=UTC)
    assert lockouts.locked_until(wrong[:9], "UTC", later + timedelta(minutes=1)) is None
    assert lockouts.locked_until(wrong, "UTC", later + timedelta(hours=2)) == midnight
    assert lockouts.locked_until(wrong, "UTC", midnight) is None
    assert lockouts.locked_until(wrong, "Asia/Tokyo", NOON + timedelta(hours=1, seconds=9)) == (
        datetime(2027, 3, 2, 15, tzinfo=UTC)
    )


def test_five_wrong_answers_around_midnight_lock_too() -> None:
    before = datetime(2027, 3, 2, 23, 59, tzinfo=UTC)
    wrong = [before + timedelta(seconds=30 * each) for each in range(5)]
    now = before + timedelta(minutes=5)
    assert lockouts.locked_until(wrong, "UTC", now) == wrong[4] + timedelta(hours=1)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 3 * 24 * 3600), max_size=40))
def test_no_more_than_ten_wrong_answers_are_taken_on_a_day(offsets: list[int]) -> None:
    taken: list[datetime] = []
    for offset in sorted(offsets):
        now = NOON + timedelta(seconds=offset)
        until = lockouts.locked_until(taken, "UTC", now)
        assert until is None or until > now
        if until is None:
            taken.append(now)
        assert lockouts.locked_until(lockouts.kept(taken, now), "UTC", now) == (
            lockouts.locked_until(taken, "UTC", now)
        )
    for day in {at.date() for at in taken}:
        assert sum(at.date() == day for at in taken) <= lockouts.WRONG_LOCKS_DAY
    for first, fifth in zip(taken, taken[5:], strict=False):
        assert fifth - first >= timedelta(0)


def test_a_code_fits_for_ten_minutes_and_five_tries() -> None:
    key, link = b"k" * 32, b"l" * 10
    code = codes.new_code()
    assert len(code) == 6
    assert code.isdecimal()
    sent = codes.SentCode(codes.mark_of(code, key, link), NOON + codes.CODE_LASTS)
    assert sent.fits(f" {code} ", key, link, NOON)
    assert not sent.fits(code, key, b"m" * 10, NOON)
    assert not sent.fits(code, b"q" * 32, link, NOON)
    assert not sent.fits(code, key, link, NOON + codes.CODE_LASTS)
    worn = codes.SentCode(sent.mark, sent.expires_at, tries=codes.CODE_TRIES)
    assert not worn.fits(code, key, link, NOON)


def test_a_session_ends_after_half_an_hour_of_silence() -> None:
    session = sessions.PortalSession("demo", b"l", "c", "account/C1", 1, "en", NOON, NOON)
    assert not session.is_over(NOON + timedelta(minutes=29, seconds=59))
    assert session.is_over(NOON + timedelta(minutes=30))
    one, two = sessions.new_token(), sessions.new_token()
    assert one != two
    assert sessions.token_hash(one) != sessions.token_hash(two)
    assert sessions.cookie_name(is_local=False) == "__Host-recoup-portal"


def test_requests_are_counted_by_the_minute() -> None:
    counts = limits.RequestCounts()
    for number in range(limits.A_MINUTE_PER_LINK):
        assert counts.refused_for("link", limits.A_MINUTE_PER_LINK, number * 0.5) == 0
    assert counts.refused_for("link", limits.A_MINUTE_PER_LINK, 30.0) == 30.0
    assert counts.refused_for("other", limits.A_MINUTE_PER_LINK, 30.0) == 0
    assert counts.refused_for("link", limits.A_MINUTE_PER_LINK, 60.0) == 0
