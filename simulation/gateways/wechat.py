"""The simulated WeChat Pay, API v3, of one merchant: all its routes under `/wechat`."""

from fastapi import APIRouter

from simulation.gateways import wechat_bills, wechat_shares, wechat_trades
from simulation.gateways.state import State
from simulation.gateways.wechat_desk import PREFIX, Desk
from simulation.gateways.wechat_notices import WechatNotices


def router(state: State) -> APIRouter:
    """Routes of the API; announces payments from now on."""
    state.announcers["wechat"] = WechatNotices(state)
    desk = Desk(state)
    routes = APIRouter(prefix=PREFIX)
    for part in (wechat_trades, wechat_shares, wechat_bills):
        routes.include_router(part.router(state, desk))
    return routes
