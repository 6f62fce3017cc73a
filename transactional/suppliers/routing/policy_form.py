"""The desk's form of a routing policy: what staff typed becomes a policy, field by field, and back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from mingsuan import money
from mingsuan.i18n import Translator
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen
from transactional.suppliers.routing.terms import Policy, Window
from transactional.suppliers.routing.views import ChannelName

PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?")
WINDOW = re.compile(r"([0-9a-z-]+)\s+([01]?\d|2[0-4]):([0-5]\d)\s*[-–~]\s*([01]?\d|2[0-4]):([0-5]\d)")
REGION = re.compile(r"[A-Z]{2}")
DAY_MINUTES = 1440
MOST_PERCENT = {"floor_percent": 10_000, "explore_percent": 2_000}
"""In parts of ten thousand."""
LINES = ("floor", "floor_percent", "most", "pinned", "regions", "windows", "explore_percent", "at_loss", "reason")


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """What was typed, or what stands now; `excluded` are channels' codes."""

    typed: Mapping[str, str]
    excluded: frozenset[str] = frozenset()
    faults: Faults = field(default_factory=Faults)


def typed(form: FormData) -> PolicyForm:
    """No files."""
    lines = {name: value for name in LINES if isinstance(value := form.get(name, ""), str)}
    return PolicyForm(lines, frozenset(str(code) for code in form.getlist("excluded")))


def shown(policy: Policy, channels: Sequence[ChannelName], currency: str) -> PolicyForm:
    """A policy as it would be typed."""
    code = {each.id: each.code for each in channels}
    windows = [f"{code[w.channel_id]} {_clock(w.from_minute)}-{_clock(w.to_minute)}" for w in policy.windows]
    most = policy.max_unit_cost_fen
    lines = {
        "floor": money.plain(policy.floor_margin_fen, currency),
        "floor_percent": _percent(policy.floor_margin_per_myriad),
        "most": "" if most is None else money.plain(most, currency),
        "pinned": code.get(policy.pinned_channel_id or 0, ""),
        "regions": " ".join(policy.regions),
        "windows": "\n".join(windows),
        "explore_percent": _percent(policy.explore_per_myriad),
        "at_loss": policy.at_loss,
        "reason": "",
    }
    return PolicyForm(lines, frozenset(code[each] for each in policy.excluded_channel_ids))


def policy(form: PolicyForm, channels: Sequence[ChannelName], currency: str, _: Translator) -> Policy:
    """Raises RefusedForm naming every field that cannot be accepted."""
    read = _Read(form.typed, {each.code: each.id for each in channels}, currency, _, Faults())
    made = Policy(
        floor_margin_fen=read.amount("floor") or 0,
        floor_margin_per_myriad=read.percent("floor_percent"),
        max_unit_cost_fen=read.amount("most"),
        pinned_channel_id=read.channel("pinned"),
        excluded_channel_ids=tuple(sorted(read.channels[code] for code in form.excluded if code in read.channels)),
        regions=read.regions(),
        windows=read.windows(),
        explore_per_myriad=read.percent("explore_percent"),
        at_loss="refund" if form.typed.get("at_loss") == "refund" else "hold",
    )
    if not form.typed.get("reason", "").strip():
        read.faults["reason"] = _("Must not be empty")
    if made.pinned_channel_id in made.excluded_channel_ids:
        read.faults["pinned"] = _("This channel is excluded below")
    if read.faults:
        raise RefusedForm(read.faults)
    return made


@dataclass(frozen=True, slots=True)
class _Read:
    """Reads the fields one by one and keeps what is wrong with each."""

    typed: Mapping[str, str]
    channels: Mapping[str, int]
    currency: str
    _: Translator
    faults: Faults

    def amount(self, name: str) -> int | None:
        line = self._line(name)
        if not line:
            return None
        try:
            return amount_fen(name, line, self.currency, self._)
        except RefusedForm as refused:
            self.faults.update(refused.faults)
            return None

    def percent(self, name: str) -> int:
        """Parts of ten thousand."""
        _ = self._
        parts = PERCENT.fullmatch(self._line(name) or "0")
        value = int(parts[1]) * 100 + int((parts[2] or "0").ljust(2, "0")) if parts else -1
        if not 0 <= value <= MOST_PERCENT[name]:
            most = MOST_PERCENT[name] // 100
            self.faults[name] = _("Use a percentage from 0 to {most}, such as 2.5").format(most=most)
        return value

    def channel(self, name: str) -> int | None:
        _, line = self._, self._line(name)
        if line and line not in self.channels:
            self.faults[name] = _("There is no such channel")
        return self.channels.get(line)

    def regions(self) -> tuple[str, ...]:
        _ = self._
        words = re.split(r"[\s,，、]+", self._line("regions").upper())
        found = tuple(dict.fromkeys(word for word in words if word))
        if any(not REGION.fullmatch(word) for word in found):
            self.faults["regions"] = _("Use two letters for each region, such as CN HK")
        return found

    def windows(self) -> tuple[Window, ...]:
        _, found = self._, list[Window]()
        for line in filter(None, (each.strip() for each in self._line("windows").splitlines())):
            window = _window(line, self.channels)
            if window is None:
                self.faults["windows"] = _("“{line}” is not a channel and its hours").format(line=line)
                break
            found.append(window)
        return tuple(found)

    def _line(self, name: str) -> str:
        return self.typed.get(name, "").strip()


def _window(line: str, channels: Mapping[str, int]) -> Window | None:
    parts = WINDOW.fullmatch(line)
    if parts is None or parts[1] not in channels:
        return None
    first, last = int(parts[2]) * 60 + int(parts[3]), int(parts[4]) * 60 + int(parts[5])
    if first >= DAY_MINUTES or last > DAY_MINUTES or first == last:
        return None
    return Window(channels[parts[1]], first, last)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _percent(per_myriad: int) -> str:
    return f"{per_myriad / 100:.2f}".rstrip("0").rstrip(".")
