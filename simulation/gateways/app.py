"""One web application for the simulated outside: `/wechat`, `/alipay`, `/unionpay`, the cashier, `/identity`."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI

from mingsuan import clock
from simulation import benefits, courier, identity, mailbox
from simulation.courier import Courier, Rounds
from simulation.gateways import alipay, cashier, unionpay, wechat
from simulation.gateways.book import Book
from simulation.gateways.deliveries import Deliveries
from simulation.gateways.entries import FeeTerms, Method
from simulation.gateways.keys import keys
from simulation.gateways.misbehaviour import Misbehaviour
from simulation.gateways.state import State
from simulation.mailbox import Mailbox

DEFAULT_PORT = 8900
DEFAULT_BASE_URL = f"http://127.0.0.1:{DEFAULT_PORT}"


def create_app(
    folder: Path,
    shop_url: str,
    *,
    base_url: str = DEFAULT_BASE_URL,
    in_memory: bool = False,
    fees: Mapping[Method, FeeTerms] | None = None,
    misbehaviour: Misbehaviour | None = None,
    time_scale: float = 1.0,
    held: bool = False,
    now: Callable[[], datetime] = clock.now,
) -> FastAPI:
    """The gateways over the keys and book of a folder; `app.state.gateways` is their State.

    `shop_url` is where the cashier's way back leads, `base_url` where this application is reached. `held`: no notice
    goes out by itself (see Deliveries). The caller closes the State, or the app's shutdown does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = State(
        book=Book(":memory:" if in_memory else folder / "book.sqlite", fees, now),
        deliveries=Deliveries(misbehaviour, time_scale=time_scale, held=held),
        keys=keys(folder),
        base_url=base_url.rstrip("/"),
        shop_url=shop_url.rstrip("/"),
        time_scale=time_scale,
        now=now,
    )

    parcels = Courier(courier.key_in(folder), step=courier.STEP * time_scale, now=now)
    rounds = Rounds(parcels)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        if not held:
            rounds.start()
        yield
        rounds.stop()
        state.close()

    app = FastAPI(title="Simulated payment gateways", lifespan=running)
    app.state.gateways = state
    app.state.courier = parcels
    app.state.mailbox = post = Mailbox(courier.secret_in(folder, "sms_key"), folder.parent / "outbox", now)
    app.include_router(cashier.router(state))
    provider = benefits.Provider(benefits.secret_of(folder), benefits.http_send(state.shop_url), now=now)
    app.include_router(benefits.router(provider))
    app.include_router(courier.router(parcels))
    app.include_router(mailbox.router(post))
    app.include_router(wechat.router(state))
    app.include_router(alipay.router(state))
    app.include_router(unionpay.router(state))
    app.state.identity = identity.Registry(state.keys.identity)
    app.include_router(identity.router(app.state.identity), prefix="/identity")
    return app
