"""The way back: what debtors and carriers say about messages, brought to outreach's doors."""

from email.message import EmailMessage
from urllib.parse import urlencode

import httpx

from deploy.demo.acts import Answer
from deploy.demo.texts import signature

PROVIDER = "texts"
_FORM = "application/x-www-form-urlencoded"
_BOUNCE = """\
From: MAILER-DAEMON@mail.example
To: {to}
Subject: Undelivered mail
Message-ID: <{id}@mail.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

Your message could not be delivered.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; {address}
Action: failed
Status: {code}

--part--
"""


class Post:
    """Brings answers to one tenant's outreach."""

    def __init__(self, outreach: httpx.AsyncClient) -> None:
        self._outreach = outreach

    async def bring(self, answer: Answer) -> httpx.Response:
        about = answer.about
        if answer.kind == "unsubscribe":
            body = "List-Unsubscribe=One-Click"
            return await self._outreach.post(about.unsubscribe, content=body, headers=_type(_FORM))
        if about.channel == "sms":
            return await self._text(answer)
        if answer.kind == "bounce":
            text = _BOUNCE.format(
                to=about.carrier_to, id=answer.id, address=about.to, code=answer.code
            )
            return await self._mail(text.replace("\n", "\r\n").encode(), about.carrier_to)
        return await self._mail(_reply(answer), about.answer_to)

    async def _mail(self, raw: bytes, to: str) -> httpx.Response:
        return await self._outreach.post(
            "/v1/inbound/email", params={"to": to}, content=raw, headers=_type("message/rfc822")
        )

    async def _text(self, answer: Answer) -> httpx.Response:
        """As the operator posts it: a receipt where it was told to, a text where we have it."""
        about = answer.about
        if answer.kind == "receipt":
            url = about.carrier_to
            form = {"MessageSid": about.id, "MessageStatus": "delivered", "To": about.to}
            if answer.code:
                form |= {"MessageStatus": "undelivered", "ErrorCode": answer.code}
        else:
            url = about.carrier_to.partition("?")[0]
            form = {
                "MessageSid": f"MO{answer.id}",
                "SmsStatus": "received",
                "From": about.to,
                "To": about.answer_to,
                "Body": answer.text,
            }
        headers = {**_type(_FORM), "X-Twilio-Signature": signature(url, form)}
        return await self._outreach.post(url, content=urlencode(form), headers=headers)


def _reply(answer: Answer) -> bytes:
    message = EmailMessage()
    message["From"] = answer.about.to
    message["To"] = answer.about.answer_to
    message["Subject"] = "Re:"
    message["Message-ID"] = f"<{answer.id}@mail.example>"
    message["In-Reply-To"] = answer.about.id
    if answer.is_automatic:
        message["Auto-Submitted"] = "auto-replied"
    message.set_content(answer.text)
    return message.as_bytes()


def _type(name: str) -> dict[str, str]:
    return {"Content-Type": name}
