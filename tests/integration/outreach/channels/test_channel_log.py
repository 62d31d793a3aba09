"""Receipts of texts in parts, and messages that come in parts, over a real database."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from services.outreach.channels.domain.contract import Receipt, ReceiptState
from services.outreach.channels.domain.inbound_messages import InboundText
from services.outreach.channels.domain.smpp_receipts import PartReceipt
from services.outreach.channels.domain.sms_parts import InboundPart, SentPart, SentText
from services.outreach.channels.processes.channel_log import INCOMPLETE_AFTER, DatabaseChannelLog
from shared.database import Database, Session
from shared.errors import Unavailable

AT = datetime(2027, 3, 3, 9, tzinfo=UTC)


@dataclass
class Taken:
    receipts: list[Receipt] = field(default_factory=list)
    texts: list[InboundText] = field(default_factory=list)
    fails: bool = False

    async def take_receipts(
        self, session: Session, tenant: str, now: datetime, receipts: Sequence[Receipt]
    ) -> None:
        self.receipts.extend(receipts)

    async def take_inbound(self, text: InboundText) -> None:
        if self.fails:
            raise Unavailable("away")
        self.texts.append(text)

    @property
    def states(self) -> list[str]:
        return [receipt.state for receipt in self.receipts]


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def texts(outreach_db: Database, taken: Taken) -> DatabaseChannelLog:
    return DatabaseChannelLog(outreach_db, taken.take_receipts, taken.take_inbound)


def sent(*parts: SentPart, total: int = 2, contact: str = "c1") -> SentText:
    return SentText("demo", "texts", contact, f"token-{contact}", total, parts)


def receipt(part: str, state: ReceiptState, minute: int = 0, code: str = "") -> PartReceipt:
    return PartReceipt(part, state, AT + timedelta(minutes=minute), code)


ONE, TWO = SentPart(1, "a", "a"), SentPart(2, "b", "b")


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_delivered_when_all_parts_are_in_any_order(
    texts: DatabaseChannelLog, taken: Taken, order: Sequence[int]
) -> None:
    """The text may even be known later than its receipts."""
    steps = (
        lambda: texts.submitted(sent(ONE, TWO)),
        lambda: texts.received("demo", "texts", receipt("a", "delivered", 1)),
        lambda: texts.received("demo", "texts", receipt("b", "delivered", 2)),
    )
    for number in order:
        assert "delivered" not in taken.states
        await steps[number]()
    last = taken.receipts[-1]
    assert (last.state, last.token, last.at) == (
        "delivered",
        "token-c1",
        AT + timedelta(minutes=2),
    )


async def test_failed_as_soon_as_one_part_is_and_repeats_change_nothing(
    texts: DatabaseChannelLog, taken: Taken
) -> None:
    await texts.submitted(sent(ONE, TWO))
    await texts.received("demo", "texts", receipt("a", "failed", 1, "smpp-undeliv"))
    first = taken.receipts[-1]
    assert (first.state, first.code, first.token) == ("failed", "smpp-undeliv", "token-c1")
    await texts.received("demo", "texts", receipt("a", "failed", 5, "smpp-expired"))
    await texts.received("demo", "texts", receipt("b", "delivered", 3))
    assert [taken.receipts[-1].code, taken.receipts[-1].at] == ["smpp-undeliv", first.at]
    await texts.received("demo", "texts", receipt("a", "delivered", 9))
    assert taken.states[-1] == "delivered"
    await texts.received("demo", "texts", receipt("a", "failed", 10))
    assert taken.states[-1] == "delivered"


async def test_a_part_that_never_left_fails_the_text(
    texts: DatabaseChannelLog, taken: Taken
) -> None:
    await texts.submitted(sent(ONE, SentPart(2, "c1/2", "", failure="smpp-0x45")))
    assert [taken.receipts[0].state, taken.receipts[0].code] == ["failed", "smpp-0x45"]
    assert await texts.message_ids("demo", "texts", "c1") == ["a"]


async def test_receipts_of_two_parts_at_once_are_both_seen(
    texts: DatabaseChannelLog, taken: Taken
) -> None:
    for number in range(5):
        contact = f"c{number}"
        parts = [SentPart(n, f"{contact}-{n}", f"{contact}-{n}") for n in (1, 2, 3)]
        await texts.submitted(sent(*parts, total=3, contact=contact))
        await asyncio.gather(
            *(texts.received("demo", "texts", receipt(part.part_id, "delivered")) for part in parts)
        )
        assert taken.states[-1] == "delivered"


async def test_an_id_that_is_given_again_belongs_to_the_newer_text(
    texts: DatabaseChannelLog, taken: Taken
) -> None:
    await texts.submitted(sent(ONE, total=1))
    await texts.received("demo", "texts", receipt("a", "failed"))
    await texts.submitted(sent(ONE, total=1, contact="c2"))
    await texts.received("demo", "texts", receipt("a", "delivered"))
    assert (taken.receipts[-1].token, taken.states[-1]) == ("token-c2", "delivered")


async def test_providers_and_tenants_are_apart(texts: DatabaseChannelLog, taken: Taken) -> None:
    await texts.submitted(sent(ONE, total=1))
    await texts.received("other", "texts", receipt("a", "delivered"))
    await texts.received("demo", "others", receipt("a", "delivered"))
    assert taken.states == []


def arrived(text: str, number: int = 1, total: int = 1) -> InboundPart:
    return InboundPart("demo", "texts", "+491", "555", text, AT, "key", number, total)


async def test_a_message_in_parts_is_handed_on_once_it_is_whole(
    texts: DatabaseChannelLog, taken: Taken
) -> None:
    await texts.arrived(arrived("hle Freitag", 2, 2))
    assert taken.texts == []
    taken.fails = True
    with pytest.raises(Unavailable):
        await texts.arrived(arrived("Ich za", 1, 2))
    taken.fails = False
    await texts.arrived(arrived("Ich za", 1, 2))  # the operator comes again
    assert [(text.text, text.tenant) for text in taken.texts] == [("Ich zahle Freitag", "demo")]
    await texts.hand_on_incomplete(AT + timedelta(days=1))
    assert len(taken.texts) == 1


async def test_parts_that_stay_alone_are_handed_on_after_a_while(
    texts: DatabaseChannelLog, taken: Taken
) -> None:
    await texts.arrived(arrived("STOP", 1, 2))
    await texts.hand_on_incomplete(AT + INCOMPLETE_AFTER - timedelta(seconds=1))
    assert taken.texts == []
    await texts.hand_on_incomplete(AT + INCOMPLETE_AFTER)
    assert [text.text for text in taken.texts] == ["STOP"]
