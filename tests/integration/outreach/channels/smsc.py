"""An SMSC for tests, over TCP, with every fault. Which status each message meets is the test's to
say: a number; "cut" and "drop" cut the link, with and without taking it; "hold" answers later.

It reads and writes SMPP 3.4 by itself: nothing here is the adapter's.
"""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

BIND, BIND_RESP = 0x09, 0x80000009
SUBMIT, SUBMIT_RESP = 0x04, 0x80000004
DELIVER, DELIVER_RESP = 0x05, 0x80000005
QUERY, QUERY_RESP = 0x03, 0x80000003
ENQUIRE, ENQUIRE_RESP = 0x15, 0x80000015
UNBIND, UNBIND_RESP = 0x06, 0x80000006


@dataclass(frozen=True)
class Submitted:
    """A submit_sm as it arrived."""

    source: str
    to: str
    esm_class: int
    registered: int
    coding: int
    message: bytes
    message_id: str


@dataclass
class Smsc:
    """One SMSC. `status` answers each submit by number and how many came before."""

    port: int = 0
    password: str = "secret8"
    status: Callable[[str, int], int | str] = lambda to, count: 0
    ids: Callable[[int], str] = lambda count: f"id-{count}"
    answers_enquiries: bool = True
    submitted: list[Submitted] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)  # message states for query_sm
    delivered: list[int] = field(default_factory=list)  # statuses of our deliver_sm
    binds: int = 0
    enquiries: int = 0
    refused: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _count: int = 0
    _sequence: int = 1000
    _waiting: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    _held: list[tuple[asyncio.StreamWriter, int, str]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()

    async def up(self) -> None:
        """Listening again, on the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def down(self) -> None:
        """No longer listening, all links cut."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    @property
    def url(self) -> str:
        return f"smpp://recoup:{self.password}@127.0.0.1:{self.port}"

    def answer_late(self) -> None:
        """Answer the submits that were left waiting."""
        for writer, sequence, message_id in self._held:
            self._write(writer, SUBMIT_RESP, 0, sequence, message_id.encode() + b"\0")
        self._held.clear()

    async def deliver(
        self,
        message: bytes,
        *,
        source: str = "4915112345678",
        to: str = "555",
        esm_class: int = 0,
        coding: int = 0,
        tags: bytes = b"",
    ) -> int:
        """The status with which it is answered."""
        self._sequence += 1
        body = (
            b"\0\x01\x01" + source.encode() + b"\0\0\0" + to.encode() + b"\0"
            + bytes((esm_class, 0, 0)) + b"\0\0" + bytes((0, 0, coding, 0, len(message)))
            + message + tags
        )  # fmt: skip
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[self._sequence] = future
        writer = next(iter(self._writers))
        self._write(writer, DELIVER, 0, self._sequence, body)
        async with asyncio.timeout(30):
            return await future

    async def receipt(
        self, message_id: str, stat: str, *, err: str = "000", tags: bytes = b""
    ) -> int:
        text = (
            f"id:{message_id} sub:001 dlvrd:001 submit date:2611301200 done date:2611301201"
            f" stat:{stat} err:{err} text:Hello"
        )
        return await self.deliver(text.encode(), esm_class=4, tags=tags)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                length, command, status, sequence = struct.unpack(
                    "!IIII", await reader.readexactly(16)
                )
                body = await reader.readexactly(length - 16)
                await self._react(writer, command, status, sequence, body)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _react(
        self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes
    ) -> None:
        if command == BIND:
            password = body.split(b"\0")[1].decode()
            is_right = password == self.password
            self.binds += is_right
            self._write(writer, BIND_RESP, 0 if is_right else 0x0E, sequence, b"smsc\0")
        elif command == SUBMIT:
            self._submit(writer, sequence, body)
        elif command == QUERY:
            message_id = body.partition(b"\0")[0].decode()
            state = self.known.get(message_id)
            answer = message_id.encode() + b"\0\0" + bytes((state or 0, 0))
            self._write(writer, QUERY_RESP, 0 if state else 0x67, sequence, answer)
        elif command == ENQUIRE:
            self.enquiries += 1
            if self.answers_enquiries:
                self._write(writer, ENQUIRE_RESP, 0, sequence, b"")
        elif command == UNBIND:
            self._write(writer, UNBIND_RESP, 0, sequence, b"")
        elif command == DELIVER_RESP:
            self.delivered.append(status)
            self._waiting.pop(sequence).set_result(status)

    def _submit(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        rest = body[body.index(b"\0") + 1 :]
        source, rest = rest[2 : rest.index(b"\0", 2)], rest[rest.index(b"\0", 2) + 1 :]
        to, rest = rest[2 : rest.index(b"\0", 2)], rest[rest.index(b"\0", 2) + 1 :]
        esm_class, rest = rest[0], rest[3:]
        rest = rest[rest.index(b"\0") + 1 :]
        rest = rest[rest.index(b"\0") + 1 :]
        registered, coding, length = rest[0], rest[2], rest[4]
        verdict = self.status(to.decode(), self._count)
        self._count += 1
        message_id = self.ids(self._count)
        message = rest[5 : 5 + length]
        if verdict == "drop":
            writer.transport.abort()
            return
        self.submitted.append(
            Submitted(
                source.decode(), to.decode(), esm_class, registered, coding, message, message_id
            )
        )
        if verdict == "cut":
            writer.transport.abort()
        elif verdict == "hold":
            self._held.append((writer, sequence, message_id))
        elif isinstance(verdict, int):
            self.refused += verdict != 0
            if verdict == 0:
                self.known.setdefault(message_id, 1)
            answer = message_id.encode() + b"\0" if verdict == 0 else b""
            self._write(writer, SUBMIT_RESP, verdict, sequence, answer)

    def _write(
        self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes
    ) -> None:
        writer.write(struct.pack("!IIII", 16 + len(body), command, status, sequence) + body)
