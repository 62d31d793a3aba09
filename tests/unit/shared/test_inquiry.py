"""Who asks a server that is away waits a bounded time, and no pile of questions is left."""

import asyncio

import pytest

from shared.errors import Unavailable
from shared.process.inquiry import Inquiry


async def test_nobody_waits_longer_than_it_said_and_questions_do_not_pile_up() -> None:
    asked, back = 0, asyncio.Event()

    async def question() -> int:
        nonlocal asked
        asked += 1
        await back.wait()
        return asked

    inquiry = Inquiry(question, of="Kafka")
    for _ in range(5):
        with pytest.raises(Unavailable, match=r"Kafka did not answer within 0\.01 s"):
            await inquiry.answer(0.01)
    assert asked == 1, "the others wait for their turn, together"
    back.set()
    assert await inquiry.answer(30.0) == 2


async def test_each_caller_gets_an_answer_from_after_it_asked() -> None:
    """Else somebody would be told that nothing is under way by who looked before it was."""
    state, looked = 0, asyncio.Event()
    go_on = asyncio.Event()

    async def question() -> int:
        seen = state
        looked.set()
        await go_on.wait()
        return seen

    inquiry = Inquiry(question, of="Kafka")
    early = asyncio.create_task(inquiry.answer(30.0))
    await looked.wait()
    state = 1
    late = [asyncio.create_task(inquiry.answer(30.0)) for _ in range(3)]
    await asyncio.sleep(0)
    go_on.set()
    assert await early == 0
    assert await asyncio.gather(*late) == [1, 1, 1]


async def test_an_error_is_every_askers_and_the_next_question_is_a_new_one() -> None:
    errors = [RuntimeError("first")]

    async def question() -> str:
        if errors:
            raise errors.pop()
        return "well"

    inquiry = Inquiry(question, of="the database")
    with pytest.raises(RuntimeError):
        await inquiry.answer(30.0)
    assert await inquiry.answer(30.0) == "well"
    await inquiry.close()


async def test_it_can_be_closed_in_the_middle() -> None:
    inquiry = Inquiry(asyncio.Event().wait, of="Kafka")
    for _ in range(2):
        with pytest.raises(Unavailable):
            await inquiry.answer(0.001)
    await inquiry.close()
