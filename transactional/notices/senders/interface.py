"""What every way of sending has in common: a message, and how an attempt to send it can end."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

Channel = Literal["email", "sms"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person. `key` is the same at each attempt, so that a provider can tell a repetition.

    `template` and `values` are for providers of text messages that only send texts agreed on beforehand.
    """

    key: str
    channel: Channel
    target: str = field(repr=False)
    language: str
    title: str
    text: str = field(repr=False)
    template: str
    values: dict[str, str] = field(default_factory=dict, repr=False)
    html: str | None = field(default=None, repr=False)


class NotSentError(Exception):
    """Certainly nothing was sent. `temporary`: another attempt may succeed."""

    def __init__(self, reason: str, *, temporary: bool) -> None:
        super().__init__(reason)
        self.reason, self.temporary = reason, temporary


class UnclearError(Exception):
    """Nobody knows whether it was sent."""


class Sender(Protocol):
    """A way of sending over one channel."""

    async def send(self, message: Message) -> str:
        """The provider's number of the message, or "". Raises NotSentError, UnclearError; anything else is unclear."""
        ...

    async def aclose(self) -> None:
        """Ends its connections."""
        ...
