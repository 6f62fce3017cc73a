"""A simulated parcel tracking service that speaks kuaidi100's protocol, for all couriers. No parcel exists.

A parcel's way begins when it is first asked for and goes on by the clock; the end of its number decides how it ends
(7: held up for a while, 8: refused and returned, else signed for). Reports are pushed twice, late, and after forgeries.
"""

import hashlib
import json
import logging
import random
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import APIRouter, Form

from mingsuan import clock

LOG = logging.getLogger(__name__)
CUSTOMER = "SIMULATED0COURIER0CUSTOMER"
THERE = ZoneInfo("Asia/Shanghai")
STEP = timedelta(minutes=1)
"""Between two events of a parcel; real ones take hours."""
NEEDS_PHONE = frozenset({"shunfeng"})
COURIERS = frozenset(
    {"shunfeng", "zhongtong", "yuantong", "yunda", "shentong", "jtexpress", "jd", "ems", "youzhengguonei"}
    | {"debangkuaidi", "danniao"}
)
START = (
    ("1", "快递员已揽收，客服电话 95000"),
    ("0", "到达【杭州转运中心】"),
    ("0", "离开【杭州转运中心】，发往【上海】"),
)
SIGNED = (("5", "快递员正在派送，电话 13900001111"), ("3", "已签收，签收人：本人"))
HELD_UP = (("2", "地址不详，正在联系收件人"), *SIGNED)
RETURNED = (("5", "快递员正在派送"), ("14", "收件人拒收"), ("6", "退回中"), ("4", "退件已由寄件人签收"))
PATIENCE_S = 5.0
Field = Annotated[str, Form()]


@dataclass(slots=True)
class Parcel:
    """A parcel on its simulated way. `told` is how many of its events were pushed."""

    courier: str
    number: str
    began_at: datetime
    url: str = ""
    salt: str = ""
    told: int = 0

    @property
    def way(self) -> Sequence[tuple[str, str]]:
        return START + {"7": HELD_UP, "8": RETURNED}.get(self.number[-1:], SIGNED)


@dataclass(frozen=True, slots=True)
class Push:
    """A report on its way to the shop, as a form."""

    url: str
    form: Mapping[str, str]


@dataclass(slots=True)
class Courier:
    """All parcels that anybody asked for."""

    key: str
    step: timedelta = STEP
    now: Callable[[], datetime] = clock.now
    parcels: dict[tuple[str, str], Parcel] = field(default_factory=dict)
    draws: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311  (misbehaviour, not a secret)
    held_back: list[Push] = field(default_factory=list)

    def known(self, courier: str, number: str) -> Parcel:
        return self.parcels.setdefault((courier, number), Parcel(courier, number, self.now()))

    def happened(self, parcel: Parcel) -> int:
        """How many events there are by now; the first comes a step after the beginning."""
        return min(len(parcel.way), max(0, int((self.now() - parcel.began_at) / self.step)))

    def result(self, parcel: Parcel, count: int) -> dict[str, Any]:
        """The first `count` events, newest first, as the service words them."""
        rows = [
            {
                "time": (at := f"{(parcel.began_at + (n + 1) * self.step).astimezone(THERE):%Y-%m-%d %H:%M:%S}"),
                "ftime": at,
                "context": word,
            }
            for n, (_, word) in enumerate(parcel.way[:count])
        ]
        state = parcel.way[count - 1][0]
        named = {"com": parcel.courier, "nu": parcel.number, "ischeck": "1" if state == "3" else "0"}
        return {"message": "ok", "status": "200", "condition": "00", "state": state, **named, "data": rows[::-1]}

    def pushes(self) -> list[Push]:
        """What goes out now: new reports, some twice, some after a forgery, some only with the next round."""
        late, self.held_back = self.held_back, []
        now: list[Push] = []
        for parcel in list(self.parcels.values()):
            count = self.happened(parcel)
            if not parcel.url or count <= parcel.told:
                continue
            parcel.told = count
            true = self._push(parcel, count, parcel.salt)
            if self.draws.random() < 0.3:
                now.append(self._push(parcel, len(parcel.way), "guessed"))
            (self.held_back if self.draws.random() < 0.2 and count < len(parcel.way) else now).append(true)
            if self.draws.random() < 0.3:
                now.append(true)
        return now + late

    def _push(self, parcel: Parcel, count: int, salt: str) -> Push:
        ended = count == len(parcel.way)
        content = {"status": "shutdown" if ended else "polling", "lastResult": self.result(parcel, count)}
        param = json.dumps(content, ensure_ascii=False)
        return Push(parcel.url, {"param": param, "sign": md5(param + salt)})


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def router(courier: Courier) -> APIRouter:
    """The service's two operations, below `/courier`."""
    routes = APIRouter(prefix="/courier", include_in_schema=False)

    @routes.post("/poll/query.do")
    def query(customer: Field, sign: Field, param: Field) -> dict[str, Any]:
        if sign != md5(param + courier.key + customer) or customer != CUSTOMER:
            return _no("503", "验证签名失败")
        asked = json.loads(param)
        refused = _refused(asked.get("com", ""), asked.get("phone", ""))
        if refused:
            return refused
        parcel = courier.known(asked["com"], asked["num"])
        count = courier.happened(parcel)
        return courier.result(parcel, count) if count else _no("500", "查询无结果，请隔段时间再查")

    @routes.post("/poll")
    def subscribe(param: Field) -> dict[str, Any]:
        asked = json.loads(param)
        wanted = asked.get("parameters", {})
        if asked.get("key") != courier.key:
            return _no("601", "POLL:KEY已过期")
        refused = _refused(asked.get("company", ""), wanted.get("phone", ""))
        if refused:
            return refused
        parcel = courier.known(asked["company"], asked["number"])
        if parcel.url:
            return _no("501", "POLL:重复订阅")
        parcel.url, parcel.salt = wanted["callbackurl"], wanted.get("salt", "")
        return {"result": True, "returnCode": "200", "message": "提交成功"}

    return routes


def _refused(courier: str, phone: str) -> dict[str, Any] | None:
    if courier not in COURIERS:
        return _no("701", "POLL:拒绝订阅的快递公司")
    if courier in NEEDS_PHONE and len(phone) < 4:
        return _no("408", "快递公司参数异常：验证码错误")
    return None


def _no(code: str, message: str) -> dict[str, Any]:
    return {"result": False, "returnCode": code, "message": message}


def key_in(folder: Path) -> str:
    """The key of the simulated customer, made once; its file is `courier_key`."""
    return secret_in(folder, "courier_key")


def secret_in(folder: Path, name: str) -> str:
    """A secret of 32 hexadecimal digits in a file that only its owner reads."""
    file = folder / name
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(16), encoding="ascii")
    return file.read_text(encoding="ascii").strip()


class Rounds(threading.Thread):
    """Sends what there is to push, every few seconds, until stopped; a shop that is away hears it the next time."""

    def __init__(self, courier: Courier, every_s: float = 2.0) -> None:
        super().__init__(daemon=True, name="simulated courier")
        self._courier, self._every_s, self._ended = courier, every_s, threading.Event()

    def run(self) -> None:
        with httpx.Client(timeout=PATIENCE_S) as client:
            while not self._ended.wait(self._every_s):
                for push in self._courier.pushes():
                    try:
                        client.post(push.url, data=dict(push.form))
                    except httpx.HTTPError as error:
                        LOG.info("the shop did not take a report: %s", error)
                        self._courier.held_back.append(push)

    def stop(self) -> None:
        self._ended.set()
