"""A provider that tests decide about: how each attempt ends, and what certainly or perhaps arrived."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from tests.transactional.small_shop import Stocked
from transactional.notices.senders.interface import Message, NotSentError, UnclearError
from transactional.shop import Shop

Ending = Literal["sent", "lost", "arrived_unclear", "refused", "not_now", "killed", "killed_late"]


class KilledError(BaseException):
    """The worker's process ends here."""


@dataclass
class Provider:
    """`endings` are taken one an attempt, then all are sent. `arrived` holds what really reached a person."""

    endings: list[Ending] = field(default_factory=list)
    asked: list[Message] = field(default_factory=list)
    arrived: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> str:
        self.asked.append(message)
        ending = self.endings.pop(0) if self.endings else "sent"
        if ending in ("sent", "arrived_unclear", "killed_late"):
            self.arrived.append(message)
        act: dict[str, Callable[[], Exception | KilledError]] = {
            "lost": lambda: UnclearError("time-out"),
            "arrived_unclear": lambda: UnclearError("time-out"),
            "refused": lambda: NotSentError("no such address", temporary=False),
            "not_now": lambda: NotSentError("busy", temporary=True),
            "killed": KilledError,
            "killed_late": KilledError,
        }
        if ending in act:
            raise act[ending]()
        return f"P{len(self.asked)}"

    async def aclose(self) -> None:
        pass


def with_provider(stocked: Stocked, provider: Provider) -> tuple[Stocked, Shop]:
    shop = replace(stocked.shop, senders={"email": provider, "sms": provider})
    return Stocked(shop, stocked.sku), shop
