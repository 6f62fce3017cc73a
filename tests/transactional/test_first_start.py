"""What the command line does in the shop: the first log-ins, staff, credits, batches."""

import asyncio
import logging
from pathlib import Path

import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from transactional import first_start
from transactional.accounts.entry.identifiers import claimed
from transactional.accounts.entry.log_in import by_password
from transactional.accounts.members import service as members
from transactional.accounts.sessions import Visitor
from transactional.cards.examination import RefusedBatchError
from transactional.db import engine, writing
from transactional.first_start import CommandRefusedError
from transactional.shop import open_shop


@pytest.fixture
def app_url(fresh_database: DatabaseUrls) -> str:
    return fresh_database.app


def scalar(url: str, sql: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()
        return row[0] if row else None


def can_log_in(url: str, settings: Settings, email: str, password: str) -> bool:
    async def attempt() -> bool:
        source = engine(url)
        shop = await open_shop(settings, source)
        try:
            opened = await by_password(shop, Visitor("203.0.113.7"), claimed(email), password)
        finally:
            await shop.aclose()
            await source.dispose()
        return opened.customer_id > 0

    return asyncio.run(attempt())


def test_the_first_start_makes_log_ins_and_a_second_one_leaves_them(
    app_url: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    owner, shopper = first_start.ensure_first_logins(app_url, settings)
    assert (owner.role, owner.email, shopper.role) == ("owner", "owner@mingsuan.test", "shopper")
    assert owner.password
    assert shopper.password
    assert owner.password != shopper.password
    assert shopper.password not in caplog.text
    assert shopper.password not in repr(shopper)
    assert can_log_in(app_url, settings, shopper.email, shopper.password)
    assert scalar(app_url, "select balance_fen from shop.wallet") == 50000
    assert scalar(app_url, "select acquisition_channel from shop.customer") == "demo"
    again = first_start.ensure_first_logins(app_url, settings)
    assert [login.password for login in again] == [None, None]
    assert scalar(app_url, "select sum(balance_fen) from shop.wallet") == 50000
    assert scalar(app_url, "select currency || timezone from shop.shop_profile") == "CNYAsia/Shanghai"


def test_a_shop_with_an_imported_history_gets_no_invented_shopper_nor_credit(app_url: str, settings: Settings) -> None:
    with psycopg.connect(app_url) as connection:
        connection.execute(
            "insert into shop.order_import (source, file_name, file_sha256, row_count, new_row_count)"
            " values ('cdnow', 'real.csv', 'x', 1, 1)"
        )
    assert [login.role for login in first_start.ensure_first_logins(app_url, settings)] == ["owner"]
    assert scalar(app_url, "select count(*) from shop.customer") == 0
    assert scalar(app_url, "select count(*) from shop.ledger_entry") == 0


def test_credit_and_codes_come_in_from_the_command_line(app_url: str, settings: Settings, tmp_path: Path) -> None:
    first_start.ensure_first_logins(app_url, settings)
    credit = ("SHOPPER@mingsuan.test", "12.34", "bank")
    done = first_start.credit_wallet(app_url, settings, *credit, "key")
    assert done == "Credited ¥12.34 to shopper@mingsuan.test (bank); the balance is ¥512.34."
    assert "nothing was credited again" in first_start.credit_wallet(app_url, settings, *credit, "key")
    assert scalar(app_url, "select sum(balance_fen) from shop.wallet") == 51234

    with psycopg.connect(app_url) as connection:
        connection.execute("insert into shop.category (slug, name_zh, name_en) values ('c', 'c', 'c')")
        connection.execute(
            "insert into shop.product (category_id, slug, kind, title_zh, title_en)"
            " select id, 'p', 'card_code', 'p', 'p' from shop.category"
        )
        connection.execute(
            "insert into shop.sku (product_id, code, name_zh, name_en) select id, 'S-1', 's', 's' from shop.product"
        )
    file = tmp_path / "codes.csv"
    file.write_text("code\nA-1\nA-2\n")
    done = first_start.import_card_file(app_url, settings, file, "S-1", "7.01", "Supplier")
    assert done.startswith("2 codes of S-1 are in the pool (¥7.01), batch ")
    assert scalar(app_url, "select array_agg(cost_fen order by id) from shop.card") == [351, 350]
    file.write_text("code\nA-2\nB-1\n")
    with pytest.raises(RefusedBatchError) as refused:
        first_start.import_card_file(app_url, settings, file, "S-1", None, "")
    assert [problem.place for problem in refused.value.problems] == ["row 2, column code"]


def test_what_the_command_line_cannot_do_is_said_in_a_sentence(app_url: str, settings: Settings) -> None:
    told = first_start.add_staff(app_url, settings, "Buyer@example.com", "buyer")
    assert told.startswith("Buyer@example.com may log in as buyer with the password ")
    refused = {
        "already has an account": lambda: first_start.add_staff(app_url, settings, "buyer@example.com", "buyer"),
        "Must be one of owner, buyer": lambda: first_start.add_staff(app_url, settings, "a@example.com", "king"),
        "not an e-mail address": lambda: first_start.add_staff(app_url, settings, "nobody", "buyer"),
        "no customer has the address x@": lambda: first_start.credit_wallet(
            app_url, settings, "x@example.com", "1", "bank", None
        ),
        "not an amount": lambda: first_start.credit_wallet(app_url, settings, "x@example.com", "much", "bank", None),
        "finer than": lambda: first_start.credit_wallet(app_url, settings, "x@example.com", "0.001", "bank", None),
        "a shop can keep": lambda: first_start.credit_wallet(app_url, settings, "\0", "1", "bank", None),
        "not a source": lambda: first_start.credit_wallet(app_url, settings, "x@example.com", "1", "air", None),
    }
    for reason, command in refused.items():
        with pytest.raises(CommandRefusedError, match=reason):
            command()


def test_a_sole_owner_who_lost_everything_is_let_back_in_and_what_they_had_ends(
    app_url: str, settings: Settings
) -> None:
    first_start.add_staff(app_url, settings, "owner@example.com", "owner")
    with psycopg.connect(app_url) as connection:
        connection.execute(
            "insert into shop.session (staff_id, token_sha256, expires_at) select id, 'x', now() + interval '1 day'"
            " from shop.staff"
        )
        connection.execute("update shop.staff set totp_confirmed_at = now(), sealed_totp = 'x', totp_key_id = null")
    said = first_start.let_back_in(app_url, settings, "Owner@example.com")
    code = said.partition("enter ")[2].partition(" with")[0]

    async def joined() -> None:
        source = engine(app_url)
        shop = await open_shop(settings, source)
        try:
            async with writing(source) as session:
                await members.join(session, shop.vault, "owner@example.com", code, "hash")
        finally:
            await shop.aclose()
            await source.dispose()

    asyncio.run(joined())
    assert scalar(app_url, "select password_hash from shop.staff") == "hash"
    assert scalar(app_url, "select totp_confirmed_at from shop.staff") is None
    assert scalar(app_url, "select count(*) from shop.session where revoked_at is null") == 0
    assert scalar(app_url, "select staff_id is null from shop.staff_act where act = 'let_back_in'") is True
    with pytest.raises(CommandRefusedError, match="nobody@example.com"):
        first_start.let_back_in(app_url, settings, "nobody@example.com")
