"""What tenants of one organisation know of each other's contacts."""

import pytest

from services.outreach.organisations.domain import OrganisationSettings, marks_of, read_settings
from shared.errors import Invalid

KEY = b"k" * 32


def test_a_person_is_known_again_by_any_address_and_nothing_can_be_read_back() -> None:
    one = marks_of(KEY, "shops", ["Ada@Example.com", "+4915112345678"], None)
    other = marks_of(KEY, "shops", ["ada@example.com"], None)
    assert len(one) == 2
    assert other < one
    assert not any(b"ada" in mark or b"4915" in mark for mark in one)


def test_marks_are_of_one_organisation_and_one_key() -> None:
    marks = {
        next(iter(marks_of(key, name, ["ada@example.com"], None)))
        for key, name in ((KEY, "shops"), (KEY, "banks"), (b"q" * 32, "shops"))
    }
    assert len(marks) == 3


def test_a_debtor_id_is_a_mark_only_where_it_is_shared() -> None:
    assert marks_of(KEY, "shops", [], None) == frozenset()
    assert marks_of(KEY, "shops", [], "D1") != marks_of(KEY, "shops", ["D1"], None)


def test_settings_have_defaults_and_name_what_is_wrong() -> None:
    assert read_settings(b"{}") == OrganisationSettings()
    assert read_settings(b'{"caps": {"gap_days": 2}}').caps.per_7_days == 3
    for document, pointer in (
        (b'{"caps": {"gap_days": -1}}', "/caps/gap_days"),
        (b'{"caps": {"per_7_days": 0}}', "/caps/per_7_days"),
        (b'{"shared": true}', ""),
    ):
        with pytest.raises(Invalid) as caught:
            read_settings(document)
        assert caught.value.errors[0].pointer.startswith(pointer)
