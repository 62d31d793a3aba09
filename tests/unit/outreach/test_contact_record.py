"""The contact record: its chain of hashes, and the checker that needs only the file."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach import verify
from services.outreach.activity.domain.contact_record import (
    FIRST_PREV,
    ChainedEntry,
    NewEntry,
    canonical,
    chained,
    entries_of,
    shown,
)
from shared.events import OUTREACH, Event, outreach
from tests.unit.outreach.builders import at

CONTACT = "6f1c1d9a-2b7e-5c3d-9e4f-0123456789ab"


def chain(*entries: NewEntry) -> list[ChainedEntry]:
    links: list[ChainedEntry] = []
    for entry in entries:
        prev = links[-1].hash if links else FIRST_PREV
        links.append(chained(entry, len(links) + 1, prev))
    return links


def an_entry(hour: int, kind: str, **data: Any) -> NewEntry:
    return NewEntry("demo", "C1", datetime(2027, 3, 3, hour, tzinfo=UTC), kind, CONTACT, data)


def exported(links: list[ChainedEntry]) -> bytes:
    return b"".join(shown(link.entry, link.hash) + b"\n" for link in links)


def test_out_g13_the_record_is_a_chain_of_hashes() -> None:
    """OUT-G13."""
    links = chain(
        NewEntry("demo", "C1", at("2027-03-03 08:00"), "sent", CONTACT,
                 {"channel": "email", "step": "reminder"}),
        NewEntry("demo", "C1", at("2027-03-04 09:30"), "reply", CONTACT, {"class": "claim"}),
    )  # fmt: skip
    assert [link.hash for link in links] == [
        "375f72a4c41aa5565cb00e78bdc64687d7b5604f54a4a6c9a108c8a4484df485",
        "91a6b1bef8ab549c50c82804946a7aec720abd403df2d4d3c78cd16b8bf77c68",
    ]


def checked(tmp_path: Path, content: bytes) -> int:
    file = tmp_path / "record.ndjson"
    file.write_bytes(content)
    return verify.main([str(file)])


THREE = exported(chain(an_entry(8, "planned"), an_entry(9, "sent"), an_entry(10, "reply")))


def test_a_whole_record_is_found_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tmp_path, THREE) == 0
    assert capsys.readouterr().out == "3 entries, whole\n"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (THREE.replace(b'"reply"', b'"other"'), 1),
        (b"".join(THREE.splitlines(keepends=True)[1:]), 1),  # the first is missing
        (b"".join(THREE.splitlines(keepends=True)[::2]), 1),  # one in between
        (b"".join(reversed(THREE.splitlines(keepends=True))), 1),
        (THREE.replace(b'"n":2', b'"n":7'), 1),
        (THREE[:-20], 2),
        (b"hello\n", 2),
        (b'{"n":1}\n', 2),
        (THREE.replace(b'"n":2', b'"n":2,"n":2'), 2),
    ],
)  # fmt: skip
def test_what_was_changed_is_seen(tmp_path: Path, content: bytes, code: int) -> None:
    assert content != THREE
    assert checked(tmp_path, content) == code


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"\u20ac": 1, "\r": 2, "\U0001f600": 3, "\ufb33": 4},
         '{"\\r":2,"€":1,"😀":3,"\ufb33":4}'),  # by UTF-16, RFC 8785 3.2.3
        (1.0, "1"), (0.5, "0.5"), (1e21, "1e+21"), (1e-7, "1e-7"), (0.000001, "0.000001"),
        (0.0000012, "0.0000012"), (4.5, "4.5"), (-0.0, "0"), (1.5e300, "1.5e+300"),
        ("\u007f\u2028é\"\\", '"\u007f\u2028é\\"\\\\"'),
    ],
)  # fmt: skip
def test_json_is_written_as_rfc_8785_has_it(value: Any, text: str) -> None:
    assert canonical(value) == text.encode()
    assert verify.canonical(value) == text.encode()


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=80)
@given(st.lists(st.dictionaries(st.text(max_size=5), _json, max_size=3), max_size=5))
def test_whatever_is_recorded_is_found_whole(found: list[dict[str, Any]]) -> None:
    links = chain(*(an_entry(8, "sent", x=data) for data in found))
    lines = [json.loads(line) for line in exported(links).splitlines()]
    assert list(verify.faults_of(iter(enumerate(lines, 1)))) == []
    for line in lines:
        changed = [{**each, "kind": "x"} if each is line else each for each in lines]
        assert list(verify.faults_of(iter(enumerate(changed, 1))))


def test_each_account_s_record_names_its_own_invoices_only() -> None:
    covers = tuple(
        outreach.Cover(account_id=name, checked_sequence=3, invoice_ids=(f"I-{name}",))
        for name in ("C1", "C2")
    )
    sent = outreach.ContactSent(
        contact_id=CONTACT, account_id="C1", channel="email", strategy="s", strategy_version="1",
        step="reminder", tone="friendly", covers=covers, sent_at=at("2027-03-03 08:00"),
        message_id="m",
    )  # fmt: skip
    event = Event(
        topic=OUTREACH, tenant="demo", key="C1", type="contact-sent", entity=CONTACT, cause="sent",
        time=at("2027-03-03 08:00"), recordedtime=at("2027-03-03 08:00"), data=sent,
    )  # fmt: skip
    first, second = entries_of(event, ("C1", "C2"))
    assert (first.account_id, first.data["invoice_ids"]) == ("C1", ["I-C1"])
    assert (second.account_id, second.data["invoice_ids"]) == ("C2", ["I-C2"])
    assert "C2" not in str(first.data)
