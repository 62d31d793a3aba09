"""`--hypothesis-profile=deep` asks many more and larger stories (minutes, not seconds)."""

from hypothesis import settings

settings.register_profile("deep")
