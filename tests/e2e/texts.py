"""An operator of texts in a thread of the test, of the shape of Twilio's: the demo's."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.demo.texts import TextOperator, text_operator


@contextmanager
def operator_of_texts() -> Iterator[TextOperator]:
    started, found = threading.Event(), list[TextOperator]()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with text_operator() as operator:
            found.append(operator)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="operator")
    thread.start()
    assert started.wait(20), "it listens"
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
