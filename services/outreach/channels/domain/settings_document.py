"""The document of `PUT /v1/settings`: read, and refused with all its faults at once."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from services.outreach.channels.domain.provider_kinds import provider_faults
from services.outreach.channels.domain.shape_faults import shape_faults
from services.outreach.channels.domain.tenant_settings import TenantSettings
from shared import texts
from shared.errors import FieldError, Invalid
from shared.field_errors import escape
from shared.money import DECIMALS

NAMES_MAX = 100  # providers, queues
PREFIXES_MAX = 2000  # prices of texts, by prefix of a number
DETAILS_MAX = 2000  # characters of a creditor's member

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_PREFIX = re.compile(r"\+[0-9]{0,15}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def read_settings(value: Any, environment: Mapping[str, str]) -> TenantSettings:
    """The settings as sent. Raises `Invalid` with every fault of them."""
    errors = list(shape_faults(value, TenantSettings, ""))
    if errors:
        raise Invalid("The settings are not valid.", errors)
    settings = msgspec.convert(value, TenantSettings)
    errors = list(_faults(settings, environment))
    if errors:
        raise Invalid("The settings are not valid.", errors)
    return settings


def _faults(settings: TenantSettings, environment: Mapping[str, str]) -> Iterator[FieldError]:
    if not _LANGUAGE.fullmatch(settings.language):
        yield FieldError("/language", "must be a language like de or de-AT")
    yield from _creditor_faults(settings)
    yield from _named_faults("/providers", settings.providers)
    yield from _named_faults("/capacity", settings.capacity)
    for name, provider in settings.providers.items():
        pointer = f"/providers/{escape(texts.shown(name))}"
        if not _TIME.fullmatch(provider.cut_off):
            yield FieldError(f"{pointer}/cut_off", "must be a time of day like 16:00")
        yield from provider_faults(provider, pointer, environment)
    yield from _cost_faults(settings)
    ramp = settings.ramp
    if ramp.most is not None and ramp.most < ramp.start:
        yield FieldError("/ramp/most", "must be at least `start`")


def _creditor_faults(settings: TenantSettings) -> Iterator[FieldError]:
    creditor = settings.creditor
    for name in ("name", "postal_address", "tax_id", "phone", "url"):
        value = getattr(creditor, name)
        if value is None:
            continue
        if not value.strip():
            yield FieldError(f"/creditor/{name}", "must not be empty")
        elif len(value) > DETAILS_MAX:
            yield FieldError(f"/creditor/{name}", f"must have at most {DETAILS_MAX} characters")
    if creditor.url is not None and (fault := texts.url_fault(creditor.url)):
        yield FieldError("/creditor/url", fault)


def _named_faults(pointer: str, found: Mapping[str, Any]) -> Iterator[FieldError]:
    if len(found) > NAMES_MAX:
        yield FieldError(pointer, f"must have at most {NAMES_MAX} members")
    for name in found:
        if not _NAME.fullmatch(name):
            yield FieldError(
                f"{pointer}/{escape(texts.shown(name))}",
                "must be named in small letters, digits, - and _",
            )


def _cost_faults(settings: TenantSettings) -> Iterator[FieldError]:
    costs = settings.costs
    if costs.currency not in DECIMALS:
        yield FieldError("/costs/currency", "must be an ISO 4217 code like EUR")
    if len(costs.sms) > PREFIXES_MAX:
        yield FieldError("/costs/sms", f"must have at most {PREFIXES_MAX} members")
    for prefix in costs.sms:
        if not _PREFIX.fullmatch(prefix):
            yield FieldError(
                f"/costs/sms/{escape(texts.shown(prefix))}", "must be + and the first digits"
            )
