"""Tokens in addresses and links, byte for byte."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outreach.channels.domain.tokens import (
    LinkKey,
    LinkKeys,
    address_local_part,
    address_token,
    portal_link,
    portal_link_id,
    read_address_local_part,
    read_address_token,
    read_portal_link,
)
from shared.errors import Invalid

CONTACT = "6f1c1d9a-2b7e-5c3d-9e4f-0123456789ab"
KEY = LinkKey(1, b"\x01" * 32)
OTHER = LinkKey(2, b"\x02" * 32)
EXPIRY = datetime(2027, 4, 2, 8, tzinfo=UTC)


def test_out_g12_tokens_of_addresses_and_the_portal_link() -> None:
    """OUT-G12"""
    assert address_local_part("b", CONTACT, KEY) == "b+n4ob3grlpzod3hspaerukz4jvoe4k3eabe"
    assert address_local_part("r", CONTACT, KEY) == "r+n4ob3grlpzod3hspaerukz4jvof354ytju"
    assert portal_link("demo", CONTACT, EXPIRY, KEY) == "AQHzv5LHIyWQzYO7AAeoWARoEwVY4yeN"


@given(st.uuids(), st.sampled_from(("b", "r", "u", "c")))
def test_a_token_leads_back_to_its_contact_for_its_letter_alone(contact: UUID, letter: str) -> None:
    token = address_token(letter, str(contact), KEY)  # type: ignore[arg-type]
    for each in ("b", "r", "u", "c"):
        found = read_address_token(each, token, [KEY])
        assert found == (str(contact) if each == letter else None)


def test_two_keys_hold_while_they_are_exchanged() -> None:
    before = address_local_part("r", CONTACT, OTHER)
    link = portal_link("demo", CONTACT, EXPIRY, OTHER)
    both = LinkKeys(KEY, (OTHER,)).all
    assert read_address_local_part(before, both) == ("r", CONTACT)
    found = read_portal_link(link, both)
    assert found is not None
    assert found.link_id == portal_link_id("demo", CONTACT, OTHER)
    assert read_address_local_part(before, [KEY]) is None
    assert read_portal_link(link, [KEY]) is None


def test_a_server_on_the_way_may_write_capitals() -> None:
    assert read_address_local_part(address_local_part("b", CONTACT, KEY).upper(), [KEY]) == (
        "b",
        CONTACT,
    )


@given(st.integers(0, 33), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_changed_letter_makes_it_nobodys(place: int, letter: str) -> None:
    token = address_token("u", CONTACT, KEY)
    changed = token[:place] + letter + token[place + 1 :]
    assert read_address_token("u", changed, [KEY]) == (CONTACT if changed == token else None)


@given(st.text(max_size=60))
def test_any_text_is_read_without_harm(text: str) -> None:
    assert read_address_token("u", text, [KEY]) is None
    assert read_address_local_part(text, [KEY]) is None
    assert read_address_local_part(f"u+{text}", [KEY]) is None
    assert read_portal_link(text, [KEY]) is None


@given(st.integers(0, 23), st.integers(0, 255))
def test_a_changed_byte_makes_a_link_forged(place: int, value: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(portal_link("demo", CONTACT, EXPIRY, KEY)))
    is_same = raw[place] == value
    raw[place] = value
    found = read_portal_link(base64.urlsafe_b64encode(raw).decode(), [KEY])
    assert (found is not None) is is_same


def test_a_link_lives_until_its_hour_has_come() -> None:
    link = read_portal_link(portal_link("demo", CONTACT, EXPIRY, KEY), [KEY])
    assert link is not None
    assert not link.is_expired(EXPIRY - timedelta(microseconds=1))
    assert link.is_expired(EXPIRY)
    begun = portal_link("demo", CONTACT, EXPIRY - timedelta(minutes=59), KEY)
    assert begun == portal_link("demo", CONTACT, EXPIRY, KEY)


def test_links_of_two_tenants_have_nothing_in_common() -> None:
    assert portal_link_id("demo", CONTACT, KEY) != portal_link_id("other", CONTACT, KEY)


def _encoded(size: int) -> str:
    return base64.urlsafe_b64encode(b"\xfe" * size).decode().rstrip("=")


def test_keys_are_read_with_the_signing_one_first() -> None:
    keys = LinkKeys.read(f"7:{_encoded(32)}, 6:{_encoded(40)}=")
    assert [key.id for key in keys.all] == [7, 6]
    assert keys.signing.secret == b"\xfe" * 32
    assert "\\xfe" not in repr(keys)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not number:key"),
        (_encoded(32), "is not number:key"),
        (f"256:{_encoded(32)}", "up to 255"),
        (f"-1:{_encoded(32)}", "up to 255"),
        ("1:ä", "not base64"),
        ("1:a", "not base64"),
        (f"1:{_encoded(31)}", "31 bytes"),
        (f"1:{_encoded(32)},1:{_encoded(33)}", "two keys of one number"),
        (f"1:{_encoded(32)},2:{_encoded(33)},3:{_encoded(34)}", "3 keys"),
    ],
)
def test_keys_that_make_no_sense_are_refused_without_repeating_them(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why) as caught:
        LinkKeys.read(text)
    assert _encoded(32) not in str(caught.value.detail)
