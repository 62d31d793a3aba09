"""The kinds of providers: for which channels each is, which members it needs, and their form."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from services.outreach.channels.domain.tenant_settings import Provider
from shared import texts
from shared.errors import FieldError
from shared.mail_addresses import deliverable

_VARIABLE_MAX = 100

Check = Callable[[str, str], Iterator[FieldError]]  # pointer, value


@dataclass(frozen=True)
class ProviderKind:
    """What the document of a provider of this kind must say."""

    channels: frozenset[str]
    needs: frozenset[str]  # by their names in the document
    forms: Mapping[str, Check] = field(default_factory=dict)  # of members that are there


def _mailbox(pointer: str, value: str) -> Iterator[FieldError]:
    if deliverable(value) is None:
        yield FieldError(pointer, "is not an e-mail address")


def _domain(pointer: str, value: str) -> Iterator[FieldError]:
    if deliverable(f"a@{value}") is None:
        yield FieldError(pointer, "is not a domain like mail.example.com")


def _number(pointer: str, value: str) -> Iterator[FieldError]:
    """E.164, a short code, or a name of at most 11 letters and digits, as networks show senders."""
    digits = value.removeprefix("+")
    is_number = digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 15
    plain = value.replace(" ", "")
    is_name = plain.isascii() and plain.isalnum() and len(value) <= 11
    if not is_number and not is_name:
        yield FieldError(pointer, "is neither a number like +49301234567 nor a sender's name")


def _url(pointer: str, value: str) -> Iterator[FieldError]:
    if fault := texts.url_fault(value):
        yield FieldError(pointer, fault)


KINDS: Mapping[str, ProviderKind] = {
    "smtp": ProviderKind(
        frozenset({"email"}),
        frozenset({"secret"}),
        {"from": _mailbox, "reply_domain": _domain, "bounce_domain": _domain},
    ),
    "twilio": ProviderKind(
        frozenset({"sms", "voice"}), frozenset({"secret", "from"}), {"from": _number}
    ),
    "smpp": ProviderKind(frozenset({"sms"}), frozenset({"secret", "from"}), {"from": _number}),
    "dialler": ProviderKind(frozenset({"voice"}), frozenset()),
    "folder": ProviderKind(frozenset({"letter"}), frozenset({"target"})),
    "http-put": ProviderKind(frozenset({"letter"}), frozenset({"target"}), {"target": _url}),
    "webhook": ProviderKind(
        frozenset({"webhook"}), frozenset({"target", "secret"}), {"target": _url}
    ),
    "portal": ProviderKind(frozenset({"portal"}), frozenset()),
}


def provider_faults(
    provider: Provider, pointer: str, environment: Mapping[str, str]
) -> Iterator[FieldError]:
    """All that is wrong with a provider whose members have the right types."""
    kind = KINDS[provider.kind]
    if provider.channel not in kind.channels:
        takes = " or ".join(sorted(kind.channels))
        yield FieldError(f"{pointer}/channel", f"must be {takes} for a provider of this kind")
    members = {
        "secret": provider.secret,
        "from": provider.from_,
        "target": provider.target,
        "reply_domain": provider.reply_domain,
        "bounce_domain": provider.bounce_domain,
    }
    for name in sorted(kind.needs):
        if members[name] is None:
            yield FieldError(f"{pointer}/{name}", f"is missing: {provider.kind} needs it")
    for name, check in kind.forms.items():
        value = members.get(name)
        if value is not None:
            yield from check(f"{pointer}/{name}", value)
    if provider.secret is not None:
        yield from secret_faults(f"{pointer}/secret", provider.secret, environment)
    if provider.dkim is not None:
        yield from _domain(f"{pointer}/dkim/domain", provider.dkim.domain)
        yield from _domain(f"{pointer}/dkim/selector", f"{provider.dkim.selector}.example")
        yield from secret_faults(f"{pointer}/dkim/secret", provider.dkim.secret, environment)


def secret_faults(pointer: str, name: str, environment: Mapping[str, str]) -> Iterator[FieldError]:
    """Of a variable's name; `environment`: those that are a tenant's to name."""
    is_name = name.isascii() and name.replace("_", "A").isalnum() and not name[:1].isdigit()
    if not is_name or len(name) > _VARIABLE_MAX:
        yield FieldError(pointer, "must be the name of an environment variable")
    elif not environment.get(name):
        yield FieldError(pointer, f"names the variable {name}, which is not set")
