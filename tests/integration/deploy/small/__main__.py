"""`python -m tests.integration.deploy.small [--kafka]`: the launcher on the small platform.

It is the launcher's own front end; only the list of services is another, and the small services
have neither migrations nor topics.
"""

from deploy import migrate
from deploy.local import __main__ as launcher
from deploy.local import databases, platform
from shared.addresses import KafkaAccess

real = platform.all_services


def small(port_base: int) -> tuple[platform.Service, ...]:
    return real(port_base, "tests.integration.deploy.small")


async def nothing_to_migrate(access: databases.Access, *, reads_outboxes: bool) -> None:
    assert set(access.owners) == {"ledger", "segmentation", "outreach", "metrics"}


def no_topics(cluster: KafkaAccess | None) -> None:
    assert cluster


if __name__ == "__main__":
    launcher.create_topics_on = no_topics
    platform.all_services = small  # type: ignore[assignment]
    migrate.upgrade_own = nothing_to_migrate
    raise SystemExit(launcher.main())
