"""What contacts cost, in millionths of the unit of the tenant's currency (`costs` of its settings).

Sums are of millionths; what is shown in minor units is rounded once, half up.
"""

from services.outreach.channels.domain.tenant_settings import Costs
from shared.money import DECIMALS

_MICROS = 10**6


def sms_micros(costs: Costs, number: str, segments: int) -> int:
    """The price of the longest prefix of an E.164 number that has one, for each segment."""
    prefix = max((each for each in costs.sms if number.startswith(each)), key=len, default=None)
    return 0 if prefix is None else costs.sms[prefix] * segments


def voice_micros(costs: Costs, seconds: int) -> int:
    """A call, and each minute begun."""
    return costs.voice.call + costs.voice.minute * _minutes_begun(seconds)


def person_micros(costs: Costs, seconds: int) -> int:
    """A person's time, each minute begun."""
    return costs.person.minute * _minutes_begun(seconds)


def letter_micros(costs: Costs, sheets: int) -> int:
    """The first sheet, and each further one."""
    return costs.letter.first + costs.letter.sheet * max(0, sheets - 1)


def contact_micros(costs: Costs, channel: str, to: str, units: int) -> int:
    """What a message costs that a provider has taken: segments, sheets; of a call what it costs to
    make one, its minutes come with its result."""
    match channel:
        case "email":
            return costs.email
        case "sms":
            return sms_micros(costs, to, units)
        case "voice":
            return voice_micros(costs, 0)
        case "letter":
            return letter_micros(costs, units)
        case _:
            return 0


def cost_minor(micros: int, currency: str) -> int:
    """The amount in minor units, half up."""
    scale: int = 10 ** DECIMALS[currency]
    return (2 * micros * scale + _MICROS) // (2 * _MICROS)


def _minutes_begun(seconds: int) -> int:
    return -(-max(0, seconds) // 60)
