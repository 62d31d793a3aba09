"""Segmentation's HTTP process: wiring only. `python -m services.segmentation.app` serves it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.segmentation import api, consumer, store
from services.segmentation.settings import Settings
from shared.auth import Auth
from shared.db import Database
from shared.serve import serve
from shared.web import make_app

DESCRIPTION = "What we believe about an account: features, score with reasons, segment, priority."


def create_app(settings: Settings) -> FastAPI:
    common = settings.common
    db = Database(settings.database_url, application="segmentation-api")
    runtime = consumer.runtime(common, db, settings.policy, producer_urls=settings.producer_urls)

    async def ready() -> None:
        async with db.reading() as session:
            await store.check_ready(session)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await runtime.close()
        await db.close()

    app = make_app(
        title="Recoup segmentation",
        version="1.0.0",
        description=DESCRIPTION,
        state=runtime,
        lifespan=lifespan,
        lag=runtime.lag,
        ready=ready,
        auth=Auth(jwks=common.jwks, dev_key=common.dev_key, default_tenant=common.default_tenant),
    )
    app.state.db = db
    app.state.policy = settings.policy
    app.include_router(api.router)
    return app


if __name__ == "__main__":
    own = Settings.from_env(os.environ)
    serve(create_app(own), "segmentation", own.common)
