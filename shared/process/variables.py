"""The names of variables, and what to say of one that is none: a misspelt setting does nothing.

What an engine puts into a container for each neighbour (`LEDGER_PORT=tcp://…`,
`METRICS_SERVICE_HOST`) is no setting of ours and is passed over.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

PREFIXES = ("RECOUP_", "LEDGER_", "SEGMENTATION_", "OUTREACH_", "METRICS_", "KAFKA_")
SERVICES = ("LEDGER", "SEGMENTATION", "OUTREACH", "METRICS")

_DATABASES = {f"{service}_DATABASE_URL" for service in SERVICES}
# A reader's own way to a producer's outbox, where there is no Kafka.
_READERS = {
    f"{reader}_{producer}_DATABASE_URL"
    for reader in SERVICES
    for producer in SERVICES
    if reader != producer
}
# docker-compose.yml fills these in; they may stand in an environment that was read from `.env`.
_COMPOSE = {
    "KAFKA_CLUSTER_ID",
    "KAFKA_IMAGE",
    "RECOUP_FILES",
    "RECOUP_JWKS_FILE",
    *(f"{service}_DATABASE_PASSWORD" for service in SERVICES),
}
# Read by who starts, watches or tests a process.
_OUTSIDE = {
    "RECOUP_ALIVE_FILE",
    "RECOUP_CRASH_AT",
    "RECOUP_HEALTH",
    "RECOUP_HOST",
    "RECOUP_POSTGRES_URL",
    "RECOUP_SCREENSHOTS",
    "RECOUP_TEST_RUN",
}
KNOWN = frozenset(
    {
        *_DATABASES,
        *_READERS,
        *_COMPOSE,
        *_OUTSIDE,
        "KAFKA_BOOTSTRAP_SERVERS",
        "KAFKA_SASL_MECHANISM",
        "KAFKA_SASL_PASSWORD",
        "KAFKA_SASL_USERNAME",
        "KAFKA_SECURITY_PROTOCOL",
        "KAFKA_SSL_CA_FILE",
        "KAFKA_SSL_CERT_FILE",
        "KAFKA_SSL_KEY_FILE",
        "LEDGER_IMPORTS_KEEP_DAYS",
        "LEDGER_KAFKA_TENANTS",
        "LEDGER_REJECTIONS_KEEP_DAYS",
        "LEDGER_UNDO_FACTS",
        "LEDGER_URL",
        "METRICS_COLD_AFTER_MONTHS",
        "METRICS_CORS_ORIGINS",
        "METRICS_MAIL_FROM",
        "METRICS_MAIL_NAME",
        "METRICS_SMTP_URL",
        "OUTREACH_IMAP_URLS",
        "OUTREACH_INBOUND_KEEP_DAYS",
        "OUTREACH_INBOUND_WORDS",
        "OUTREACH_JUDGEMENTS_KEEP_DAYS",
        "OUTREACH_LETTERS_DIR",
        "OUTREACH_LINK_KEYS",
        "OUTREACH_LMTP_LISTEN",
        "OUTREACH_MAIL_FROM",
        "OUTREACH_MAIL_NAME",
        "OUTREACH_PORTAL_PROXIES",
        "OUTREACH_PORTAL_TOKEN",
        "OUTREACH_POSTAL_ADDRESS",
        "OUTREACH_PUBLIC_URL",
        "OUTREACH_RESIDENCE_DEFAULT",
        "OUTREACH_RULEBOOKS",
        "OUTREACH_SMTP_URL",
        "OUTREACH_STORY_KEEP_DAYS",
        "OUTREACH_STRATEGIES",
        "OUTREACH_TAX_ID",
        "OUTREACH_TEMPLATES",
        "OUTREACH_URL",
        "RECOUP_CLOCK",
        "RECOUP_COOKIE_SECURE",
        "RECOUP_DATA_DIR",
        "RECOUP_DEV_KEY",
        "RECOUP_HSTS_DAYS",
        "RECOUP_JWKS",
        "RECOUP_JWT_AUDIENCE",
        "RECOUP_JWT_ISSUER",
        "RECOUP_LOCAL",
        "RECOUP_LOG_JSON",
        "RECOUP_LOG_LEVEL",
        "RECOUP_MEMBER",
        "RECOUP_METRICS_PORT",
        "RECOUP_OUTBOX_KEEP_DAYS",
        "RECOUP_PORT_BASE",
        "RECOUP_PRIVATE_NETWORK",
        "RECOUP_PUBLIC_HOSTS",
        "RECOUP_SERVICE_TOKEN",
        "RECOUP_SESSION_SECRET",
        "SEGMENTATION_POLICY",
        "SEGMENTATION_URL",
    }
)

_LINK_VALUES = ("tcp://", "udp://", "/")
_SIMILAR = 0.7


def misspelt(values: Mapping[str, str], asked: Iterable[str] = ()) -> dict[str, str]:
    """The variables that are nearly settings, each with the one that it is near to.

    Others of our prefixes are passed over: tools around us may have variables of their own.
    """
    known = KNOWN | set(asked)
    found: dict[str, str] = {}
    for name in sorted(values):
        prefix, _, rest = name.partition("_")
        if f"{prefix}_" not in PREFIXES or name in known or _is_link(name, values[name]):
            continue
        ours = [each.removeprefix(f"{prefix}_") for each in known if each.startswith(f"{prefix}_")]
        for near in get_close_matches(rest, ours, n=1, cutoff=_SIMILAR):
            found[name] = f"{prefix}_{near}"
    return found


def _is_link(name: str, value: str) -> bool:
    """Whether an engine put it there: Kubernetes for a service, Docker for a link."""
    if name.startswith("RECOUP_"):
        return False
    if name.endswith(("_PORT", "_NAME")):
        return name.endswith("_SERVICE_PORT") or value.startswith(_LINK_VALUES)
    is_port = "_PORT_" in name and any(kind in name for kind in ("_TCP", "_UDP"))
    return is_port or name.endswith("_SERVICE_HOST") or "_SERVICE_PORT_" in name or "_ENV_" in name
