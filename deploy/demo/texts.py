"""An operator of texts in this process, of the shape of Twilio's: takes every text over HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from twilio.request_validator import RequestValidator

from deploy.demo.received import Received
from shared.process import serve

HOST = "127.0.0.1"
ACCOUNT, AUTH = "AC" + "0" * 32, "demo-auth-token"
NUMBER = "+493012345678"  # ours
_MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


class TextOperator:
    """The texts received."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{ACCOUNT}:{AUTH}@{HOST}:{port}"
        self.received = 0
        self._waiting: list[Received] = []

    def take(self) -> list[Received]:
        taken, self._waiting = sorted(self._waiting), []
        return taken

    async def add(self, request: Request) -> dict[str, str]:
        form = await request.form()
        self.received += 1
        number, callback = str(form["To"]), str(form["StatusCallback"])
        sid = f"SM{self.received:032d}"
        self._waiting.append(
            Received("sms", to=number, answer_to=NUMBER, carrier_to=callback, id=sid)
        )
        return {"sid": sid, "status": "queued", "num_segments": "1", "to": number}


def signature(url: str, form: Mapping[str, str]) -> str:
    """Of what the operator posts to us."""
    signed: str = RequestValidator(AUTH).compute_signature(url, dict(form))
    return signed


@asynccontextmanager
async def text_operator() -> AsyncIterator[TextOperator]:
    """An operator that listens on a free port."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        operator = TextOperator(listener.getsockname()[1])
        app = FastAPI(openapi_url=None)
        app.add_api_route(_MESSAGES, operator.add, methods=["POST"], status_code=201)
        server = serve.Server(serve.config(app, port=0))  # the socket is there already
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield operator
        finally:
            server.should_exit = True
            await task
