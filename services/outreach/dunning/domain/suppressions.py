"""Why a contact is not made, besides the contact rules."""

# These end the contact.
CHANNEL_NOT_CONFIGURED = "channel-not-configured"
NO_ADDRESS = "no-address"
ADDRESS_UNUSABLE = "address-unusable"  # there is one, to which nothing can be sent
MAILBOX_GIVEN_UP = "mailbox-given-up"  # it has refused for now, for days on end
NO_WORDS = "disclosure-without-words"  # a text that is required is in no language of ours
# After these it is tried again.
TOO_SOON = "one-contact-a-day"
LIVE_CHECK_UNANSWERED = "live-check-unanswered"
LIVE_CHECK_BEHIND = "live-check-behind-intake"
LIVE_CHECK_STALE = "live-check-stale"
CHANNEL_UNAVAILABLE = "channel-unavailable"
MAILBOX_REFUSES = "mailbox-refuses-for-now"
DETAILS_BEHIND = "contact-details-behind"  # an account's details have not been read yet
RAMP = "ramp"  # the day's contacts of a tenant or version that starts slowly are made
CAPACITY = "capacity"  # the day's work of a channel or queue is given out
FAILED_ALREADY = "failed-already"  # over that channel, of the same step
NO_TEMPLATE = "no-template"  # no text for that channel in the languages of the debtor
NO_CONTACT_DATA = "no-contact-data"  # neither e-mail nor phone nor address is known
ORGANISATION_CAP = "organisation-cap"
