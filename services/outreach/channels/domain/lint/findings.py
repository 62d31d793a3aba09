"""What a lint finds."""

from typing import Literal

from msgspec import Struct

from shared.errors import FieldError

Rule = Literal[
    "unknown-variable", "missing-part", "missing-creditor", "missing-amount", "missing-way-to-pay",
    "missing-help", "missing-disclosures", "missing-opt-out", "literal-amount", "fee-not-itemised",
    "threat", "amount-in-subject", "foreign-link", "too-many-segments", "too-long",
    "hard-to-read", "missing-language",
]  # fmt: skip
WARNINGS: frozenset[Rule] = frozenset({"hard-to-read", "missing-language"})


class LintFinding(Struct, frozen=True):
    pointer: str  # RFC 6901, in the template's document
    rule: Rule
    detail: str

    @property
    def is_error(self) -> bool:
        return self.rule not in WARNINGS

    def as_error(self) -> FieldError:
        return FieldError(self.pointer, f"{self.rule}: {self.detail}")
