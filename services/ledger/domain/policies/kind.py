"""The kind of document that a policy is, and the versions that come with the ledger."""

from services.ledger.domain.policies import BUILT_IN, NAMES, Policy, read_policy
from shared.documents.history import BuiltIn
from shared.documents.kind import DocumentKind

PLATFORM = "recoup"  # who brought the built-in versions

POLICIES: DocumentKind[Policy] = DocumentKind(
    kind="policies",
    word="policy",
    parse=read_policy,
    version_of=lambda policy: str(policy.version),
    name_of=lambda policy: str(policy.name),
    size_of=lambda policy: len(getattr(policy, "rules", ())),
    built_in_by=PLATFORM,
)
BUILT_INS: tuple[BuiltIn[Policy], ...] = tuple(
    BuiltIn(name, BUILT_IN, each.source, each.read(each.source)) for name, each in NAMES.items()
)
