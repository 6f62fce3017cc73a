"""The desk of the simulated WeChat Pay: checks who asks, has the work done, signs the answer – or fails as planned."""

import json
from collections.abc import Callable
from secrets import token_hex
from typing import TypeVar

import anyio
from fastapi import Request, Response
from pydantic import BaseModel, ValidationError

from simulation.gateways.entries import BookError
from simulation.gateways.keys import WECHAT_MCHID
from simulation.gateways.misbehaviour import AnswerFault
from simulation.gateways.state import State
from simulation.gateways.wechat_signing import request_signer, signature_headers, spoilt

PREFIX = "/wechat"
Form = TypeVar("Form", bound=BaseModel)
Answer = dict[str, object] | None


class WechatError(Exception):
    """The gateway says no, or fails, in its own words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


SYSTEM_ERROR = WechatError(500, "SYSTEM_ERROR", "系统异常，请用相同参数重新调用")
FREQUENCY_LIMITED = WechatError(429, "FREQUENCY_LIMITED", "频率超限，请降低频率后重试")
BOOK_SAYS = {
    "not_found": (404, "RESOURCE_NOT_EXISTS", "记录不存在"),
    "reused": (403, "OUT_TRADE_NO_USED", "商户单号重复，且参数与原请求不一致"),
    "paid": (400, "ORDERPAID", "该订单已支付"),
    "closed": (400, "ORDER_CLOSED", "该订单已关闭"),
    "not_paid": (400, "INVALID_REQUEST", "订单未支付"),
    "not_enough": (403, "NOT_ENOUGH", "可用金额不足"),
    "shared_out": (403, "NOT_ENOUGH", "订单已分账，请先回退分账资金"),
}


class Desk:
    """One for all routes. `work` returns the answer's JSON (None: 204), raises WechatError or BookError."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def serve(self, request: Request, operation: str, work: Callable[[bytes], Answer]) -> Response:
        body = await request.body()
        try:
            self._check_signature(request, body)
        except WechatError as error:
            return _unsigned(self._error(error))  # nobody known asked, so nothing is signed
        fault = self._state.faults.take("wechat", operation)
        if fault in ("hang_before", "hang_after"):
            answer = self._error(SYSTEM_ERROR) if fault == "hang_before" else self._worked(work, body)
            await anyio.sleep(self._state.hang_s)
            return answer
        if fault in ("server_error", "frequency_limited"):
            return self._error(SYSTEM_ERROR if fault == "server_error" else FREQUENCY_LIMITED)
        return self._told(self._worked(work, body), fault)

    def _told(self, answer: Response, fault: AnswerFault | None) -> Response:
        """The answer to what was done, or what comes instead."""
        if fault == "server_error_after":
            return self._error(SYSTEM_ERROR)
        if fault == "bad_signature":
            answer.headers.update(spoilt(answer.headers))
        return _unsigned(answer) if fault == "unsigned" else answer

    def _worked(self, work: Callable[[bytes], Answer], body: bytes) -> Response:
        try:
            content = work(body)
        except BookError as error:
            return self._error(WechatError(*BOOK_SAYS[error.code]))
        except WechatError as error:
            return self._error(error)
        return self._signed(204, b"") if content is None else self._signed(200, _json(content))

    def _check_signature(self, request: Request, body: bytes) -> None:
        target = request.url.path.removeprefix(PREFIX) + (f"?{request.url.query}" if request.url.query else "")
        key = self._state.keys.wechat_shop
        try:
            serial = request_signer(
                request.headers.get("authorization", ""), request.method, target, body, self._state.now(), key.public
            )
        except ValueError as error:
            raise WechatError(401, "SIGN_ERROR", str(error)) from None
        if serial != key.serial:
            raise WechatError(401, "SIGN_ERROR", "商户证书序列号有误")

    def _signed(self, status: int, body: bytes) -> Response:
        keys = self._state.keys
        headers = signature_headers(keys.wechat_gateway.private, keys.wechat_public_key_id, body, self._state.now())
        media = "application/json; charset=utf-8" if body else None
        return Response(body, status, {**headers, "Request-ID": token_hex(16)}, media)

    def _error(self, error: WechatError) -> Response:
        return self._signed(error.status, _json({"code": error.code, "message": error.message}))


def form(kind: type[Form], body: bytes) -> Form:
    """A request's JSON in its shape. WechatError: PARAM_ERROR."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise WechatError(400, "PARAM_ERROR", f"{place}: {first['msg']}") from None


def check_merchant(mchid: str) -> None:
    if mchid != WECHAT_MCHID:
        raise WechatError(400, "MCH_NOT_EXISTS", "商户号不存在")


def _unsigned(answer: Response) -> Response:
    for name in [name for name in answer.headers if name.startswith("wechatpay-")]:
        del answer.headers[name]
    return answer


def _json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
