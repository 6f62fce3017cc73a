"""Which ways to pay a browser can use, and what they are called. Pure; `_` is the reader's translator."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from mingsuan.i18n import Translator
from transactional.payments.errors import MethodUnavailableError
from transactional.payments.gateways.interface import Gateway
from transactional.payments.schemas import NewPayment

PHONES = ("Android", "iPhone", "iPad", "HarmonyOS", "Mobile")
WECHATS_OWN = "MicroMessenger"


@dataclass(frozen=True, slots=True)
class Door:
    """A method in the one way that suits this browser."""

    method: str
    way: str
    name: str
    hint: str

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.method}:{self.way}"


def payment_by(key: str) -> NewPayment:
    """What the form's choice asks for. Raises MethodUnavailableError."""
    method, _, way = key.partition(":")
    try:
        return NewPayment.model_validate({"method": method, "way": way})
    except ValidationError:
        raise MethodUnavailableError from None


def doors(gateways: Iterable[Gateway], user_agent: str, _: Translator) -> tuple[Door, ...]:
    """The shop's gateways as this browser can use them.

    Inside WeChat's own browser a QR code cannot be scanned and JSAPI needs an openid that a page does not have: WeChat
    Pay is left out there (see `is_wechats_own`).
    """
    found = (_door(gateway, user_agent, _) for gateway in gateways)
    return tuple(door for door in found if door is not None)


def is_wechats_own(user_agent: str) -> bool:
    """Whether the page is open inside WeChat."""
    return WECHATS_OWN in user_agent


def method_names(_: Translator) -> dict[str, str]:
    """By method."""
    return {
        "wallet": _("Wallet"),
        "wechat": _("WeChat Pay"),
        "alipay": _("Alipay"),
        "unionpay": _("UnionPay"),
        "bank": _("Bank transfer"),
    }


def _door(gateway: Gateway, user_agent: str, _: Translator) -> Door | None:
    on_phone = any(sign in user_agent for sign in PHONES)
    scan, follow = _("Scan a code with your phone"), _("Opens the payment page")
    name = method_names(_)[gateway.method]
    if gateway.method == "wechat":
        if is_wechats_own(user_agent):
            return None
        way, hint = ("h5", _("Opens WeChat")) if on_phone else ("native", scan)
    elif gateway.method == "alipay":
        way, hint = ("wap", _("Opens Alipay")) if on_phone else ("precreate", scan)
    else:
        way, hint = gateway.ways[0], follow
    return Door(gateway.method, way, name, hint) if way in gateway.ways else None
