"""Settings of metrics: read once by `app.py` and `worker.py`, passed down as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from services.metrics.domain.plans.contingencies import Service
from shared.addresses import BadUrl
from shared.mail_addresses import deliverable
from shared.process.settings import BadSetting, Common, Env
from shared.smtp import MailServer

PRODUCERS = ("ledger", "segmentation", "outreach")  # and itself


@dataclass(frozen=True)
class MailIdentity:
    """Whom mails come from."""

    address: str
    name: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2] or "localhost"


NOBODY = MailIdentity("recoup@localhost.localdomain", "Recoup")


@dataclass(frozen=True)
class Settings:
    """`METRICS_*`, the producers' databases, and what is common to all services."""

    common: Common
    database_url: str = field(repr=False)
    # Without Kafka the producers' outboxes are the log; by service.
    producer_urls: Mapping[str, str] = field(repr=False)
    cors_origins: tuple[str, ...] = ()  # whose pages may read the figures, too
    # What plans act on over HTTP; a service that is not named cannot be asked.
    peer_urls: Mapping[Service, str] = field(default_factory=dict)
    mail_server: MailServer | None = None  # of alerts; None: nobody is mailed, which is shown
    mail_from: MailIdentity = NOBODY
    # Items that add nothing any more, and have had no fact for so long, are kept compressed.
    cold_after_months: int | None = None

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        env = Env(values, collects=True)
        common = Common.read(env)
        producers = () if common.kafka else PRODUCERS
        settings = cls(
            common=common,
            database_url=env.database("metrics"),
            producer_urls={
                **{service: env.producer("metrics", service) for service in producers},
                "metrics": env.database("metrics"),
            },
            cors_origins=env.origins("METRICS_CORS_ORIGINS"),
            peer_urls={
                "outreach": env.peer("outreach", common),
                "segmentation": env.peer("segmentation", common),
            },
            mail_server=env.attempt(lambda: _mail_server(env)),
            mail_from=_mail_from(env),
            cold_after_months=_months(env, "METRICS_COLD_AFTER_MONTHS"),
        )
        return env.checked(settings)


def _months(env: Env, name: str) -> int | None:
    """None: never."""
    return None if env.text(name) is None else env.integer(name, 1, low=1, high=1200)


def _mail_server(env: Env) -> MailServer | None:
    """Of its own, else outreach's."""
    for name in ("METRICS_SMTP_URL", "OUTREACH_SMTP_URL"):
        url = env.text(name)
        if url is None:
            continue
        try:
            return MailServer.from_url(url)
        except BadUrl as error:
            raise BadSetting(name, str(error)) from error
    return None


def _mail_from(env: Env) -> MailIdentity:
    """Who mails of alerts come from: by default who outreach's come from."""
    address = NOBODY.address
    for name in ("METRICS_MAIL_FROM", "OUTREACH_MAIL_FROM"):
        text = env.text(name)
        if text is None:
            continue
        found = deliverable(text)
        if found is None:
            env.fault(BadSetting(name, f"is {text!r}, which is no e-mail address"))
        address = found or address
        break
    return MailIdentity(address, env.text("METRICS_MAIL_NAME") or NOBODY.name)
