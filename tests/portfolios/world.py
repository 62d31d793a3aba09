"""What segmentation, outreach and metrics itself announce, beside the ledger's side."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from shared.events import METRICS, OUTREACH, SEGMENTATION, metrics, outreach, segmentation
from tests.portfolios.claims import Claims


class World(Claims):
    # ── Segmentation ────────────────────────────────────────────────────────────────────────────
    def segment(
        self, account: str, to: str, at: datetime, arms: Mapping[str, str] | None = None
    ) -> None:
        data = segmentation.SegmentChanged(
            account_id=account,
            from_segment=None,
            to_segment=to,
            arms=dict(arms or {}),
            priority=1,
            because="story",
            policy_version="1",
        )
        self.record_at(at)
        self.say(SEGMENTATION, account, "segment-changed", data, at)

    def experiment(
        self, name: str, run: int, arms: Mapping[str, float], champion: str, at: datetime
    ) -> None:
        shares = tuple(segmentation.ArmShare(arm, share) for arm, share in arms.items())
        data = segmentation.ExperimentStarted(name=name, run=run, champion=champion, arms=shares)
        self.record_at(at)
        self.say(SEGMENTATION, "", "experiment-started", data, at)

    def rates(self, to: str, rates: Iterable[tuple[str, date, str]], at: datetime) -> None:
        dated = tuple(segmentation.DatedRate(*each) for each in rates)
        self.record_at(at)
        self.say(
            SEGMENTATION,
            "",
            "rates-changed",
            segmentation.RatesChanged(to=to, rates=dated),
            at,
        )

    # ── Contacts ────────────────────────────────────────────────────────────────────────────────
    def contact(
        self,
        what: str,
        contact: str,
        account: str,
        at: datetime,
        *,
        channel: str = "email",
        strategy: str = "consumer",
        collector: str | None = None,
        covers: Iterable[str] = (),
        cost: int = 0,
        currency: str | None = None,
        arms: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """`what`: planned, suppressed, cancelled, sent, uncertain, failed, delivered, opened."""
        accounts = sorted({account, *covers})
        assert accounts[0] == account, "a contact stands under its lowest account"
        fields: dict[str, Any] = {
            "contact_id": contact,
            "account_id": account,
            "channel": channel,
            "strategy": strategy,
            "strategy_version": "1",
            "step": "s1",
            "tone": "friendly",
            "arms": dict(arms or {}),
            "collector": collector,
            "cost_micros": cost,
            "cost_currency": currency or ("EUR" if cost else None),
            "covers": tuple(
                outreach.Cover(account_id=each, checked_sequence=1, invoice_ids=())
                for each in accounts
            ),
        }
        own: dict[str, dict[str, Any]] = {
            "planned": {"due_at": at},
            "suppressed": {"rule": "contact-hours"},
            "cancelled": {"because": "paid"},
            "sent": {"sent_at": at, "message_id": contact},
            "uncertain": {"because": "lease"},
            "failed": {"reason_code": "550"},
            "delivered": {"delivered_at": at},
            "opened": {"opened_at": at},
        }
        self._announce(f"contact-{what}", account, at, **fields | own[what] | more)

    def _announce(self, type_: str, account: str, at: datetime, **fields: Any) -> None:
        self.record_at(at)
        self.say(OUTREACH, account, type_, outreach.TYPES[type_](**fields), at)

    def reply(
        self, inbound: str, account: str, at: datetime, contact: str | None, class_: str = "other"
    ) -> None:
        fields = {
            "inbound_id": inbound,
            "contact_id": contact,
            "channel": "sms",
            "reply_class": class_,
            "received_at": at,
        }
        self._announce("reply-received", account, at, account_id=account, **fields)

    def visit(self, account: str, at: datetime, contact: str) -> None:
        fields = {"contact_id": contact, "level": 1, "visited_at": at}
        self._announce("portal-visited", account, at, account_id=account, **fields)

    def party(
        self,
        touch: str,
        account: str,
        at: datetime,
        *,
        outcome: str = "promise",
        contact: str | None = None,
        task: str | None = None,
        channel: str | None = None,
        collector: str | None = None,
        is_right: bool = True,
    ) -> None:
        fields = {
            "touch_id": touch,
            "account_id": account,
            "contact_id": contact,
            "task_id": task,
            "channel": channel,
            "outcome": outcome,
            "collector": collector,
            "touched_at": at,
        }
        type_ = "right-party-contacted" if is_right else "wrong-party-contacted"
        self._announce(type_, account, at, **fields)

    def task(
        self,
        task: str,
        account: str,
        at: datetime,
        *,
        collector: str = "ann",
        cost: int = 0,
        currency: str | None = None,
        contact: str | None = None,
        strategy: str | None = None,
        is_again: bool = False,
    ) -> None:
        """Created and completed, or completed again with other figures."""
        of: dict[str, Any] = {"task_id": task, "account_id": account, "kind": "call"}
        of |= {"queue": "collectors", "contact_id": contact}
        if not is_again:
            self._announce("task-created", account, at, **of, strategy=strategy)
        done = {
            "disposition": "talked",
            "collector": collector,
            "seconds": 60,
            "cost_micros": cost,
            "cost_currency": currency or ("EUR" if cost else None),
            "completed_at": at,
        }
        self._announce("task-completed", account, at, **of, **done)

    def feedback(
        self, feedback: str, account: str, score: int, at: datetime, contact: str | None = None
    ) -> None:
        fields = {"feedback_id": feedback, "contact_id": contact, "score": score}
        self._announce(
            "feedback-received", account, at, account_id=account, received_at=at, **fields
        )

    def revoke(self, account: str, channel: str, at: datetime) -> None:
        fields = {"channel": channel, "kind": channel, "revoked_at": at}
        self._announce("consent-revoked", account, at, account_id=account, **fields)

    # ── Costs ───────────────────────────────────────────────────────────────────────────────────
    def cost(
        self,
        cost: str,
        amount: int,
        on: date,
        *,
        kind: Any = "agency",
        currency: str = "EUR",
        account: str | None = None,
        channel: str | None = None,
    ) -> None:
        data = metrics.CostRecorded(
            cost_id=cost,
            kind=kind,
            amount_minor=amount,
            currency=currency,
            incurred_on=on,
            account_id=account,
            channel=channel,
        )
        at = self.start_of(on, "")
        self.record_at(at)
        self.say(METRICS, "", "cost-recorded", data, at, on)

    def withdraw_cost(self, cost: str, on: date, account: str | None = None) -> None:
        data = metrics.CostWithdrawn(cost_id=cost, account_id=account)
        self.say(METRICS, "", "cost-withdrawn", data, self.start_of(on, ""), on)
