"""`python -m tests.integration.deploy.small [--kafka]`: the launcher on the small platform.

It is the launcher's own front end; only the list of services and the migrations (the small
services have none) are others.
"""

from collections.abc import Mapping

from deploy import migrate
from deploy.local import __main__ as launcher
from deploy.local import platform

real = platform.all_services


def small(port_base: int) -> tuple[platform.Service, ...]:
    return real(port_base, "tests.integration.deploy.small")


async def nothing_to_migrate(urls: Mapping[str, str]) -> None:
    assert set(urls) == {"ledger", "segmentation", "outreach", "metrics"}


if __name__ == "__main__":
    platform.all_services = small  # type: ignore[assignment]
    migrate.upgrade_all = nothing_to_migrate
    raise SystemExit(launcher.main())
