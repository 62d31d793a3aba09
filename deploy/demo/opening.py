"""What a tenant of the demo decides before its first day: channels, prices, capacity, and whose
accounts are worked by which strategy."""

from typing import Any

from deploy.demo.letters import TARGET
from deploy.demo.post import PROVIDER
from deploy.demo.texts import NUMBER

TEXTS_VARIABLE = "DEMO_TEXTS_URL"  # in the platform's environment
CAPACITY = {"letter": 150, "voice": 100, "collectors": 60}
RAMP_START = 100

SETTINGS: dict[str, Any] = {
    "language": "en",
    "creditor": {
        "name": "Demo Trading",
        "postal_address": "Lindenallee 1\n10115 Berlin\nGermany",
        "tax_id": "DE123456789",
        "phone": NUMBER,
        "url": "https://demo.example",
    },
    "providers": {
        "mail": {
            "channel": "email",
            "kind": "smtp",
            "secret": "OUTREACH_SMTP_URL",
            "from": "accounts@demo.example",
            "reply_domain": "reply.demo.example",
            "bounce_domain": "bounce.demo.example",
        },
        PROVIDER: {"channel": "sms", "kind": "twilio", "secret": TEXTS_VARIABLE, "from": NUMBER},
        "calls": {"channel": "voice", "kind": "dialler"},
        "post": {"channel": "letter", "kind": "folder", "target": TARGET, "cut_off": "16:00"},
    },
    "costs": {
        "currency": "EUR",
        "email": 400,
        "sms": {"+": 90_000, "+49": 75_000, "+1": 40_000},
        "voice": {"call": 10_000, "minute": 20_000},
        "letter": {"first": 920_000, "sheet": 40_000},
        "person": {"minute": 500_000},
    },
    "capacity": CAPACITY,
    "ramp": {"start": RAMP_START, "factor": 2},
    "reviews": {"share": 0.1},
}

# A strategy of the tenant's own: whom a machine calls.
TELEPHONE: dict[str, Any] = {
    "name": "telephone",
    "version": "demo",
    "title": "By telephone",
    "caps": {"gap_days": 3, "per_7_days": 2, "per_30_days": 6},
    "ladder": [
        {
            "name": "reminder", "from": "due", "days": 2, "channels": ["voice", "sms", "email"],
            "tone": "friendly", "template": "reminder",
        },
        {
            "name": "overdue", "from": "due", "days": 9, "channels": ["voice", "sms", "email"],
            "tone": "neutral", "template": "overdue",
        },
        {
            "name": "firm", "from": "due", "days": 20, "channels": ["email", "letter"],
            "tone": "firm", "template": "firm",
        },
        {
            "name": "call", "from": "stage", "stage": 31, "days": 0, "channels": ["person"],
            "queue": "collectors", "tone": "firm",
        },
    ],
    "reactions": {
        "promise-broken": {
            "steps": [
                {
                    "name": "broken", "days": 1, "channels": ["voice", "sms"], "tone": "neutral",
                    "template": "promise-broken",
                }
            ]
        }
    },
}  # fmt: skip

# What collecting costs beside messages and people's time, on the first of each month.
COSTS: tuple[dict[str, Any], ...] = (
    {"kind": "software", "amount_minor": 4900, "currency": "EUR"},
    {"kind": "legal", "amount_minor": 2500, "currency": "EUR"},
)
RATES = {"USD": "0.92", "JPY": "0.0062"}  # what one unit is worth in the reporting currency

# The packs of the sectors by the accounts' tags; who is not due yet gets the campaign.
ASSIGNMENTS: dict[str, Any] = {
    "version": "demo",
    "rules": [
        {"strategy": "agency", "when": {"tags_any": ["collected"]}},
        {"strategy": "healthcare", "when": {"tags_any": ["health"]}},
        {"strategy": "financial-services", "when": {"tags_any": ["credit"]}},
        {"strategy": "arts-patrons", "when": {"tags_any": ["arts"]}},
        {"strategy": "telephone", "when": {"tags_any": ["telephone"]}},
        {"strategy": "business-trade-credit", "when": {"kind": ["business"]}},
        {"strategy": "pre-due", "when": {"segment": ["current"]}},
        {"strategy": "telephone", "when": {"arm": {"telephone-first": ["telephone"]}}},
        {"strategy": "consumer-retail"},
    ],
}
