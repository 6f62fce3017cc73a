"""WeChat Pay v3 as one of the shop's gateways: Native QR, H5, JSAPI, refunds, profit sharing, daily bills.

How it is reached is wechat_client.py's, its words are wechat_words.py's, notices wechat_notice.py's, bills
wechat_bill.py's.
"""

import gzip
import hashlib
import secrets
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel
from wechatpayv3.async_ import WeChatPayType  # type: ignore[import-untyped]

from mingsuan import clock
from mingsuan.settings import Settings
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways import wechat_bill
from transactional.payments.gateways.configured import ConfigurationError
from transactional.payments.gateways.interface import (
    Acknowledgement,
    Bill,
    BillNotReadyError,
    GatewayRefusedError,
    Notice,
    PayLink,
    PaymentAsk,
    RefundAsk,
    RefundFact,
    ShareAsk,
    ShareFact,
    Trade,
)
from transactional.payments.gateways.wechat_client import WechatClient, since_epoch
from transactional.payments.gateways.wechat_notice import authentic
from transactional.payments.gateways.wechat_words import (
    ZONE,
    RefundSaid,
    ReturnSaid,
    ShareSaid,
    TradeSaid,
    within,
)

WAYS = {"native": WeChatPayType.NATIVE, "h5": WeChatPayType.H5, "jsapi": WeChatPayType.JSAPI}
SCENES = {"h5": {"h5_info": {"type": "Wap"}}}
NOT_FOUND = ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS")
BILLS_READY = time(12)  # the gateway begins at 9 o'clock of the next day and recommends to ask after 10
API_V3_KEY_LENGTH = 32
TITLE_BYTES, REASON_BYTES = 127, 80
PHONES = ("Mobile", "Android", "iPhone", "iPad", "HarmonyOS")

Said = TypeVar("Said", bound=BaseModel)
Fact = TypeVar("Fact")


def best_way(user_agent: str) -> str:
    """The way to pay in a browser: inside WeChat's own only JSAPI works, on other phones H5, elsewhere a QR code."""
    if "MicroMessenger" in user_agent:
        return "jsapi"
    return "h5" if any(sign in user_agent for sign in PHONES) else "native"


class WechatGateway:
    """A merchant of WeChat Pay. See the Gateway protocol for what each call raises."""

    method = "wechat"
    ways = tuple(WAYS)

    def __init__(self, client: WechatClient, fee_per_myriad: int) -> None:
        self.fee_per_myriad = fee_per_myriad
        self._client, self._library = client, client.library

    @classmethod
    def from_settings(cls, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> "WechatGateway":
        """Raises ConfigurationError naming the setting whose file is missing or malformed."""
        private, public = "wechat_private_key_file", "wechat_public_key_file"
        keys = (
            _content(private, settings.wechat_private_key_file),
            _content("wechat_apiv3_key_file", settings.wechat_apiv3_key_file),
            _content(public, settings.wechat_public_key_file),
        )
        if len(keys[1]) != API_V3_KEY_LENGTH:
            raise ConfigurationError("wechat_apiv3_key_file", f"must name a file of {API_V3_KEY_LENGTH} characters")
        merchant = (settings.wechat_mchid or "", settings.wechat_appid, settings.wechat_serial_no)
        platform = (settings.wechat_public_key_id, settings.wechat_gateway_url)
        try:
            client = WechatClient(*merchant, *keys, *platform, transport=transport)
        except ValueError as error:
            raise ConfigurationError(private if "private" in str(error) else public, f"is no use: {error}") from error
        return cls(client, settings.wechat_fee_per_myriad)

    async def create(self, ask: PaymentAsk) -> PayLink:
        """Refused with ORDERPAID when it was paid meanwhile: query."""
        if ask.way not in WAYS:
            raise GatewayRefusedError("PARAM_ERROR", f"no way to pay is called {ask.way!r}")
        if ask.way == "jsapi" and not ask.payer_id:
            raise GatewayRefusedError("PARAM_ERROR", "JSAPI needs the payer's openid")
        said = await self._client.call(
            self._library.pay(
                description=within(ask.title, TITLE_BYTES) or ask.out_trade_no,
                out_trade_no=ask.out_trade_no,
                amount={"total": ask.amount_fen, "currency": "CNY"},
                time_expire=ask.expires_at.astimezone(ZONE).isoformat(timespec="seconds"),
                notify_url=ask.notify_url,
                payer={"openid": ask.payer_id} if ask.way == "jsapi" else None,
                scene_info={"payer_client_ip": ask.client_ip, **SCENES.get(ask.way, {})},
                settle_info={"profit_sharing": ask.shares_profit},
                pay_type=WAYS[ask.way],
            )
        )
        return self._link(ask, said)

    def _link(self, ask: PaymentAsk, said: Mapping[str, Any]) -> PayLink:
        name = {"native": "code_url", "h5": "h5_url", "jsapi": "prepay_id"}[ask.way]
        value = said.get(name)
        if not isinstance(value, str) or not value:
            raise UnknownOutcomeError(f"an answer without {name}")
        if ask.way == "native":
            return PayLink("qr", value)
        if ask.way == "h5":
            return PayLink("redirect", f"{value}&redirect_url={quote(ask.return_url, safe='')}")
        stamp, nonce, package = since_epoch(clock.now()), secrets.token_hex(16), f"prepay_id={value}"
        fields = {
            "appId": self._client.appid,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._client.sign(self._client.appid, stamp, nonce, package),
        }
        return PayLink("jsapi", "", fields)

    async def query(self, out_trade_no: str) -> Trade:
        try:
            said = await self._client.call(self._library.query(out_trade_no=out_trade_no))
        except GatewayRefusedError as refused:
            if refused.code in NOT_FOUND:
                return Trade("not_found", out_trade_no)
            raise
        answer = _shaped(TradeSaid, said)
        if (answer.mchid, answer.appid, answer.out_trade_no) != (self._client.mchid, self._client.appid, out_trade_no):
            raise UnknownOutcomeError("an answer about another trade")
        return _fact(answer.trade)

    async def close(self, out_trade_no: str) -> None:
        """Refused with ORDERPAID when it was paid meanwhile: query. A closed trade stays closed."""
        try:
            await self._client.call(self._library.close(out_trade_no))
        except GatewayRefusedError as refused:
            if refused.code != "ORDER_CLOSED":
                raise

    async def refund(self, ask: RefundAsk) -> RefundFact:
        said = await self._client.call(
            self._library.refund(
                out_refund_no=ask.out_refund_no,
                amount={"refund": ask.amount_fen, "total": ask.total_fen, "currency": "CNY"},
                transaction_id=ask.gateway_trade_no,
                out_trade_no=ask.out_trade_no,
                reason=within(ask.reason, REASON_BYTES),
                notify_url=ask.notify_url,
            )
        )
        return self._refund(said, ask.out_refund_no)

    async def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundFact:
        try:
            said = await self._client.call(self._library.query_refund(out_refund_no))
        except GatewayRefusedError as refused:
            if refused.code in NOT_FOUND:
                return RefundFact("not_found", out_refund_no)
            raise
        fact = self._refund(said, out_refund_no)
        if said.get("out_trade_no") != out_trade_no:
            raise UnknownOutcomeError("an answer about another trade's refund")
        return fact

    def _refund(self, said: Mapping[str, Any], out_refund_no: str) -> RefundFact:
        fact = _fact(_shaped(RefundSaid, said).refund)
        if fact.out_refund_no != out_refund_no:
            raise UnknownOutcomeError("an answer about another refund")
        return fact

    async def share(self, ask: ShareAsk) -> ShareFact:
        """Accounts of digits are merchants, others openids. The gateway must know the receiver (添加分账接收方)."""
        receiver = {
            "type": "MERCHANT_ID" if ask.receiver_account.isdecimal() else "PERSONAL_OPENID",
            "account": ask.receiver_account,
            "amount": ask.amount_fen,
            "description": within(ask.description, REASON_BYTES),
        }
        said = await self._client.call(
            self._library.profitsharing_order(ask.gateway_trade_no, ask.out_order_no, [receiver], False)
        )
        return _share(ShareSaid, said, ask.out_order_no)

    async def query_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact:
        """Of a share or a release. What became of a return is learnt by asking for the same return again."""
        try:
            said = await self._client.call(self._library.profitsharing_order_query(gateway_trade_no, out_order_no))
        except GatewayRefusedError as refused:
            if refused.code in NOT_FOUND:
                return ShareFact("not_found", out_order_no)
            raise
        return _share(ShareSaid, said, out_order_no)

    async def return_share(self, ask: ShareAsk, original: str) -> ShareFact:
        """Only merchants can give back; the same number again is the same return."""
        said = await self._client.call(
            self._library.profitsharing_return(
                out_return_no=ask.out_order_no,
                return_mchid=ask.receiver_account,
                amount=ask.amount_fen,
                description=within(ask.description, REASON_BYTES),
                out_order_no=original,
            )
        )
        return _share(ReturnSaid, said, ask.out_order_no)

    async def release_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact:
        said = await self._client.call(
            self._library.profitsharing_unfreeze(gateway_trade_no, out_order_no, "解冻全部剩余资金")
        )
        return _share(ShareSaid, said, out_order_no)

    async def bill(self, day: date) -> Bill:
        """A refund is on the bill of the day on which it was accepted, even while it is still on its way."""
        try:
            said = await self._client.call(self._library.trade_bill(day.isoformat(), tar_type="GZIP"))
        except GatewayRefusedError as refused:
            if refused.code == "NO_STATEMENT_EXIST" and clock.now() >= _ready(day):
                return wechat_bill.empty(day)
            if refused.code in ("NO_STATEMENT_EXIST", "STATEMENT_CREATING"):
                raise BillNotReadyError(str(day)) from refused
            raise
        content = _unpacked(await self._client.download(str(said.get("download_url", ""))))
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()  # the gateway offers no other
        if said.get("hash_type") != "SHA1" or digest != str(said.get("hash_value", "")).lower():
            raise UnknownOutcomeError("the bill is not the one whose hash was told")
        return _fact(lambda: wechat_bill.read(content, day, self._client.mchid))

    async def authenticate(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        return authentic(self._client, headers, body, now)

    def acknowledge(self, accepted: bool) -> Acknowledgement:
        if accepted:
            return Acknowledgement(200, "application/json", '{"code": "SUCCESS", "message": "成功"}')
        return Acknowledgement(400, "application/json", '{"code": "FAIL", "message": "失败"}')

    async def aclose(self) -> None:
        await self._client.aclose()


def _shaped(kind: type[Said], said: Mapping[str, Any]) -> Said:
    return _fact(lambda: kind.model_validate(said))


def _fact(read: Callable[[], Fact]) -> Fact:
    """A signed answer that cannot be understood leaves the outcome unknown."""
    try:
        return read()
    except ValueError as error:
        raise UnknownOutcomeError(f"an answer that cannot be read: {str(error).partition(chr(10))[0]}") from error


def _share(kind: type[ShareSaid] | type[ReturnSaid], said: Mapping[str, Any], number: str) -> ShareFact:
    fact = _fact(_shaped(kind, said).share)
    if fact.out_order_no != number:
        raise UnknownOutcomeError("an answer about another share")
    return fact


def _ready(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), BILLS_READY, ZONE).astimezone(UTC)


def _unpacked(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UnknownOutcomeError("the bill cannot be unpacked") from error


def _content(setting: str, path: Path | None) -> str:
    try:
        content = (path or Path()).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(setting, f"must name a readable text file, not {path}") from error
    if not content:
        raise ConfigurationError(setting, f"names an empty file: {path}")
    return content
