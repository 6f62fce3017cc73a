"""Bundles, forms and limits: what staff may enter, and what shoppers see of it."""

import pytest
from sqlalchemy import text

from tests.transactional.small_shop import one_sku
from transactional.catalogue import service
from transactional.catalogue.errors import DearBundleError, NotABundleError
from transactional.catalogue.forms import FormField, answered, problems
from transactional.catalogue.schemas import (
    NewForm,
    NewPart,
    NewParts,
    NewPrice,
    NewProduct,
    NewSku,
    ProductKind,
    SkuChange,
)
from transactional.db import WriteSession
from transactional.errors import InvalidInputError, NotFoundError

pytestmark = pytest.mark.anyio


async def made(session: WriteSession, kind: ProductKind, code: str, price_fen: int | None, **limits: int) -> None:
    """A SKU of another kind beside `one_sku`'s."""
    slug = code.lower()
    product = NewProduct(
        category_slug="c-steam-50", slug=slug, kind=kind, title_zh="a", title_en="a", publish_state="published"
    )
    await service.add_product(session, product)
    new = NewSku(product_slug=slug, code=code, name_zh="a", name_en="a", list_price_fen=price_fen, **limits)
    await service.add_sku(session, new)


def parts(*of: tuple[str, int]) -> NewParts:
    return NewParts(parts=tuple(NewPart(sku_code=code, quantity=quantity) for code, quantity in of))


async def test_a_bundle_shows_its_parts_and_keeps_what_it_had_on_record(session: WriteSession) -> None:
    await one_sku(session)
    await made(session, "membership", "VIP", 2000, duration_days=30)
    await made(session, "bundle", "PACK", 6000)
    await service.set_parts(session, "PACK", parts(("STEAM-50", 1), ("VIP", 1)))
    shown = await service.set_parts(session, "PACK", parts(("VIP", 2), ("STEAM-50", 2)))
    assert [(part.sku_code, part.quantity, part.list_price_fen) for part in shown.parts] == [
        ("VIP", 2, 2000),
        ("STEAM-50", 2, 5000),
    ]
    removed = await session.execute(text("select count(*) from shop.bundle_item where removed_at is not null"))
    assert removed.scalar_one() == 2


async def test_a_bundle_cannot_cost_more_than_its_parts_however_it_is_brought_about(session: WriteSession) -> None:
    await one_sku(session)
    await made(session, "bundle", "PACK", 9000)
    with pytest.raises(DearBundleError):
        async with session.begin_nested():
            await service.set_parts(session, "PACK", parts(("STEAM-50", 1)))
    await service.set_parts(session, "PACK", parts(("STEAM-50", 2)))
    with pytest.raises(DearBundleError):
        async with session.begin_nested():
            await service.set_price(session, NewPrice(sku_code="PACK", list_price_fen=10001))
    await service.set_price(session, NewPrice(sku_code="PACK", list_price_fen=10000))
    await service.set_product_state(session, "pack", "withdrawn")
    await service.set_price(session, NewPrice(sku_code="STEAM-50", list_price_fen=4999))
    with pytest.raises(DearBundleError):
        async with session.begin_nested():
            await service.set_product_state(session, "pack", "published")


async def test_wrong_parts_are_refused_by_place(session: WriteSession) -> None:
    await one_sku(session)
    await made(session, "bundle", "PACK", 1)
    await made(session, "bundle", "OTHER", 1)
    wrong = parts(("NONE", 1), ("OTHER", 1), ("STEAM-50", 1), ("STEAM-50", 2))
    with pytest.raises(InvalidInputError) as refused:
        await service.set_parts(session, "PACK", wrong)
    assert [problem.place for problem in refused.value.problems] == [
        "parts.0.sku_code",
        "parts.1.sku_code",
        "parts.3.sku_code",
    ]
    with pytest.raises(NotABundleError):
        await service.set_parts(session, "STEAM-50", parts(("PACK", 1)))
    with pytest.raises(NotFoundError):
        await service.set_parts(session, "NONE", parts(("STEAM-50", 1)))


async def test_stock_is_none_for_what_is_made_to_order_and_the_scarcest_part_of_a_bundle(session: WriteSession) -> None:
    await one_sku(session)
    for kind, code, limits in (
        ("manual_service", "S", {}),
        ("membership", "VIP", {"duration_days": 30}),
        ("api_topup", "T", {}),
        ("bundle", "EMPTY", {}),
        ("bundle", "FREE", {}),
        ("bundle", "PACK", {}),
    ):
        await made(session, kind, code, 1, **limits)  # type: ignore[arg-type]
    await service.set_parts(session, "FREE", parts(("S", 1), ("VIP", 1)))
    await service.set_parts(session, "PACK", parts(("S", 1), ("STEAM-50", 1)))
    shown = {card.slug: card.stock for card in (await service.products(session)).items}
    assert shown == {"s": None, "vip": None, "t": None, "empty": 0, "free": None, "pack": 0, "steam-50": 0}
    for slug, stock in shown.items():
        assert (await service.product(session, slug)).stock == stock


async def test_a_membership_has_a_duration(session: WriteSession) -> None:
    await one_sku(session)
    with pytest.raises(InvalidInputError) as refused:
        await made(session, "membership", "VIP", 1)
    assert [problem.place for problem in refused.value.problems] == ["duration_days"]


async def test_limits_and_state_of_a_sku_are_changed_alone(session: WriteSession) -> None:
    await one_sku(session)
    shown = await service.change_sku(session, "STEAM-50", SkuChange(max_per_order=3))
    assert (shown.max_per_order, shown.publish_state) == (3, "published")
    shown = await service.change_sku(session, "STEAM-50", SkuChange(publish_state="withdrawn"))
    assert (shown.max_per_order, shown.publish_state) == (3, "withdrawn")
    with pytest.raises(NotFoundError):
        await service.change_sku(session, "NONE", SkuChange(max_per_order=3))


async def test_a_form_is_answered_with_its_product_and_names_are_used_once(session: WriteSession) -> None:
    await one_sku(session)
    account = FormField(name="account", label_zh="账号", label_en="Account")
    shown = await service.set_form(session, "steam-50", NewForm(fields=(account,)))
    assert shown.delivery_form == (account,)
    with pytest.raises(InvalidInputError):
        await service.set_form(session, "steam-50", NewForm(fields=(account, account)))
    with pytest.raises(NotFoundError):
        await service.set_form(session, "none", NewForm(fields=()))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ("li", "a b"), ("", "a\0b", "x" * 501)),
        ("number", ("12", "-3.5"), ("1e3", "twelve", "1.")),
        ("phone", ("+86 138 0013 8000", "13800138000"), ("138", "call me", "1" * 40)),
        ("email", ("li@example.com",), ("li@", "li", "a b@example.com")),
        ("select", ("East",), ("North", "east")),
    ],
)
def test_answers_have_the_shape_of_their_field(kind: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    options = ("East", "West") if kind == "select" else ()
    field = FormField.model_validate(
        {"name": "it", "label_zh": "它", "label_en": "It", "kind": kind, "options": options}
    )
    assert [problems((field,), {"it": answer}) for answer in good] == [[] for _ in good]
    assert all(problems((field,), {"it": answer}) for answer in bad)
    [said] = answered((field,), {"it": " x ", "other": "y"})
    assert (said.name, said.label_zh, said.value) == ("it", field.label_zh, "x")


def test_a_select_needs_options_and_nothing_else_has_any() -> None:
    for kind, options in (("select", ()), ("text", ("a",))):
        with pytest.raises(ValueError, match="a select has options"):
            FormField.model_validate(
                {"name": "it", "label_zh": "它", "label_en": "It", "kind": kind, "options": options}
            )


def test_what_may_be_left_out_may_be_empty() -> None:
    field = FormField(name="it", label_zh="它", label_en="It", kind="email", required=False)
    assert problems((field,), {}) == []
    assert answered((field,), {}) == ()
