"""Who may read the dashboards: people with roles, or, without a log-in, whoever sits at this machine.

Without log-ins the dashboards answer only on a loopback address, unless a setting says that something in front of
them decides who comes in.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

Role = Literal["owner", "buyer", "auditor", "operator"]
ROLES: tuple[Role, ...] = ("owner", "buyer", "auditor", "operator")


class AccessRefusedError(Exception):
    """This reader may not see this; the message names the roles that may."""


class UnguardedError(Exception):
    """Others could reach a server that asks nobody who they are; the message is the address it listens on."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A reader and what they may see.

    `name` is for people, `subject` what the log-in provider calls them for good; both empty without a log-in.
    """

    roles: frozenset[Role]
    name: str = ""
    subject: str = ""

    @property
    def is_known(self) -> bool:
        """Whether somebody logged in, so that it can be told who looked."""
        return bool(self.subject)

    @property
    def sees_customers(self) -> bool:
        """Whether customers' public ids and what describes them are shown."""
        return "owner" in self.roles

    @property
    def sees_stand_ins(self) -> bool:
        """Whether customers can be told apart at all: without this nothing of a single customer is shown."""
        return bool(self.roles & {"owner", "auditor"})


def single_user(address: str | None, open_to_network: bool) -> Viewer:
    """The one reader of an unguarded server, with every role.

    `address` is what the server is bound to; None means all interfaces. Raises UnguardedError when others could
    reach it and nobody has said that they may.
    """
    if not open_to_network and not is_loopback(address):
        raise UnguardedError(address or "0.0.0.0")  # noqa: S104  (names the address, binds nothing)
    return Viewer(frozenset(ROLES))


def require(viewer: Viewer, *roles: Role) -> None:
    """Raises AccessRefusedError unless the viewer has one of the roles."""
    if not viewer.roles.intersection(roles):
        raise AccessRefusedError(", ".join(roles))


def is_loopback(address: str | None) -> bool:
    """Whether only this machine can reach a server bound to `address` (IPv4, IPv6, localhost, a unix socket)."""
    if not address:
        return False
    if address == "localhost" or address.startswith("unix://"):
        return True
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
