"""A second database of segmentation's, to compare with or to play the producer."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.database import Database
from tests.conftest import Template, fresh_url
from tests.integration.segmentation.service import serving


@pytest.fixture
async def other_url(postgres: str, templates: Template) -> AsyncIterator[str]:
    async with fresh_url(postgres, templates, "segmentation") as url:
        yield url


@pytest.fixture
async def other_db(other_url: str) -> AsyncIterator[Database]:
    db = Database(other_url)
    yield db
    await db.close()


@pytest.fixture
async def client(
    segmentation_url: str, other_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """Segmentation over HTTP; tokens are minted with the keys in `tmp_path`."""
    async with serving(segmentation_url, other_url, tmp_path) as client:
        yield client
