"""A browser's visits to the pages: forms are sent as they were rendered."""

from typing import Any

import httpx

from tests.transactional.api_client import PASSWORD, Client, add_customer
from tests.transactional.web.seen import Seen
from transactional.accounts import service as accounts
from transactional.db import writing
from transactional.shop import Shop

HTML = {"accept": "text/html"}


async def visit(client: Client, address: str, **headers: str) -> Seen:
    """The page at an address, which must answer 200."""
    answer = await client.get(address, headers={**HTML, **headers})
    assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[:300]}"
    return Seen(answer.text)


async def send(client: Client, address: str, **form: Any) -> httpx.Response:
    """A form, sent from a page of the shop."""
    return await client.post(address, data=form, headers=HTML)


async def register(client: Client, email: str = "li@example.com") -> None:
    """A customer with a password, who logs in; the way through the forms is tested on its own."""
    await add_customer(client, email)
    answer = await send(client, "/log-in", identifier=email, password=PASSWORD, next="/")
    assert answer.status_code == 303, answer.text


async def enter_desk(client: Client, shop: Shop, role: str = "owner") -> None:
    async with writing(shop.engine) as session:
        await accounts.add_staff(session, f"{role}@example.com", PASSWORD, role, role)
    answer = await send(client, "/desk/log-in", email=f"{role}@example.com", password=PASSWORD)
    assert answer.headers["location"] == "/desk"


async def credit(client: Client, email: str, amount: str, **form: str) -> httpx.Response:
    """As the desk's form does it."""
    key = form.get("idempotency_key") or (await visit(client, "/desk/wallets")).fields["idempotency_key"]
    return await send(client, "/desk/wallets", email=email, amount=amount, source="bank", idempotency_key=key)


async def import_cards(client: Client, content: bytes, name: str = "cards.csv", **terms: str) -> httpx.Response:
    """Looks a file over and, when it may come in, takes it, as the desk's two forms do."""
    looked = await check_cards(client, content, name, **terms)
    fields = Seen(looked.text).fields
    if looked.status_code != 200 or "seen" not in fields:
        return looked
    form = {**terms, "seen": fields["seen"], "idempotency_key": fields["idempotency_key"]}
    return await client.post("/desk/cards/import", data=form, files={"file": (name, content)}, headers=HTML)


async def check_cards(client: Client, content: bytes, name: str = "cards.csv", **terms: str) -> httpx.Response:
    return await client.post("/desk/cards/import/check", data=terms, files={"file": (name, content)}, headers=HTML)
