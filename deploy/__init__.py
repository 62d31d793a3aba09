"""Running Recoup: on one machine, with a broker of its own, in containers; and the demo."""
