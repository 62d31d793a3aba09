"""What outreach announces (`outreach.events`). A contact is one event under its lowest account id;
`covers` names the rest. What is overtaken is answered by the next of its kind: readers keep the
last per contact, touch, task and case. No addresses, no names, no free text.

An event that would be too large comes in parts, in their order: `part` 1 to `parts`, both absent
where it is whole. Readers replace at part 1, then add. In every part after the first the first
cover goes on with the account that the part before ends with."""

from msgspec import Struct

from shared.events.outreach.approvals import ApprovalDecided, ApprovalRequested
from shared.events.outreach.consents import ConsentGranted, ConsentRevoked, PreferenceChanged
from shared.events.outreach.contacts import (
    ContactCancelled,
    ContactDelivered,
    ContactFailed,
    ContactOpened,
    ContactPlanned,
    ContactSent,
    ContactSuppressed,
    ContactUncertain,
    Cover,
)
from shared.events.outreach.conversations import ConversationAnswered
from shared.events.outreach.documents import (
    RulebookActivated,
    StrategyActivated,
    StrategyAssigned,
    TemplateActivated,
)
from shared.events.outreach.people import CertificateChanged
from shared.events.outreach.replies import (
    FeedbackReceived,
    PortalVisited,
    ReplyReceived,
    RightPartyContacted,
    WrongPartyContacted,
)
from shared.events.outreach.tasks import (
    CaseClosed,
    CaseOpened,
    InteractionReviewed,
    TaskCancelled,
    TaskClaimed,
    TaskCompleted,
    TaskCreated,
    TaskReleased,
)

TYPES: dict[str, type[Struct]] = {
    "contact-planned": ContactPlanned,
    "contact-suppressed": ContactSuppressed,
    "contact-cancelled": ContactCancelled,
    "contact-sent": ContactSent,
    "contact-uncertain": ContactUncertain,
    "contact-delivered": ContactDelivered,
    "contact-failed": ContactFailed,
    "contact-opened": ContactOpened,
    "reply-received": ReplyReceived,
    "right-party-contacted": RightPartyContacted,
    "wrong-party-contacted": WrongPartyContacted,
    "strategy-assigned": StrategyAssigned,
    "strategy-activated": StrategyActivated,
    "template-activated": TemplateActivated,
    "case-opened": CaseOpened,
    "case-closed": CaseClosed,
    "task-created": TaskCreated,
    "task-claimed": TaskClaimed,
    "task-released": TaskReleased,
    "task-cancelled": TaskCancelled,
    "task-completed": TaskCompleted,
    "interaction-reviewed": InteractionReviewed,
    "approval-requested": ApprovalRequested,
    "approval-decided": ApprovalDecided,
    "portal-visited": PortalVisited,
    "feedback-received": FeedbackReceived,
    "consent-granted": ConsentGranted,
    "consent-revoked": ConsentRevoked,
    "preference-changed": PreferenceChanged,
    "rulebook-activated": RulebookActivated,
    "certificate-changed": CertificateChanged,
    "conversation-answered": ConversationAnswered,
}

__all__ = [
    "TYPES",
    "ApprovalDecided", "ApprovalRequested", "CaseClosed", "CaseOpened", "CertificateChanged",
    "ConsentGranted", "ConsentRevoked", "ContactCancelled", "ContactDelivered", "ContactFailed",
    "ContactOpened", "ContactPlanned", "ContactSent", "ContactSuppressed", "ContactUncertain",
    "ConversationAnswered", "Cover",
    "FeedbackReceived", "InteractionReviewed", "PortalVisited", "PreferenceChanged",
    "ReplyReceived", "RightPartyContacted", "RulebookActivated", "StrategyActivated",
    "StrategyAssigned", "TaskCancelled", "TaskClaimed", "TaskCompleted", "TaskCreated",
    "TaskReleased", "TemplateActivated", "WrongPartyContacted",
]  # fmt: skip
