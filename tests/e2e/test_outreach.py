"""What debtors, carriers and collectors do, on a whole platform: a text that promises, a mail that
comes back, a call that ends in a plan."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.demo.acts import Answer
from deploy.demo.post import Post
from deploy.demo.received import Received
from deploy.demo.texts import TextOperator
from tests.e2e.conftest import NewPlatform
from tests.e2e.desk import Desk, Json
from tests.e2e.dunning import said
from tests.e2e.mail import MailServer, mail_server
from tests.e2e.platform import KEY
from tests.e2e.texts import operator_of_texts
from tests.factories import an_account, an_invoice

pytestmark = pytest.mark.e2e

ANNA = {"X-Actor": "anna"}
NUMBER, OURS = "+4915123456789", "+493012345678"
SETTINGS: Json = {
    "language": "de",
    "creditor": {"name": "Kredit GmbH", "postal_address": "Allee 1\n10115 Berlin", "phone": OURS},
    "providers": {
        "mail": {
            "channel": "email", "kind": "smtp", "secret": "OUTREACH_SMTP_URL",
            "from": "accounts@creditor.example", "reply_domain": "reply.example.com",
            "bounce_domain": "bounce.example.com",
        },
        "texts": {"channel": "sms", "kind": "twilio", "secret": "TEXTS_URL", "from": OURS},
    },
}  # fmt: skip
STRATEGY: Json = {
    "name": "story",
    "version": "1",
    "title": "Of these stories",
    "send": {"from": "09:00", "to": "18:00"},
    "caps": {"gap_days": 1, "per_7_days": 7, "per_30_days": 30},
    "ladder": [
        {
            "name": "reminder", "from": "due", "days": 1, "channels": ["email", "sms"],
            "tone": "friendly", "template": "reminder",
        },
        {
            "name": "call", "from": "due", "days": 3, "channels": ["person"], "tone": "friendly",
            "when": {"tags_any": ["call"]},
        },
        {
            "name": "second", "from": "due", "days": 5, "channels": ["sms", "email"],
            "tone": "neutral", "template": "overdue",
        },
    ],
    "reactions": {
        "promise-broken": {
            "steps": [
                {
                    "name": "broken", "days": 1, "channels": ["sms"], "tone": "neutral",
                    "template": "promise-broken",
                }
            ]
        }
    },
}  # fmt: skip


@dataclass
class Scene:
    """A tenant on a platform with peers for mails and texts."""

    desk: Desk
    mail: MailServer
    texts: TextOperator

    def owes(self, account_id: str, **details: Any) -> None:
        """One invoice that was due on Sunday, 15 March."""
        invoice = an_invoice(f"I-{account_id}", account_id)
        berlin = {"line1": "Allee 2", "city": "Berlin", "postal_code": "10115", "country": "DE"}
        self.desk.send(an_account(account_id, addresses=[berlin], **details), invoice)

    def day(self, day: str, *hours: str) -> None:
        """Begin a day and make what is due at these hours (UTC), each once all is known."""
        self.desk.start_day(day)
        for hour in hours:
            self.desk.platform.wait_quiet()
            self.desk.run_due(f"{day}T{hour}:00Z")
        self.desk.platform.wait_quiet()

    def says(self, answer: Answer) -> Json:
        """Bring an answer to outreach; the newest item there, a reply or a receipt."""

        async def bring() -> httpx.Response:
            headers = {"Authorization": f"Bearer {KEY}", "X-Tenant": self.desk.tenant}
            base = self.desk.platform.url("outreach")
            async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as client:
                return await Post(client).bring(answer)

        answered = asyncio.run(bring())
        assert answered.is_success, answered.text
        self.desk.platform.wait_quiet()
        items = self.desk.get("outreach", "/v1/inbound")["items"]
        is_reply = answer.kind == "reply"
        found: Json = next(i for i in items if (i["state"] != "receipt") == is_reply)
        return found

    def next_task(self) -> Json:
        """The best one, claimed by Anna."""
        answer = self.desk.call("POST", "outreach", "/v1/worklist/next", json={}, headers=ANNA)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def completed(self, task: Json, **body: Any) -> Json:
        path = f"/v1/tasks/{task['task_id']}/complete"
        answer = self.desk.call("POST", "outreach", path, json=body, headers=ANNA)
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    def contacts(self, account_id: str) -> list[tuple[str, str, str]]:
        """Step, channel and state of each that left or is to leave, oldest first."""
        return [
            (contact["step"], contact["channel"], contact["state"])
            for contact in sorted(
                self.desk.contacts(account_id), key=lambda c: c["attempted_at"] or c["due_at"]
            )
            if contact["state"] not in ("planned", "cancelled")
        ]


@pytest.fixture
def scene(new_platform: NewPlatform) -> Iterator[Scene]:
    with mail_server() as mail, operator_of_texts() as texts:
        platform = new_platform(OUTREACH_SMTP_URL=mail.url, TEXTS_URL=texts.url).start()
        desk = Desk(platform).settle_in(timezone="Europe/Berlin", contact_from="2026-03-01")
        platform.wait_quiet()
        desk.run_due("2026-03-13T00:00:00Z")  # business time begins
        put(desk, "/v1/settings", SETTINGS)
        activated(desk, "/v1/strategies/story", STRATEGY)
        activated(
            desk, "/v1/strategy-assignments", {"version": "1", "rules": [{"strategy": "story"}]}
        )
        yield Scene(desk, mail, texts)


def put(desk: Desk, path: str, document: Json) -> None:
    answer = desk.call("PUT", "outreach", path, json=document)
    assert answer.is_success, answer.text


def activated(desk: Desk, path: str, document: Json) -> None:
    put(desk, path, document)
    desk.post(
        "outreach", f"{path}/activate", {"version": document["version"], "from": "2026-03-15"}
    )


def test_a_text_promises_and_the_promise_is_broken(scene: Scene) -> None:
    """Reply → a collector's task → promise at the ledger → nothing is asked for → broken → the
    reaction to it."""
    desk = scene.desk
    phone = {"number": NUMBER, "type": "mobile", "consent": "express"}
    scene.owes("C1", email=None, phones=[phone])
    scene.day("2026-03-16", "08:30")
    (text,) = scene.texts.take()
    assert (text.to, scene.contacts("C1")) == (NUMBER, [("reminder", "sms", "sent")])
    scene.says(Answer("receipt", text, "1"))
    assert scene.contacts("C1") == [("reminder", "sms", "delivered")]

    item = scene.says(Answer("reply", text, "2", text="Ich zahle am 2026-03-19."))
    assert (item["state"], item["reply_class"]) == ("for-person", "promise")
    assert item["effect"] == "task", "whose a number is, no token of ours says"
    scene.day("2026-03-17", "08:30")
    task = scene.next_task()
    assert (task["kind"], task["account_id"]) == ("promise", "C1")
    command = {
        "promise_id": "R1", "currency": "EUR", "amount_minor": 10000, "due_on": "2026-03-19",
        "invoice_ids": ["I-C1"],
    }  # fmt: skip
    scene.completed(task, disposition="promise", command=command)
    desk.platform.wait_quiet()
    (promise,) = desk.get("ledger", "/v1/accounts/C1/promises")["items"]
    assert (promise["state"], promise["due_on"]) == ("open", "2026-03-19")
    again = scene.says(Answer("reply", text, "2", text="Ich zahle am 2026-03-19."))
    assert again["inbound_id"] == item["inbound_id"], "a repeat changes nothing"

    for day in ("18", "19", "20", "21", "22", "23", "24", "25", "26"):
        scene.day(f"2026-03-{day}", "08:30")
    (promise,) = desk.get("ledger", "/v1/accounts/C1/promises")["items"]
    assert promise["state"] == "broken"
    assert scene.contacts("C1")[:2] == [("reminder", "sms", "delivered"), ("broken", "sms", "sent")]
    judged = next(h["at"] for h in promise["history"] if h["state"] == "broken")
    broken = next(c for c in desk.contacts("C1") if c["step"] == "broken")
    assert broken["attempted_at"] > judged, "nothing in between"
    assert desk.get("outreach", "/v1/integrity")["items"]
    assert sum(i["violations"] for i in desk.get("outreach", "/v1/integrity")["items"]) == 0


def test_a_mail_that_comes_back_takes_the_next_channel(scene: Scene) -> None:
    phone = {"number": NUMBER, "type": "mobile", "consent": "express"}
    scene.owes("C2", phones=[phone])
    scene.day("2026-03-16", "08:30")
    (mail,) = scene.mail.messages
    (contact,) = [c for c in scene.desk.contacts("C2") if c["state"] == "sent"]
    letter = Received(
        "email", "c2@example.com", answer_to=str(mail["Reply-To"]),
        carrier_to=scene.mail.return_paths[0], id=str(mail["Message-ID"]),
    )  # fmt: skip
    item = scene.says(Answer("bounce", letter, "1", code="5.1.1"))
    assert item["state"] == "receipt"
    (failed,) = said(scene.desk, "contact-failed")
    assert failed.data["contact_id"] == contact["contact_id"]
    assert (failed.data["is_address_dead"], failed.data["next_channel"]) == (True, "sms")
    scene.desk.run_due("2026-03-16T10:00:00Z")
    assert scene.contacts("C2") == [("reminder", "email", "failed"), ("reminder", "sms", "sent")]
    assert [each.to for each in scene.texts.take()] == [NUMBER]


def test_a_call_ends_in_a_plan(scene: Scene) -> None:
    """The ladder's call → the work list → the call → a plan at the ledger → silence."""
    desk = scene.desk
    phone = {"number": NUMBER, "type": "mobile", "consent": "express"}
    scene.owes("C3", phones=[phone], tags=["call"])
    scene.day("2026-03-16", "08:30")
    scene.day("2026-03-18", "09:00")
    task = scene.next_task()
    assert (task["kind"], task["account_id"], task["claimed_by"]) == ("call", "C3", "anna")
    path = f"/v1/tasks/{task['task_id']}"
    other = desk.call("POST", "outreach", f"{path}/claim", headers={"X-Actor": "bruno"})
    assert (other.status_code, other.json()["claimed_by"]) == (409, "anna")
    call = desk.call("POST", "outreach", f"{path}/call", json={}, headers=ANNA).json()
    assert call["to"] == NUMBER

    def completed(months: int) -> httpx.Response:
        plan = {
            "plan_id": "L1", "currency": "EUR", "invoice_ids": ["I-C3"],
            "equal": {"count": months, "first_due_on": "2026-04-01", "every": "month"},
        }  # fmt: skip
        body = {
            "disposition": "plan", "seconds": 120, "call_id": call["call_id"], "command": plan,
        }  # fmt: skip
        return desk.call("POST", "outreach", f"{path}/complete", json=body, headers=ANNA)

    refused = completed(0)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith("/command")
    first, second = completed(2), completed(2)
    assert first.status_code == second.status_code == 200, first.text
    assert first.json() == second.json()
    (plan,) = desk.get("ledger", "/v1/accounts/C3/plans")["items"]
    assert (plan["state"], len(plan["instalments"])) == ("active", 2)
    (touch,) = said(desk, "right-party-contacted")
    assert (touch.data["outcome"], touch.data["collector"]) == ("plan", "anna")
    assert len(said(desk, "task-completed")) == 1
    for day in ("20", "23", "26"):
        scene.day(f"2026-03-{day}", "08:30")
    assert scene.contacts("C3") == [
        ("reminder", "email", "sent"), ("call", "person", "handed-over"),
    ]  # fmt: skip
