"""Priority: what contacting an account now is worth, against waiting a month, less its cost.

    gain = R × fade^n × (uplift × 4·p·(1 − p) + decay × p) − cost

R is what can be collected less what is lost all the same, p the chance that it is paid without a
word, n the contacts made since the last payment. A contact does most for those who could go either
way (4·p·(1 − p) is 1 at p = ½, and 0 for the certain and the hopeless); waiting a month takes
`decay` from the chance of being paid, which acting now saves; each contact without a payment leaves
`fade` of what the next one does. The result is in whole hundredths of the currency's unit, 0 where
a contact costs more than it brings. The unit makes 1 JPY and 1 EUR count alike, which is no
exchange rate: compare within a currency.
"""

from services.segmentation.domain.policies.document import PriorityRules
from shared.money import DECIMALS

HUNDREDTHS = 100
ANY_CURRENCY = "default"


def priority(
    collectable_minor: int,
    currency: str | None,
    pays_within: float,
    contacts: int,
    rules: PriorityRules,
    *,
    expected_loss: float = 0.0,
) -> int:
    """The gain of a contact now, in hundredths of the currency's unit; never below 0."""
    if collectable_minor <= 0:
        return 0
    units = 10 ** DECIMALS.get(currency or "", 2)
    recoverable = collectable_minor * HUNDREDTHS * (1 - expected_loss) / units
    swayed = rules.uplift * 4 * pays_within * (1 - pays_within)
    saved = rules.decay_per_month * pays_within
    gain = recoverable * rules.fade_per_contact**contacts * (swayed + saved)
    # Rounded before it is cut: 30.000000000000004 and 29.999999999999996 are the same 30.
    return max(0, int(round(gain - cost(rules, currency) * HUNDREDTHS, 6)))


def cost(rules: PriorityRules, currency: str | None) -> float:
    """What a contact costs, in units of the currency."""
    asked = rules.contact_cost
    if isinstance(asked, dict):
        return asked.get(currency or "", asked.get(ANY_CURRENCY, 0.0))
    return asked
