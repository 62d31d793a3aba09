"""Segmentation's HTTP process: wiring only. `python -m services.segmentation.app` serves it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from services.segmentation import api, consumer
from services.segmentation.store.active_rules import ActiveRules
from services.segmentation.commands.policies import Policies
from services.segmentation.commands.workshop import Workshop
from services.segmentation.jobs.rescoring import lag_with_rescoring
from services.segmentation.jobs.watch import run_showing
from services.segmentation.settings import Settings
from services.segmentation.store import accounts as store
from shared.database import Database
from shared.process.serve import serve
from shared.web import make_app
from shared.web.auth import Auth

DESCRIPTION = "What we believe about an account: features, score with reasons, segment, priority."


def create_app(settings: Settings) -> FastAPI:
    common = settings.common
    db = Database(settings.database_url, application="segmentation-api")
    force = ActiveRules(Policies(settings.policy))
    runtime = consumer.runtime(common, db, force, producer_urls=settings.producer_urls)

    async def ready() -> None:
        async with db.reading() as session:
            await store.check_ready(session)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        showing = asyncio.create_task(run_showing(db, stop=stop))
        yield
        stop.set()
        await showing
        await runtime.close()
        await db.close()

    app = make_app(
        title="Recoup segmentation",
        version="1.0.0",
        description=DESCRIPTION,
        state=runtime,
        lifespan=lifespan,
        lag=partial(lag_with_rescoring, runtime, db),
        ready=ready,
        auth=Auth(jwks=common.jwks, dev_key=common.dev_key, default_tenant=common.default_tenant),
    )
    app.state.db = db
    app.state.force, app.state.policies = force, force.policies
    app.state.clock = common.clock
    app.state.workshop = Workshop()
    app.include_router(api.router)
    return app


if __name__ == "__main__":
    own = Settings.from_env(os.environ)
    serve(create_app(own), "segmentation", own.common)
