"""What Twilio posts, and how calls went."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from services.outreach.channels.domain.call_outcomes import CallResult
from services.outreach.channels.domain.contract import ProviderRequest, Receipt
from services.outreach.channels.domain.inbound_messages import InboundText
from services.outreach.channels.domain.twilio_events import BODY_MAX, TwilioReader
from shared.errors import Unauthenticated

AUTH = "the-auth-token"
URL = "https://pay.example.com/v1/providers/texts/events?contact=token"
NOW = datetime(2027, 3, 3, 9, tzinfo=UTC)
READER = TwilioReader(AUTH, NOW)


def posted(form: dict[str, str], url: str = URL, auth: str = AUTH) -> ProviderRequest:
    signature = RequestValidator(auth).compute_signature(url, form)
    return ProviderRequest(url, {"X-Twilio-Signature": signature}, urlencode(form).encode())


@pytest.mark.parametrize(
    ("form", "receipt"),
    [
        ({"MessageStatus": "sent"}, Receipt("sent", NOW, "token", "SM1", "twilio-sent")),
        (
            {"MessageStatus": "delivered"},
            Receipt("delivered", NOW, "token", "SM1", "twilio-delivered"),
        ),
        (
            {"MessageStatus": "undelivered", "ErrorCode": "30005"},
            Receipt("failed", NOW, "token", "SM1", "twilio-30005", is_address_dead=True),
        ),
        (
            {"MessageStatus": "failed", "ErrorCode": "30008"},
            Receipt("failed", NOW, "token", "SM1", "twilio-30008"),
        ),
        (
            {"MessageStatus": "failed", "ErrorCode": "21610"},
            Receipt("failed", NOW, "token", "SM1", "twilio-21610", is_consent_revoked=True),
        ),
    ],
)
def test_texts_tell_how_they_went_on(form: dict[str, str], receipt: Receipt) -> None:
    assert READER.receipts(posted({"MessageSid": "SM1"} | form)) == (receipt,)


@pytest.mark.parametrize(
    ("form", "state", "outcome", "is_dead"),
    [
        ({"CallStatus": "ringing"}, "sent", "", False),
        ({"CallStatus": "busy"}, "sent", "busy", False),
        ({"CallStatus": "no-answer"}, "sent", "no_answer", False),
        ({"CallStatus": "failed"}, "failed", "", False),
        ({"CallStatus": "failed", "SipResponseCode": "404"}, "failed", "not_in_service", True),
        (
            {"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "10"},
            "delivered",
            "conversation",
            False,
        ),
        (
            {"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "9"},
            "delivered",
            "answered_dropped",
            False,
        ),
        (
            {"CallStatus": "completed", "AnsweredBy": "machine_start", "CallDuration": "40"},
            "sent",
            "voicemail_no_message",
            False,
        ),
        ({"CallStatus": "completed", "CallDuration": "61"}, "delivered", "conversation", False),
    ],
)
def test_calls_tell_how_they_went_on(
    form: dict[str, str], state: str, outcome: str, is_dead: bool
) -> None:
    (receipt,) = READER.receipts(posted({"CallSid": "CA1"} | form))
    assert (receipt.state, receipt.outcome, receipt.is_address_dead, receipt.token) == (
        state,
        outcome,
        is_dead,
        "token",
    )


def test_texts_of_others_come_in() -> None:
    url = "https://pay.example.com/v1/providers/texts/events"
    form = {
        "MessageSid": "SM9",
        "SmsStatus": "received",
        "From": "+4915112345678",
        "To": "+49555000",
        "Body": "Ich zahle am Freitag – 5 € 😀",
    }
    text = InboundText(
        "texts", "SM9", "+4915112345678", "+49555000", form["Body"], NOW, tenant="demo"
    )
    assert READER.texts(posted(form, url), "demo", "texts") == (text,)
    assert READER.receipts(posted(form, url)) == ()
    assert READER.texts(posted({"MessageSid": "SM1", "MessageStatus": "sent"}), "demo", "t") == ()


FORM = {"MessageSid": "SM1", "MessageStatus": "delivered"}


@pytest.mark.parametrize(
    "request_",
    [
        posted(FORM, auth="another"),
        ProviderRequest(URL, {}, urlencode(FORM).encode()),
        ProviderRequest(URL, posted(FORM).headers, urlencode(FORM | {"ErrorCode": "1"}).encode()),
        ProviderRequest(URL.replace("token", "other"), posted(FORM).headers, posted(FORM).body),
        ProviderRequest(URL, {"X-Twilio-Signature": "ü"}, urlencode(FORM).encode()),
        ProviderRequest(URL, {"X-Twilio-Signature": "x"}, b"\xff=%ff"),
        ProviderRequest(URL, {"X-Twilio-Signature": "x"}, b"a=1&" * 1000),
        ProviderRequest(URL, {"X-Twilio-Signature": "x"}, b"a" * (BODY_MAX + 1)),
    ],
)
def test_what_is_not_signed_by_the_provider_is_not_believed(request_: ProviderRequest) -> None:
    with pytest.raises(Unauthenticated):
        READER.receipts(request_)
    with pytest.raises(Unauthenticated):
        READER.texts(request_, "demo", "texts")


def test_the_same_again_says_the_same() -> None:
    assert READER.receipts(posted(FORM)) == READER.receipts(posted(FORM))


@pytest.mark.parametrize(
    ("result", "outcome", "state"),
    [
        (CallResult("busy"), "busy", "sent"),
        (CallResult("no-answer"), "no_answer", "sent"),
        (CallResult("not-in-service"), "not_in_service", "failed"),
        (CallResult("failed"), None, "failed"),
        (
            CallResult("answered", "machine", 30, left_message=True),
            "voicemail_limited_content",
            "delivered",
        ),
        (CallResult("answered", "machine", 30), "voicemail_no_message", "sent"),
        (CallResult("answered", "human", 10), "conversation", "delivered"),
        (CallResult("answered", "human", 9), "answered_dropped", "delivered"),
        (CallResult("answered", "unknown", 10), "conversation", "delivered"),
        (CallResult("answered", "unknown", 0), "answered_dropped", "delivered"),
    ],
)
def test_results_of_dialled_calls_have_their_outcome(
    result: CallResult, outcome: str | None, state: str
) -> None:
    assert (result.outcome, result.state) == (outcome, state)
    assert result.is_address_dead == (result.status == "not-in-service")
