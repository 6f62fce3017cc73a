"""Decisions and policies as the desk's pages say them: each candidate a line, each rule a pair of words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mingsuan.i18n import Translator
from transactional.suppliers.routing.terms import Candidate, Judged, Policy
from transactional.suppliers.routing.wording import Money, at_loss_texts, refusal_texts


@dataclass(frozen=True, slots=True)
class Line:
    """A candidate: what it costs, what is expected of it, and why it cannot be, if so."""

    channel: str
    cost_fen: int | None
    effective_fen: int | None
    chance: str
    seconds: str
    defect: str
    tries: int
    refusals: tuple[str, ...]
    is_chosen: bool


def lines(judged: Sequence[Judged], chosen: Candidate | None, _: Translator) -> list[Line]:
    """Those that may be first, by effective cost; then the others."""
    words = refusal_texts(_)
    ordered = sorted(judged, key=lambda each: (not each.allowed, each.score))
    return [
        Line(
            channel=each.candidate.channel,
            cost_fen=each.candidate.cost_fen,
            effective_fen=None if each.effective_fen is None else round(each.effective_fen),
            chance=share(each.candidate.belief.chance),
            seconds=f"{each.candidate.belief.good_s:,.1f}",
            defect=share(each.candidate.belief.defect),
            tries=round(each.candidate.belief.tries),
            refusals=tuple(words[refusal] for refusal in each.refusals),
            is_chosen=chosen is not None and each.candidate.offer_id == chosen.offer_id,
        )
        for each in ordered
    ]


def facts(policy: Policy, names: Mapping[int, str], money: Money, _: Translator) -> list[tuple[str, str]]:
    """What a policy says, as pairs of a name and its value."""
    floor = _("{amount} a unit").format(amount=money(policy.floor_margin_fen))
    part = share(policy.floor_margin_per_myriad / 10_000)
    nothing, hours = "—", _("{channel} {since}–{until}")
    windows = [
        hours.format(channel=names.get(w.channel_id, "?"), since=_clock(w.from_minute), until=_clock(w.to_minute))
        for w in policy.windows
    ]
    most = policy.max_unit_cost_fen
    return [
        (
            _("A sale earns at least"),
            _("{floor} or {part} of the price, the larger").format(floor=floor, part=part),
        ),
        (_("Highest unit cost"), nothing if most is None else money(most)),
        (_("Pinned channel"), names.get(policy.pinned_channel_id or 0, nothing)),
        (_("Excluded channels"), _(", ").join(names.get(each, "?") for each in policy.excluded_channel_ids) or nothing),
        (_("Regions"), " ".join(policy.regions) or _("All")),
        (_("Hours"), _("; ").join(windows) or _("At any time")),
        (_("Trials of other channels"), share(policy.explore_per_myriad / 10_000)),
        (_("When nobody keeps the floor"), at_loss_texts(_)[policy.at_loss]),
    ]


def share(value: float) -> str:
    return f"{value:.1%}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
