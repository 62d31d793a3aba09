"""What the launcher says once all is there: one address a line, with what it is."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deploy.local.platform import HOST, Service

_WHAT = {
    "ledger": "what is owed; API, documented at /docs",
    "segmentation": "who will pay; API, documented at /docs",
    "outreach": "contacts; API at /docs, contact law at /compliance",
    "metrics": "the dashboard; API at /docs",
}


def lines(
    services: Sequence[Service],
    data: Path,
    *,
    workers_from: int,
    bootstrap: str | None,
    links: Mapping[str, str],
    new_key: str | None,
) -> Iterator[str]:
    """`new_key`: one that was made just now, and is shown this once."""
    for service in services:
        yield _line(service.name, service.address, _WHAT[service.name])
    if workers_from:
        for number, service in enumerate(services):
            address = f"http://{HOST}:{workers_from + number}"
            yield _line(f"{service.name} worker", address, "/metrics and /health/live")
    if bootstrap is not None:
        yield _line("Kafka", bootstrap, "the broker; billing platforms write to billing.events")
    shown = f"  ({new_key}, shown this once)" if new_key else ""
    yield f"  {'key':20} {data / 'dev-key'}{shown}"
    yield f"  {'data':20} {data}"
    if links:
        yield "Pages, signed in, once each (`make link` prints others):"
        for link in links.values():
            yield f"  {link}"
    yield "Recoup is ready. Ctrl-C here or `make stop` elsewhere ends it, and keeps the data."


def _line(name: str, address: str, what: str) -> str:
    return f"  {name:20} {address:24} {what}"
