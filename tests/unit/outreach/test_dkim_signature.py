"""DKIM signatures, checked by another implementation than ours."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from services.outreach.channels.domain.dkim_signature import SIGNED_HEADERS, DkimKey, signed
from shared.errors import Invalid
from tests import dkim_oracle

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
RSA = generate_private_key(65537, 2048)
PEM = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
KEY = DkimKey.read("creditor.example", "r1", PEM)
HEAD = (
    "From: =?utf-8?q?M=C3=BCller?=\n <accounts@creditor.example>\nTo: b@example.com\n"
    "Subject:  two   words \nDate: Tue, 03 Mar 2026 09:00:00 +0000\nMessage-ID: <1@x>\n"
    "List-Unsubscribe: <https://pay.example/u/abc>,\n <mailto:u+abc@r.example>\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
)


def verify(message: bytes) -> bool:
    der = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = base64.b64encode(der).decode()
    records = {"r1._domainkey.creditor.example.": f"v=DKIM1; k=rsa; p={key}"}
    return dkim_oracle.verify(message, records)


def test_another_implementation_verifies_it_over_the_headers_that_count() -> None:
    message = signed(f"{HEAD}\nOne line\n\n".encode(), KEY, AT)
    assert verify(message)
    head = message.partition(b"\r\nFrom:")[0]
    assert b"a=rsa-sha256" in head
    assert b"c=relaxed/relaxed" in head
    listed = b"".join(head.split()).partition(b"h=")[2].partition(b";")[0]
    assert listed.decode().split(":") == list(SIGNED_HEADERS)
    assert max(map(len, message.split(b"\r\n"))) < 79


@given(st.text(alphabet=" \t\r\n.=aé-", max_size=200), st.text(alphabet=" \ta=é:", max_size=60))
def test_whatever_the_body_and_the_subject_are(body: str, subject: str) -> None:
    message = f"From: a@creditor.example\nTo: b@x\nSubject: {subject}\n\n{body}".encode()
    assert verify(signed(message, KEY, AT))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"two   words", b"three words"),
        (b"b@example.com", b"c@example.com"),
        (b"/u/abc", b"/u/abd"),
        (b"One-Click", b"Two-Click"),
        (b"One line", b"One lie"),
        (b"\r\nTo:", b"\r\nReply-To: evil@example.com\r\nTo:"),  # signed as not there
    ],
)
def test_what_is_changed_on_the_way_breaks_it(before: bytes, after: bytes) -> None:
    message = signed(f"{HEAD}\nOne line\n".encode(), KEY, AT)
    assert before in message
    assert not verify(message.replace(before, after, 1))


def test_blanks_and_folds_on_the_way_do_not() -> None:
    message = signed(f"{HEAD}\nOne line\n".encode(), KEY, AT)
    assert verify(message.replace(b"two   words", b"two\r\n words") + b"\r\n\r\n")


def test_a_key_may_stand_on_one_line() -> None:
    assert DkimKey.read("x.example", "s", PEM.replace("\n", "\\n")).key.key_size == 2048
    assert "PrivateKey" not in repr(KEY)


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        ("", "no private key"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "no private key"),
        (
            Ed25519PrivateKey.generate()
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode(),
            "not an RSA key",
        ),
    ],
)
def test_what_is_no_such_key_is_refused(pem: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        DkimKey.read("x.example", "s", pem)
