"""What operators see of a running platform: figures and health of every API and every worker."""

from functools import partial

import httpx

from deploy.local.platform import WORKERS_ABOVE
from shared.process.settings import PORTS
from tests.e2e.desk import Desk
from tests.e2e.facts import plain_books
from tests.e2e.platform import wait_for

WELL_SECONDS_MAX = 60.0  # of a loaded machine: each question is given up after a few


def doors(desk: Desk, service: str) -> tuple[str, str]:
    """Of the API, and of the worker."""
    port = desk.platform.port + PORTS[service]
    return f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + WORKERS_ABOVE}"


def figures(desk: Desk, door: str) -> str:
    return desk.platform.client.get(f"{door}/metrics").raise_for_status().text


def shows(desk: Desk, door: str, figure: str) -> bool:
    return figure in figures(desk, door)


def is_well(desk: Desk, url: str) -> bool:
    return desk.platform.client.get(url).status_code == httpx.codes.OK


def test_every_process_shows_its_figures_and_that_it_works(desk: Desk) -> None:
    desk.settle_in(timezone="Europe/Berlin")
    for event in plain_books(1, 1).events:
        desk.send(event)
    desk.platform.wait_quiet()
    for service in PORTS:
        for door in doors(desk, service):
            for path in ("/health/live", "/health/ready"):
                wait_for(partial(is_well, desk, door + path), WELL_SECONDS_MAX, door + path)
            known = f'recoup_lag_known{{service="{service}"}} 1.0'
            wait_for(partial(shows, desk, door, known), WELL_SECONDS_MAX, f"{known} at {door}")
            assert desk.tenant not in figures(desk, door), "none is named to who has no token"
    for service in ("segmentation", "outreach", "metrics"):
        worker = figures(desk, doors(desk, service)[1])
        parked = f'recoup_parked_accounts{{consumer="{service}",service="{service}",topic="ledger.'
        assert parked in worker, "nobody had to call /v1/lag for it"
        assert f'recoup_consumed_events_total{{consumer="{service}",result="applied"' in worker
        for part in ("read", "replay", "maintain"):
            assert f'recoup_part_silence_seconds{{part="{part} {service}' in worker
    if desk.platform.over_kafka:
        ledger = figures(desk, doors(desk, "ledger")[1])
        assert 'recoup_relayed_events_total{service="ledger"' in ledger
        assert 'recoup_part_silence_seconds{part="relay",service="ledger"}' in ledger
