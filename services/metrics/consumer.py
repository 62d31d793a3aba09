"""Door 2: which events metrics reads, and what each of them does."""

from collections.abc import Mapping, Sequence

from services.metrics import commands
from services.metrics.context import Context
from services.metrics.domain import fold
from services.metrics.domain.fold import Handler
from services.metrics.settings import Settings
from shared.database import Session
from shared.events import LEDGER, METRICS, OUTREACH, SEGMENTATION, TENANTS, Received
from shared.log.runtime import Runtime
from shared.log.subscriptions import Subscription

HANDLERS: Mapping[str, Handler] = {
    "account-registered": Handler(fold.no_items, fold.on_account),
    "account-updated": Handler(fold.no_items, fold.on_account),
    "invoice-issued": Handler(fold.its_invoice, fold.on_invoice_issued),
    "invoice-amended": Handler(fold.its_invoice, fold.on_invoice_amended),
    "invoice-voided": Handler(fold.its_invoice, fold.on_invoice_voided),
    "invoice-overdue": Handler(fold.its_invoice, fold.on_invoice_overdue),
    "invoice-reopened": Handler(fold.its_invoice, fold.on_invoice_reopened),
    "payment-received": Handler(fold.its_payment, fold.on_payment_received),
    "payment-reversed": Handler(fold.its_payment, fold.on_payment_reversed),
    "credit-note-issued": Handler(fold.its_credit_note, fold.on_credit_note_issued),
    # Of a recovery it is the payment's own event, or `allocation-changed`, that says it.
    **dict.fromkeys(
        (
            "allocation-changed",
            "settlement-completed",
            "account-written-off",
            "discount-granted",
            "discount-revoked",
        ),
        Handler(fold.its_allocations, fold.on_allocations),
    ),
    **dict.fromkeys(
        ("fee-charged", "interest-charged", "charge-waived"),
        Handler(fold.its_charge, fold.on_charge),
    ),
    "segment-changed": Handler(fold.no_items, fold.on_segment_changed),
    "contact-planned": Handler(fold.its_contact, fold.on_contact_planned),
    "contact-suppressed": Handler(fold.its_contact, fold.on_contact_suppressed),
    "contact-cancelled": Handler(fold.its_contact, fold.on_contact_cancelled),
    "contact-sent": Handler(fold.its_contact, fold.on_contact_sent),
    "contact-uncertain": Handler(fold.its_contact, fold.on_contact_uncertain),
    "contact-failed": Handler(fold.its_contact, fold.on_contact_failed),
}

CONSUMER = "metrics"
TOPICS = (LEDGER, SEGMENTATION, OUTREACH, TENANTS, METRICS)


async def take(session: Session, events: Sequence[Received]) -> None:
    """Fold one ordered batch of new events."""
    await commands.fold_events(session, events, HANDLERS)


SUBSCRIPTION = Subscription(
    consumer=CONSUMER,
    topics=TOPICS,
    types=frozenset({*HANDLERS, "tenant-settings"}),
    take=take,
)


def runtime(settings: Settings, context: Context) -> Runtime:
    """Metrics on the log: the API asks it for the lag, the worker runs it."""
    return Runtime(
        CONSUMER,
        settings.common,
        context.db,
        [SUBSCRIPTION],
        producer_urls=settings.producer_urls,
    )
