"""Settings of outreach: read once by `app.py` and `worker.py`, passed down as values."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Self

from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.messages import Sender
from services.outreach.channels.domain.templates import Templates
from services.outreach.channels.domain.tokens import LinkKey, LinkKeys
from services.outreach.compliance import RuleBook, read_book
from services.outreach.compliance.geography.places import country_zones
from services.outreach.dunning.domain.assignment_document import (
    ASSIGNMENTS,
    parse_assignments,
)
from services.outreach.dunning.domain.assignments import Assignments
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.inbound.domain.mailboxes import Mailbox
from services.outreach.inbound.domain.word_lists import WordLists, parse_word_lists
from services.outreach.portal.domain.words import PortalWords, read_words
from services.outreach.rulebooks.domain.versions import built_in
from shared.addresses import BadUrl, read_url
from shared.countries import iso_code
from shared.documents import BuiltIn
from shared.errors import Invalid
from shared.mail_addresses import deliverable
from shared.process.settings import BadSetting, Common, Env
from shared.process.variables import KNOWN
from shared.smtp import MailServer

_HERE = Path(__file__).parent
PRODUCERS = ("ledger", "segmentation", "metrics")  # and itself
MAIL_FROM_DEFAULT = "accounts@localhost.localdomain"
MAIL_NAME_DEFAULT = "Accounts receivable"
ASSIGNMENTS_FILE = f"{ASSIGNMENTS}.yaml"
JUDGEMENTS_KEEP_DAYS = 730
INBOUND_KEEP_DAYS = 730
MAILBOXES_MAX = 20
# Tenants' settings name variables that hold their secrets. Ours are none of theirs, but for the
# mail server of the installation.
FOR_TENANTS = frozenset({"OUTREACH_SMTP_URL"})
# Locally, for whom no place is known at all: a country whose clocks show UTC, like the local
# mode's tenants. Elsewhere nobody is contacted of whom it is not known where they live.
RESIDENCE_LOCAL = "IS"


@dataclass(frozen=True)
class Settings:
    """`OUTREACH_*` and what is common to all services."""

    common: Common
    database_url: str = field(repr=False)
    # The producers whose logs are read, by service: their databases where Kafka is off.
    producer_urls: Mapping[str, str] = field(repr=False)
    ledger_url: str
    mail_server: MailServer | None  # None: no channel
    mail_from: str
    mail_name: str
    postal_address: str | None  # this and the tax id: in texts that the law wants them in
    tax_id: str | None
    links: Links = field(repr=False)
    letters_dir: Path | None  # in which tenants' folders for letters are; None: they have none
    packs: tuple[BuiltIn[Strategy], ...] = field(repr=False)
    assignments: BuiltIn[Assignments] = field(repr=False)  # until a tenant has its own
    templates: Templates = field(repr=False)
    rulebooks: tuple[BuiltIn[RuleBook], ...] = field(repr=False)
    residence_default: str | None  # a country, for whom no place at all is known
    story_keep_days: int | None  # None: for ever
    judgements_keep_days: int | None
    inbound_keep_days: int | None
    words: WordLists = field(repr=False)  # that tell what a reply wants
    lmtp: tuple[str, int] | None  # where mail servers hand mail over; None: nowhere
    mailboxes: tuple[Mailbox, ...]  # that are looked into
    secrets: Mapping[str, str] = field(repr=False)  # what tenants' settings may name
    portal_token: str | None = field(repr=False)  # for the portal's calls to the ledger
    portal_proxies: int  # of ours, before the portal
    portal_words: PortalWords = field(repr=False)

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        env = Env(values, collects=True)
        common = Common.read(env)
        producers = () if common.kafka else PRODUCERS
        packs = env.attempt(lambda: _packs(env))
        templates = env.attempt(lambda: _templates(env))
        settings = cls(
            common=common,
            database_url=env.database("outreach"),
            producer_urls={
                **{service: env.producer("outreach", service) for service in producers},
                "outreach": env.database("outreach"),
            },
            ledger_url=env.peer("ledger", common),
            mail_server=env.attempt(lambda: _mail_server(env)),
            mail_from=env.attempt(lambda: _mail_from(env)),
            mail_name=env.text("OUTREACH_MAIL_NAME") or MAIL_NAME_DEFAULT,
            postal_address=env.text("OUTREACH_POSTAL_ADDRESS"),
            tax_id=env.text("OUTREACH_TAX_ID"),
            links=Links(
                keys=env.attempt(lambda: _link_keys(env, common)),
                public_url=env.attempt(lambda: _public_url(env, common)),
            ),
            letters_dir=env.attempt(lambda: _letters_dir(env, common)),
            packs=() if packs is None else packs[0],
            assignments=None if packs is None else packs[1],
            templates=templates,
            rulebooks=env.attempt(lambda: _rulebooks(env)),
            residence_default=env.attempt(lambda: _residence(env, common)),
            story_keep_days=env.days("OUTREACH_STORY_KEEP_DAYS"),
            judgements_keep_days=env.days("OUTREACH_JUDGEMENTS_KEEP_DAYS", JUDGEMENTS_KEEP_DAYS),
            inbound_keep_days=env.days("OUTREACH_INBOUND_KEEP_DAYS", INBOUND_KEEP_DAYS),
            words=env.attempt(lambda: _words(env)),
            lmtp=env.attempt(lambda: _lmtp(env)),
            mailboxes=env.attempt(lambda: _mailboxes(env)),
            portal_token=env.text("OUTREACH_PORTAL_TOKEN") or common.service_token,
            portal_proxies=env.integer("OUTREACH_PORTAL_PROXIES", 0, low=0, high=9),
            portal_words=_portal_words(),
            secrets={n: v for n, v in values.items() if n not in KNOWN or n in FOR_TENANTS},
        )
        return env.checked(settings)

    @property
    def sender(self) -> Sender:
        """Who writes."""
        return Sender(self.mail_from, self.mail_name, self.postal_address, self.tax_id)


def _templates(env: Env) -> Templates:
    name = "OUTREACH_TEMPLATES"
    shipped = _HERE / "channels" / "templates"
    texts = _texts(env, name, shipped, ("*.txt", "*.html", "*.yaml", "*/*.yaml"))
    try:
        templates = _read_templates(tuple(sorted(texts.items())))
        templates.check(())
    except Invalid as error:
        raise BadSetting(name, f"does not fit: {error.detail}") from error
    return templates


@lru_cache(maxsize=4)
def _read_templates(texts: tuple[tuple[str, str], ...]) -> Templates:
    """Once for all processes of the local mode."""
    return Templates(dict(texts))


# Both processes of the local mode ask for the same lists.
_word_lists = lru_cache(maxsize=4)(lambda sources: parse_word_lists(dict(sources)))


def _words(env: Env) -> WordLists:
    name = "OUTREACH_INBOUND_WORDS"
    texts = _texts(env, name, _HERE / "inbound" / "words", ("*.yaml",))
    try:
        return _word_lists(tuple(texts.items()))
    except Invalid as error:
        reasons = "; ".join(f"{e.pointer} {e.detail}" for e in error.errors)
        raise BadSetting(name, f"does not fit: {error.detail} {reasons}".rstrip()) from error


@lru_cache(maxsize=1)
def _portal_words() -> PortalWords:
    """They come with the platform, whole in every language."""
    folder = _HERE / "portal" / "words"
    return read_words({path.name: path.read_text("utf-8") for path in folder.glob("*.yaml")})


def _lmtp(env: Env) -> tuple[str, int] | None:
    """An address of this machine's network: LMTP knows no sign-in."""
    name = "OUTREACH_LMTP_LISTEN"
    text = env.text(name)
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BadSetting(name, "is not host:port, like 127.0.0.1:8024")
    return host.strip("[]"), int(port)


def _mailboxes(env: Env) -> tuple[Mailbox, ...]:
    name = "OUTREACH_IMAP_URLS"
    urls = (env.text(name) or "").split()
    if len(urls) > MAILBOXES_MAX:
        raise BadSetting(name, f"names {len(urls)} mailboxes; {MAILBOXES_MAX} are looked into")
    try:
        return tuple(map(Mailbox.from_url, urls))
    except BadUrl as error:
        raise BadSetting(name, f"has a URL that {error}") from error


def _mail_server(env: Env) -> MailServer | None:
    name = "OUTREACH_SMTP_URL"
    url = env.text(name)
    try:
        return MailServer.from_url(url) if url is not None else None
    except BadUrl as error:
        raise BadSetting(name, str(error)) from error


# Both processes of the local mode ask for the same ones; what is read is immutable.
_read_strategy = lru_cache(maxsize=64)(parse_strategy)


def _packs(env: Env) -> tuple[tuple[BuiltIn[Strategy], ...], BuiltIn[Assignments]]:
    """The strategies that come with the platform, or those of a folder in their place; and whose
    they are until a tenant has its own assignments."""
    name = "OUTREACH_STRATEGIES"
    texts = _texts(env, name, _HERE / "dunning" / "strategies", ("*.yaml",))
    assigning = texts.pop(ASSIGNMENTS_FILE, None)
    if assigning is None:
        raise BadSetting(name, f"names a folder without {ASSIGNMENTS_FILE}")
    packs: dict[str, BuiltIn[Strategy]] = {}
    file = ASSIGNMENTS_FILE
    try:
        assignments = parse_assignments(assigning)
        for each, text in texts.items():
            file = each
            pack = _read_strategy(text)
            if pack.name in packs:
                raise BadSetting(name, f"holds two strategies of the name {pack.name}")
            packs[pack.name] = BuiltIn(pack.name, pack.version, text, pack)
    except Invalid as error:
        reasons = "; ".join(f"{e.pointer} {e.detail}" for e in error.errors)
        raise BadSetting(name, f"holds {file}: {error.detail} {reasons}".rstrip()) from error
    missing = sorted(assignments.strategies - packs.keys())
    if missing:
        raise BadSetting(name, f"holds no {', '.join(missing)}, which {ASSIGNMENTS_FILE} names")
    built = BuiltIn(ASSIGNMENTS, assignments.version, assigning, assignments)
    return tuple(packs[pack_name] for pack_name in sorted(packs)), built


# Both processes of the local mode ask for the same books; a book is immutable.
_read = lru_cache(maxsize=64)(read_book)


def _rulebooks(env: Env) -> tuple[BuiltIn[RuleBook], ...]:
    name = "OUTREACH_RULEBOOKS"
    books: dict[str, BuiltIn[RuleBook]] = {}
    for file, text in _texts(env, name, _HERE / "rulebooks" / "shipped", ("*.yaml",)).items():
        try:
            book = _read(text)
        except Invalid as error:
            reasons = "; ".join(e.detail for e in error.errors) or error.detail
            raise BadSetting(name, f"holds {file}, which does not fit: {reasons}") from error
        if book.name in books:
            raise BadSetting(name, f"holds two books of the name {book.name}")
        books[book.name] = built_in(book, text)
    return tuple(books[each] for each in sorted(books))


def _residence(env: Env, common: Common) -> str | None:
    name = "OUTREACH_RESIDENCE_DEFAULT"
    country = env.text(name)
    if country is None:
        return RESIDENCE_LOCAL if common.local else None
    code = iso_code(country)
    if code is None or not country_zones(code):
        raise BadSetting(name, "is not a country's code (ISO 3166), like DE")
    return code


def _texts(env: Env, name: str, default: Path, patterns: tuple[str, ...]) -> dict[str, str]:
    """The files of a folder, by name."""
    folder = Path(env.text(name) or default)
    try:
        texts = {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for pattern in patterns
            for path in sorted(folder.glob(pattern))
        }
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(name, f"names a folder that cannot be read: {error}") from error
    if not texts:
        raise BadSetting(name, f"names {folder}, which holds no {' or '.join(patterns)}")
    return texts


def _link_keys(env: Env, common: Common) -> LinkKeys:
    """What signs addresses and links in messages: given, or in local mode made of the dev key."""
    name = "OUTREACH_LINK_KEYS"
    given = env.text(name)
    if given is None and common.local and common.dev_key is not None:
        secret = hmac.digest(common.dev_key.encode(), b"recoup links", "sha256")
        return LinkKeys(LinkKey(0, secret))
    if given is None:
        raise BadSetting(name, "is not set: give it 1: and 32 random bytes in base64")
    try:
        return LinkKeys.read(given)
    except Invalid as error:
        raise BadSetting(name, error.detail) from error


def _public_url(env: Env, common: Common) -> str:
    """Where debtors find us."""
    name = "OUTREACH_PUBLIC_URL"
    here = f"http://127.0.0.1:{common.port('outreach')}" if common.local else None
    text = env.url(name, ("https", "http"), default=here)
    if text is None:
        raise BadSetting(name, "is not set: messages link to it, like https://pay.example.com")
    if text.startswith("http:") and not read_url(text, ("http",)).is_here:
        raise BadSetting(name, "must start with https:// unless it is this machine")
    return text.rstrip("/")


def _letters_dir(env: Env, common: Common) -> Path | None:
    """The folder that the folders for letters are in: no tenant's settings lead out of it."""
    name = "OUTREACH_LETTERS_DIR"
    given = env.text(name)
    if given is None:
        return common.data_dir / "letters" if common.local else None
    folder = Path(given)
    if not folder.is_dir():
        raise BadSetting(name, "names no folder")
    return folder


def _mail_from(env: Env) -> str:
    name = "OUTREACH_MAIL_FROM"
    address = deliverable(env.text(name) or MAIL_FROM_DEFAULT)
    if address is None:
        raise BadSetting(name, "is not an e-mail address")
    return address
