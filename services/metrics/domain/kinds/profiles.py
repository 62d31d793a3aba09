"""The account itself: what figures are split by. It has no items and adds nothing of its own."""

from services.metrics.domain.accounts import AccountItems, Profile, Segment
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.slots import day_of_event, recorded_slot
from shared.countries import country_code
from shared.events import Received, ledger, segmentation


def on_account(items: AccountItems, event: Received, data: ledger.AccountRegistered) -> None:
    """Only what is new of it is kept."""
    profiles = items.account.profiles
    slot = recorded_slot(profiles, event)
    profile = Profile(slot, data.kind, country_code(data.country) or "", data.timezone)
    last = profiles[-1] if profiles else None
    if last is None or (last.kind, last.country, last.zone) != (
        profile.kind,
        profile.country,
        profile.zone,
    ):
        profiles.append(profile)


def on_segment_changed(
    items: AccountItems, event: Received, data: segmentation.SegmentChanged
) -> None:
    segments = items.account.segments
    slot = recorded_slot(segments, event)
    segments.append(Segment(slot, event.time, day_of_event(event), data.to_segment, data.arms))


KIND = Kind(
    name="profile",
    facts=(),
    handlers={
        "account-registered": Handler(on_account),
        "account-updated": Handler(on_account),
        "segment-changed": Handler(on_segment_changed),
    },
)
