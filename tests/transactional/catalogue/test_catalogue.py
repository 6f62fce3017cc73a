"""What is shown as sold, at which price, with which stock; and what staff may enter."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.settings import Settings
from tests.transactional.small_shop import codes, one_sku, unknown_sku
from transactional.cards.card_import import import_batch
from transactional.cards.examination import BatchFile
from transactional.cards.vault import open_vault
from transactional.catalogue import service
from transactional.catalogue.schemas import NewCategory, NewPrice, NewProduct, NewSku
from transactional.db import WriteSession
from transactional.errors import InvalidInputError, NameTakenError, NotFoundError

pytestmark = pytest.mark.anyio


async def test_the_price_in_force_is_the_latest_that_has_begun(session: WriteSession) -> None:
    sku = await one_sku(session)
    tomorrow = clock.now() + timedelta(days=1)
    await service.set_price(session, NewPrice(sku_code=sku.code, list_price_fen=6000, valid_from=tomorrow))
    await service.set_price(session, NewPrice(sku_code=sku.code, list_price_fen=4000))
    assert (await service.product(session, "steam-50")).skus[0].list_price_fen == 4000
    with clock.at(tomorrow):
        assert (await service.product(session, "steam-50")).skus[0].list_price_fen == 6000
    prices = await session.execute(text("select count(*) from shop.price"))
    assert prices.scalar_one() == 3


async def test_stock_counts_free_codes_only(session: WriteSession, settings: Settings) -> None:
    await one_sku(session)
    file = BatchFile("a.csv", "\n".join(codes(5)).encode())
    await import_batch(session, await open_vault(session, settings), file, "STEAM-50", None, "", settings.zone)
    held = "update shop.card set free_at = now() + interval '1 hour' where id = (select min(id) from shop.card)"
    await session.execute(text(held))
    void = "update shop.card set state = 'void' where id = (select max(id) from shop.card)"
    await session.execute(text(void))
    shown = await service.product(session, "steam-50")
    assert (shown.stock, shown.skus[0].stock) == (3, 3)
    assert (await service.products(session)).items[0].stock == 3
    with clock.at(clock.now() + timedelta(hours=2)):
        assert (await service.product(session, "steam-50")).stock == 4


async def test_only_what_is_published_is_shown_to_shoppers(session: WriteSession) -> None:
    await one_sku(session, "A-1")
    await one_sku(session, "B-1")
    await service.set_product_state(session, "a-1", "withdrawn")
    await service.set_sku_state(session, "B-1", "draft")
    assert [card.slug for card in (await service.products(session)).items] == ["b-1"]
    with pytest.raises(NotFoundError):
        await service.product(session, "a-1")
    shown = await service.product(session, "b-1")
    assert (shown.skus, shown.from_price_fen) == ((), None)
    assert [sku.code for sku in (await service.product_for_staff(session, "b-1")).skus] == ["B-1"]
    assert (await service.product_for_staff(session, "a-1")).publish_state == "withdrawn"
    assert [category.product_count for category in await service.categories(session)] == [0, 1]


@pytest.mark.parametrize(
    ("search", "found"),
    [("", 2), ("点卡", 2), ("CARD", 2), ("a-1", 1), ("50 yuan", 2), ("%", 0), ("_", 0), ("\\", 0), ("nothing", 0)],
)
async def test_search_takes_words_literally_in_both_languages(session: WriteSession, search: str, found: int) -> None:
    await one_sku(session, "A-1")
    await one_sku(session, "B-1")
    shown = await service.products(session, search=search)
    assert (len(shown.items), shown.total) == (found, found)


async def test_lists_are_cut_by_category_and_page(session: WriteSession) -> None:
    for code in ("A-1", "B-1", "C-1"):
        await one_sku(session, code)
    assert [card.slug for card in (await service.products(session, category="c-b-1")).items] == ["b-1"]
    page = await service.products(session, limit=2, offset=1)
    assert ([card.slug for card in page.items], page.total) == (["b-1", "c-1"], 3)


async def test_a_product_is_found_by_its_sku(session: WriteSession) -> None:
    sku = await one_sku(session)
    product, same = await service.product_of_sku(session, sku.id)
    assert (product.slug, same.code) == ("steam-50", "STEAM-50")
    with pytest.raises(NotFoundError):
        await service.product_of_sku(session, unknown_sku())


async def test_a_name_is_used_once(session: WriteSession) -> None:
    await one_sku(session)
    again = (
        (service.add_category, NewCategory(slug="c-steam-50", name_zh="a", name_en="a")),
        (service.add_product, NewProduct(category_slug="c-steam-50", slug="steam-50", title_zh="a", title_en="a")),
        (service.add_sku, NewSku(product_slug="steam-50", code="STEAM-50", name_zh="a", name_en="a")),
    )
    for add, new in again:
        with pytest.raises(NameTakenError):
            await add(session, new)  # type: ignore[operator]


async def test_what_does_not_fit_is_refused_by_field(session: WriteSession) -> None:
    await one_sku(session)
    past = clock.now() - timedelta(seconds=1)
    wrong = (
        (service.add_product, NewProduct(category_slug="none", slug="x", title_zh="a", title_en="a"), "category_slug"),
        (service.add_sku, NewSku(product_slug="none", code="X", name_zh="a", name_en="a"), "product_slug"),
        (service.set_price, NewPrice(sku_code="none", list_price_fen=1), "sku_code"),
        (service.set_price, NewPrice(sku_code="STEAM-50", list_price_fen=1, valid_from=past), "valid_from"),
    )
    for command, new, field in wrong:
        with pytest.raises(InvalidInputError) as refusal:
            await command(session, new)  # type: ignore[operator]
        assert [problem.place for problem in refusal.value.problems] == [field]


async def test_the_first_publication_is_remembered(session: WriteSession) -> None:
    await one_sku(session)
    first = (await session.execute(text("select published_at from shop.product"))).scalar_one()
    for state in ("withdrawn", "published"):
        await service.set_product_state(session, "steam-50", state)  # type: ignore[arg-type]
    assert (await session.execute(text("select published_at from shop.product"))).scalar_one() == first
    for unknown in (
        service.set_product_state(session, "none", "draft"),
        service.set_sku_state(session, "none", "draft"),
    ):
        with pytest.raises(NotFoundError):
            await unknown
