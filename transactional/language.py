"""Which of the product's languages a person gets. Pure."""

from mingsuan.i18n import LANGUAGES


def preferred(chosen: str | None, accept_language: str | None, default: str) -> str:
    """The chosen language when it is one of ours, else the best of an Accept-Language header, else the default."""
    if chosen in LANGUAGES:
        return str(chosen)
    ranked = sorted(_ranges(accept_language or ""), key=lambda pair: -pair[1])
    for tag, quality in ranked:
        if quality > 0 and (spoken := _spoken(tag)):
            return spoken
    return default


def _ranges(header: str) -> list[tuple[str, float]]:
    """(tag, quality) in the header's order (RFC 9110, 12.5.4); what cannot be read counts for nothing."""
    found = []
    for part in header[:1000].split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            quality = 0.0
        found.append((tag.strip().lower(), quality))
    return found


def _spoken(tag: str) -> str | None:
    return {"zh": "zh_CN", "en": "en"}.get(tag.partition("-")[0])
