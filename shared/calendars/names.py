"""The names of the statutory calendars, which a tenant may name one of; asking builds none."""

CALENDARS = frozenset({
    "at", "au-act", "au-national", "au-nsw", "au-nt", "au-qld", "au-sa", "au-tas", "au-vic",
    "au-wa", "be", "bg", "br", "br-al", "br-am", "br-es", "br-rj", "br-sp", "ca-ab", "ca-bc",
    "ca-federal", "ca-nb", "ca-on", "ca-qc", "ch", "cy", "cz", "de", "dk", "ee", "es", "fi",
    "fr", "gb-eng", "gb-nir", "gb-sct", "gr", "hr", "hu", "ie", "in", "is", "it", "jp", "li",
    "lt", "lu", "lv", "mt", "mx", "nl", "no", "nz", "pl", "pt", "ro", "se", "sg", "si", "sk",
    "us-federal", "us-federal-6103", "za",
})  # fmt: skip
