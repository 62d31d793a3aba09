"""SMS over SMPP 3.4, against an SMSC with every fault."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable

import pytest

from services.outreach.channels.clients import smpp as client
from services.outreach.channels.clients import smpp_session
from services.outreach.channels.clients.smpp import SmppChannel, SmppSettings
from services.outreach.channels.clients.smpp_session import Smsc as Address
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Later,
    Refused,
    Sent,
    Unknown,
    Withdrawn,
)
from shared.addresses import BadUrl
from tests.integration.outreach.channels.intents import an_intent as intent
from tests.integration.outreach.channels.kept import Kept
from tests.integration.outreach.channels.smsc import Smsc
from tests.integration.outreach.world import until


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with Smsc() as server:
        yield server


Opened = Callable[..., SmppChannel]


@pytest.fixture
async def opened(kept: Kept, smsc: Smsc) -> AsyncIterator[Opened]:
    """Channels to the SMSC, closed at the end."""
    channels: list[SmppChannel] = []

    def make(**more: object) -> SmppChannel:
        url = str(more.pop("url", smsc.url))
        settings = SmppSettings("demo", "texts", Address.from_url(url), "+49555000", **more)  # type: ignore[arg-type]
        channels.append(SmppChannel(settings, kept))
        return channels[-1]

    yield make
    for channel in channels:
        await channel.close()


async def test_a_text_is_accepted_with_a_receipt_asked_for(
    opened: Opened, smsc: Smsc, kept: Kept
) -> None:
    assert await opened().send(intent("Zahlung € fällig")) == Accepted("id-1", 1)
    message = smsc.submitted[0]
    assert (message.source, message.to) == ("49555000", "4915112345600")
    assert (message.registered, message.coding, message.esm_class) == (1, 0, 0)
    assert message.message == b"Zahlung \x1be f\x7bllig"
    assert [part.message_id for part in kept.sent[0].parts] == ["id-1"]


async def test_other_alphabets_leave_as_ucs_2(opened: Opened, smsc: Smsc) -> None:
    assert await opened().send(intent("Оплата 😀")) == Accepted("id-1", 1)
    assert (smsc.submitted[0].coding, smsc.submitted[0].message.decode("utf-16-be")) == (
        8,
        "Оплата 😀",
    )


async def test_a_long_text_leaves_in_parts_that_are_joined(
    opened: Opened, smsc: Smsc, kept: Kept
) -> None:
    assert await opened().send(intent("a" * 400)) == Accepted("id-1,id-2,id-3", 3)
    headers = [message.message[:6] for message in smsc.submitted]
    assert [(h[:3], h[4], h[5]) for h in headers] == [(b"\x05\x00\x03", 3, n) for n in (1, 2, 3)]
    assert len({h[3] for h in headers}) == 1, "one reference"
    assert [len(m.message) - 6 for m in smsc.submitted] == [153, 153, 94]
    assert all(m.esm_class == 0x40 for m in smsc.submitted)
    assert (kept.sent[0].total, [p.number for p in kept.sent[0].parts]) == (3, [1, 2, 3])


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (0x0B, Refused("smpp-0x0B", is_address_dead=True)),
        (0x0A, Refused("smpp-0x0A")),
        (0x45, Refused("smpp-0x45")),
        (0x0400, Refused("smpp-0x400")),  # an operator's own
        (0x08, Later("smpp-0x08")),
        (0x14, Later("smpp-0x14")),
        (0x58, Later("smpp-0x58")),
        ("cut", Unknown("smpp-link-lost")),
    ],
)
async def test_statuses_mean_what_the_contract_says(
    opened: Opened, smsc: Smsc, status: int | str, result: Sent
) -> None:
    smsc.status = lambda to, count: status
    assert await opened().send(intent()) == result


async def test_no_answer_is_unknown_and_a_late_one_is_kept(
    opened: Opened, smsc: Smsc, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In earnest after 10 seconds."""
    assert smpp_session.ANSWER_SECONDS == 10
    monkeypatch.setattr(smpp_session, "ANSWER_SECONDS", 0.3)
    smsc.status = lambda to, count: "hold"
    channel = opened()
    assert await channel.send(intent()) == Unknown("smpp-no-answer")
    assert await channel.find(intent()) == CannotSay()
    smsc.answer_late()
    await until(lambda: bool(kept.sent))
    smsc.known["id-1"] = 2
    assert await channel.find(intent()) == Accepted("id-1", 1)


async def test_nobody_there_and_a_wrong_password_are_later(opened: Opened, smsc: Smsc) -> None:
    wrong = opened(url=smsc.url.replace("secret8", "secret9"))
    assert await wrong.send(intent()) == Later("smpp-bind-0x0E")
    await smsc.down()
    result = await opened().send(intent())
    assert isinstance(result, Later)
    assert not smsc.submitted


async def test_a_lost_bind_is_made_anew_and_meanwhile_it_is_later(
    opened: Opened, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = opened()
    assert isinstance(await channel.send(intent()), Accepted)
    monkeypatch.setattr(client, "BACKOFF_SECONDS", 0.01)
    smsc.cut()
    await until(lambda: not channel.is_bound)
    await until(lambda: channel.is_bound)
    assert smsc.binds == 2
    assert isinstance(await channel.send(intent()), Accepted)


async def test_what_is_withdrawn_empty_long_or_too_late_never_leaves(
    opened: Opened, smsc: Smsc
) -> None:
    channel = opened(segments_max=2)
    assert await channel.send(intent(None)) == Withdrawn()
    assert await channel.send(intent("")) == Refused("empty-text")
    assert await channel.send(intent("a" * 307)) == Refused("too-many-segments")
    assert isinstance(await channel.send(intent(seconds=-1)), Later)
    assert not smsc.submitted


async def test_a_part_that_is_throttled_is_tried_again(
    opened: Opened, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PART_PAUSE_SECONDS", 0.0)
    smsc.status = lambda to, count: 0x58 if count in (1, 2) else 0
    assert await opened().send(intent("a" * 200)) == Accepted("id-1,id-4", 2)


async def test_a_message_whose_end_is_refused_has_failed(
    opened: Opened, smsc: Smsc, kept: Kept
) -> None:
    smsc.status = lambda to, count: 0x45 if count else 0
    assert await opened().send(intent("a" * 200)) == Accepted("id-1", 1)
    assert [part.failure for part in kept.sent[0].parts] == ["", "smpp-0x45"]


async def test_a_link_lost_between_parts_is_unknown_and_the_first_is_known(
    opened: Opened, smsc: Smsc, kept: Kept
) -> None:
    smsc.status = lambda to, count: "cut" if count else 0
    assert await opened().send(intent("a" * 200)) == Unknown("smpp-link-lost")
    assert [part.message_id for part in kept.sent[0].parts] == ["id-1"]


async def test_many_leave_at_once_over_one_bind(opened: Opened, smsc: Smsc) -> None:
    channel = opened()
    results = await asyncio.gather(*(channel.send(intent(f"n{n}")) for n in range(40)))
    assert all(isinstance(result, Accepted) for result in results)
    assert (smsc.binds, len(smsc.submitted)) == (1, 40)


async def test_receipts_in_text_and_in_tags(opened: Opened, smsc: Smsc, kept: Kept) -> None:
    channel = opened()
    channel.listen()
    await until(lambda: channel.is_bound)
    await smsc.receipt("id-1", "DELIVRD")
    await smsc.receipt("id-2", "UNDELIV", err="027")
    unknown_subscriber = struct.pack("!HHBH", 0x0423, 3, 3, 1)
    await smsc.receipt("id-3", "UNDELIV", tags=unknown_subscriber)
    state = struct.pack("!HHB", 0x0427, 1, 8) + struct.pack("!HH5s", 0x1E, 5, b"id-4\0")
    await smsc.deliver(b"", esm_class=4, tags=state + b"\x14\x28\x00\x01Z")
    await smsc.receipt("id-5", "UNKNOWN")
    assert [(r.part_id, r.state, r.code, r.is_address_dead) for r in kept.receipts] == [
        ("id-1", "delivered", "smpp-delivrd", False),
        ("id-2", "failed", "smpp-undeliv-027", False),
        ("id-3", "failed", "smpp-undeliv", True),
        ("id-4", "failed", "smpp-rejectd", False),
    ]
    assert smsc.delivered == [0] * 5


async def test_hexadecimal_ids_meet_their_decimal_receipts(
    opened: Opened, smsc: Smsc, kept: Kept
) -> None:
    smsc.ids = lambda count: "1e9eba68"
    channel = opened(ids="hex-decimal")
    assert await channel.send(intent()) == Accepted("1e9eba68", 1)
    await smsc.receipt("513718888", "DELIVRD")
    assert kept.receipts[0].part_id == kept.sent[0].parts[0].part_id


async def test_what_is_not_kept_is_asked_for_again(opened: Opened, smsc: Smsc, kept: Kept) -> None:
    channel = opened()
    channel.listen()
    await until(lambda: channel.is_bound)
    kept.fails = True
    assert await smsc.deliver(b"STOP") == 0x64
    assert await smsc.receipt("id-1", "DELIVRD") == 0x64
    kept.fails = False
    assert await smsc.deliver(b"STOP") == 0
    assert [part.text for part in kept.inbound] == ["STOP"]
    assert channel.is_bound


async def test_inbound_texts_of_any_alphabet_and_in_parts(
    opened: Opened, smsc: Smsc, kept: Kept
) -> None:
    channel = opened()
    channel.listen()
    await until(lambda: channel.is_bound)
    await smsc.deliver(b"caf\x05 \x1be", source="4915112345678", to="49555000")
    await smsc.deliver("Стоп".encode("utf-16-be"), coding=8)
    await smsc.deliver(b"\x05\x00\x03\x2a\x02\x01Ich za", esm_class=0x40)
    await smsc.deliver(b"\x06\x08\x04\x01\x2a\x02\x02hle", esm_class=0x40)
    await smsc.deliver(b"", source="555", tags=struct.pack("!HH2s", 0x0424, 2, b"hi"))
    first, cyrillic, part, other, payload = kept.inbound
    assert (first.from_, first.to, first.text) == ("+4915112345678", "+49555000", "café €")
    assert cyrillic.text == "Стоп"
    assert (part.text, part.number, part.total) == ("Ich za", 1, 2)
    assert (other.text, other.number, other.total) == ("hle", 2, 2)
    assert (payload.from_, payload.text) == ("555", "hi")


async def test_the_same_words_again_are_a_new_message_once_we_said_that_we_have_them(
    opened: Opened, smsc: Smsc, kept: Kept
) -> None:
    channel = opened()
    channel.listen()
    await until(lambda: channel.is_bound)
    await smsc.deliver(b"STOP")
    await smsc.deliver(b"STOP")
    assert len({part.key for part in kept.inbound}) == 2


async def test_a_broken_message_is_answered_and_the_bind_lives(
    opened: Opened, smsc: Smsc, kept: Kept
) -> None:
    channel = opened()
    channel.listen()
    await until(lambda: channel.is_bound)
    assert await smsc.deliver(b"Hello", tags=b"\x00\x1e\xff\xff") == 0
    assert await smsc.deliver(b"\xff", esm_class=0x40) == 0
    assert channel.is_bound


async def test_an_operator_who_is_silent_is_left(
    opened: Opened, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = opened(idle_seconds=0.02)
    channel.listen()
    await until(lambda: smsc.enquiries > 1)
    assert channel.is_bound
    monkeypatch.setattr(smpp_session, "ANSWER_SECONDS", 0.2)
    smsc.answers_enquiries = False
    await until(lambda: smsc.binds > 1)


@pytest.mark.parametrize(
    "url",
    [
        "smpp://recoup:secret8@smsc.example",  # not encrypted
        "smpp://recoup:far-too-long@127.0.0.1",
        "smpps://recoup:secret8@smsc.example?tls=none",
        "smpp://127.0.0.1",
        "http://recoup:secret8@127.0.0.1",
    ],
)
def test_addresses_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(BadUrl):
        Address.from_url(url)
