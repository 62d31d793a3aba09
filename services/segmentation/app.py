"""Segmentation's HTTP process: wiring only. `python -m services.segmentation.app` serves it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from services.segmentation import api, consumer
from services.segmentation.context import open_context
from services.segmentation.jobs.watch import run_show
from services.segmentation.processes.rescoring import lag_with_rescoring
from services.segmentation.settings import Settings
from services.segmentation.store import accounts as store
from shared.process.serve import serve
from shared.process.start import settings_of
from shared.web import make_app

DESCRIPTION = "What we believe about an account: features, score with reasons, segment, priority."


def create_app(settings: Settings) -> FastAPI:
    common = settings.common
    context = open_context(settings, application="segmentation-api")
    runtime = consumer.runtime(settings, context)

    async def ready() -> None:
        async with context.db.reading() as session:
            await store.check_ready(session)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        showing = asyncio.create_task(run_show(context.db, stop=stop))
        yield
        stop.set()
        await showing
        await runtime.close()
        await context.close()

    app = make_app(
        title="Recoup segmentation",
        version="1.0.0",
        description=DESCRIPTION,
        context=context,
        lifespan=lifespan,
        lag=partial(lag_with_rescoring, runtime, context),
        ready=ready,
        common=common,
    )
    app.include_router(api.router)
    return app


if __name__ == "__main__":
    own = settings_of(Settings)
    serve(create_app(own), "segmentation", own.common)
