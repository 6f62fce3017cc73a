"""Behind TLS, log-ins travel in cookies that no other host can set; without TLS they keep their plain names."""

from dataclasses import replace

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import PASSWORD, Client, add_customer, new_email
from transactional.shop import Shop

pytestmark = pytest.mark.anyio


async def test_the_cookies_of_a_log_in_carry_the_prefix_and_plain_ones_are_not_believed(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    secure = replace(shop, settings=shop.settings.model_copy(update={"secure_cookies": True}))
    async with Client(secure, fresh_database) as client:
        email = new_email()
        await add_customer(client, email)
        answer = await client.post("/api/v1/session", json={"identifier": email, "password": PASSWORD})
        given = [cookie.split(";") for cookie in answer.headers.get_list("set-cookie")]
        assert {parts[0].partition("=")[0] for parts in given} >= {"__Host-mingsuan_session", "__Host-mingsuan_device"}
        for parts in given:
            attributes = {part.strip().lower() for part in parts[1:]}
            assert {"secure", "path=/", "httponly", "samesite=lax"} <= attributes
            assert not any(attribute.startswith("domain") for attribute in attributes)
        assert (await client.read("/session")).json()["email"] == email
        token = client.cookies["__Host-mingsuan_session"]
        client.cookies.clear()
        plain = await client.get("/api/v1/session", headers={"cookie": f"mingsuan_session={token}"})
        assert plain.status_code == 401
        prefixed = {"cookie": f"mingsuan_theme=dark; __Host-mingsuan_session={token}"}
        assert (await client.get("/api/v1/session", headers=prefixed)).status_code == 200
        assert '<html lang="en" data-theme="dark">' in (await client.get("/help", headers=prefixed)).text
