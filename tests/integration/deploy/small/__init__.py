"""A platform that is four times next to nothing, to see the launcher at work."""
