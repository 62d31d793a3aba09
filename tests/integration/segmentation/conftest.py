"""A second database of segmentation's, to compare with or to play the producer."""

from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.conftest import Template, fresh_url


@pytest.fixture
async def other_url(postgres: str, templates: Template) -> AsyncIterator[str]:
    async with fresh_url(postgres, templates, "segmentation") as url:
        yield url


@pytest.fixture
async def other_db(other_url: str) -> AsyncIterator[Database]:
    db = Database(other_url)
    yield db
    await db.close()
