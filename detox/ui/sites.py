"""Where a temperature was taken: sites read differently, so a course never mixes them."""

from collections.abc import Sequence

from detox.clinical import protocols
from detox.clinical.model import Observation

NOT_SAID = "site not said"


def said(site: str | None) -> str:
    """The site in words; one that nobody has charted says so."""
    return site or NOT_SAID


def by_site(seen: Sequence[Observation]) -> dict[str | None, list[Observation]]:
    """The observations with a temperature, each site's in the order given; sites in the order of vitals.toml.

    Those whose site was not said come last, as a site of their own (None).
    """
    found: dict[str | None, list[Observation]] = {}
    for observation in seen:
        if observation.vitals.temperature_c is not None:
            found.setdefault(observation.vitals.temperature_site or None, []).append(observation)
    known = protocols.vitals_file().temperature_sites
    places = {site: place for place, site in enumerate(known)}
    return dict(sorted(found.items(), key=lambda pair: (pair[0] is None, places.get(pair[0] or "", len(known)))))
