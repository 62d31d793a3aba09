"""What Twilio posts to us: how a text or a call went on, and texts of others. Pure; the signature
is checked before anything is believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs

from twilio.request_validator import RequestValidator

from services.outreach.channels.domain.call_outcomes import AnsweredBy, CallResult, CallStatus
from services.outreach.channels.domain.contract import ProviderRequest, Receipt, ReceiptState
from services.outreach.channels.domain.inbound_messages import InboundText
from services.outreach.channels.domain.phone_numbers import caller
from services.outreach.channels.domain.twilio import token_in
from shared.errors import Unauthenticated

BODY_MAX: Final = 64 * 1024
_FIELDS_MAX = 200
_SIGNATURE = "x-twilio-signature"
_MESSAGE_STATES: dict[str, ReceiptState] = {
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
}
_DEAD = frozenset({"21211", "21614", "30005", "30006"})  # nobody has it; it takes no texts
_REVOKED = "21610"
_CALL_STATES: dict[str, CallStatus] = {
    "completed": "answered",
    "busy": "busy",
    "no-answer": "no-answer",
    "canceled": "failed",
    "failed": "failed",
}
_UNDER_WAY = frozenset({"queued", "initiated", "ringing", "in-progress"})
_NOBODYS = frozenset({"404", "410", "484", "604"})  # SIP: the number is nobody's


@dataclass(frozen=True)
class TwilioReader:
    """Reads what one account posts, as it arrives."""

    auth_token: str = field(repr=False)
    arrived: datetime

    def receipts(self, request: ProviderRequest) -> Sequence[Receipt]:
        """None for what tells of no contact. Raises `Unauthenticated`."""
        form = self.form(request)
        token = token_in(request.url)
        if "CallSid" in form:
            return self._of_call(form, token)
        return self._of_message(form, token)

    def texts(self, request: ProviderRequest, tenant: str, provider: str) -> Sequence[InboundText]:
        """What somebody wrote to us. Raises `Unauthenticated`."""
        form = self.form(request)
        sid = form.get("MessageSid") or form.get("SmsSid", "")
        if form.get("SmsStatus") != "received" or not sid or "From" not in form:
            return ()
        text = form.get("Body", "").replace("\0", "")
        from_, to = caller(form["From"]), caller(form.get("To", ""))
        return (InboundText(provider, sid, from_, to, text, self.arrived, tenant),)

    def form(self, request: ProviderRequest) -> Mapping[str, str]:
        """The fields, once their signature is right. Raises `Unauthenticated`."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        signature = headers.get(_SIGNATURE, "")
        form = _fields(request.body)
        is_right = (
            form is not None
            and signature.isascii()
            and RequestValidator(self.auth_token).validate(request.url, form, signature)
        )
        if form is None or not is_right:
            raise Unauthenticated("The signature is not the provider's.")
        return form

    def _of_message(self, form: Mapping[str, str], token: str | None) -> Sequence[Receipt]:
        state = _MESSAGE_STATES.get(form.get("MessageStatus", ""))
        sid = form.get("MessageSid") or form.get("SmsSid")
        if state is None or not (token or sid):
            return ()
        number = form.get("ErrorCode", "")
        code = f"twilio-{number}" if _is_number(number) else f"twilio-{form['MessageStatus']}"
        return (
            Receipt(
                state,
                self.arrived,
                token=token,
                provider_id=sid,
                code=code,
                is_address_dead=state == "failed" and number in _DEAD,
                is_consent_revoked=state == "failed" and number == _REVOKED,
            ),
        )

    def _of_call(self, form: Mapping[str, str], token: str | None) -> Sequence[Receipt]:
        status = form.get("CallStatus", "")
        sid, at = form["CallSid"], self.arrived
        if status in _UNDER_WAY:
            return (Receipt("sent", at, token=token, provider_id=sid, code=f"twilio-{status}"),)
        if status not in _CALL_STATES:
            return ()
        return (call_result(form).receipt(at, token=token, provider_id=sid),)


def call_result(form: Mapping[str, str]) -> CallResult:
    """How a call went, of what Twilio tells at its end. We leave no message on machines."""
    status = _CALL_STATES[form["CallStatus"]]
    if status == "failed" and form.get("SipResponseCode") in _NOBODYS:
        status = "not-in-service"
    seconds = form.get("CallDuration", "")
    return CallResult(status, answered_by(form), int(seconds) if _is_number(seconds) else 0)


def answered_by(form: Mapping[str, str]) -> AnsweredBy:
    who = form.get("AnsweredBy", "")
    if who.startswith("machine") or who == "fax":
        return "machine"
    return "human" if who == "human" else "unknown"


def _fields(body: bytes) -> dict[str, str] | None:
    if len(body) > BODY_MAX:
        return None
    try:
        text = body.decode("utf-8")
        found = parse_qs(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX, errors="strict")
    except ValueError:
        return None
    return {name: values[-1] for name, values in found.items()}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9
