"""What the checkout page is asked to sell: lines with their answers, as its own form sends them, and what they cost.

Buying belongs to `checkout_pages`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from starlette.datastructures import FormData

from mingsuan import clock
from transactional.catalogue import service as catalogue
from transactional.catalogue.forms import FormField
from transactional.catalogue.quote import Quote, units
from transactional.catalogue.schemas import ProductView
from transactional.db import ReadSession
from transactional.errors import UnavailableProductError
from transactional.orders import cart
from transactional.orders.cart_schemas import MAX_LINES

ANSWER = "answer_{line}_{name}"


@dataclass(frozen=True, slots=True)
class Wish:
    """Some units of one SKU, and what was answered to its product's questions."""

    sku: UUID
    quantity: int
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Basket:
    """What is being bought; from the cart, its lines leave the cart with the order.

    `destination` names the address that was chosen, `agreed` says that the shop's documents were agreed to.
    """

    wishes: tuple[Wish, ...]
    from_cart: bool = False
    destination: UUID | None = None
    agreed: bool = False

    @property
    def address(self) -> str:
        """Where the same checkout is shown again."""
        if self.from_cart or len(self.wishes) != 1:
            return "/checkout?cart=1"
        return f"/checkout?sku={self.wishes[0].sku}&quantity={self.wishes[0].quantity}"


@dataclass(frozen=True, slots=True)
class Line:
    """A wish as it stands today: the product, its price and stock, and the questions that its form asks."""

    number: int
    wish: Wish
    product: ProductView
    quote: Quote
    kind: str
    fields: tuple[FormField, ...]
    max_per_order: int
    is_sent: bool
    """Whether something of it goes out as a parcel."""

    @property
    def is_short(self) -> bool:
        return self.quote.sku.stock is not None and self.quote.quantity > self.quote.sku.stock


async def of_cart(session: ReadSession, customer_id: int) -> Basket:
    """What of the cart can be bought now."""
    lines = (await cart.show(session, customer_id, clock.now())).items
    wishes = (Wish(line.sku_id, line.quantity) for line in lines if not line.problem)
    return Basket(tuple(wishes)[:MAX_LINES], from_cart=True)


def of_form(form: FormData) -> Basket:
    """The lines that the form names, each with its answers. Raises UnavailableProductError for none."""
    try:
        skus = [UUID(str(sku)) for sku in form.getlist("sku")[:MAX_LINES]]
    except ValueError:
        raise UnavailableProductError from None
    quantities = [units(str(quantity)) for quantity in form.getlist("quantity")[:MAX_LINES]]
    if not skus or len(skus) != len(quantities):
        raise UnavailableProductError
    wishes = (
        Wish(sku, quantity, _answers(form, number))
        for number, (sku, quantity) in enumerate(zip(skus, quantities, strict=True))
    )
    return Basket(tuple(wishes), form.get("cart") == "1", _destination(form), form.get("agreed") == "1")


async def lines_of(session: ReadSession, basket: Basket) -> list[Line]:
    """Raises UnavailableProductError when one of them is not for sale (any more)."""
    offers = await catalogue.offers(session, [wish.sku for wish in basket.wishes], clock.now())
    lines = []
    for number, wish in enumerate(basket.wishes):
        offer = offers.get(wish.sku)
        if offer is None:
            raise UnavailableProductError
        product, sku = await catalogue.product_of_sku(session, wish.sku)
        if sku.list_price_fen is None:
            raise UnavailableProductError
        quote = Quote(sku, wish.quantity)
        is_sent = any(good.kind == "physical" for good in offer.goods)
        lines.append(Line(number, wish, product, quote, offer.kind, offer.fields, offer.max_per_order, is_sent))
    return lines


def asked(lines: Sequence[Line], basket: Basket) -> Basket:
    """The basket with answers to the questions that are asked, and to no others."""
    wishes = (
        Wish(wish.sku, wish.quantity, {each.name: wish.answers.get(each.name, "") for each in line.fields})
        for wish, line in zip(basket.wishes, lines, strict=True)
    )
    return replace(basket, wishes=tuple(wishes))


def _destination(form: FormData) -> UUID | None:
    try:
        return UUID(str(form.get("destination") or ""))
    except ValueError:
        return None


def _answers(form: FormData, number: int) -> dict[str, str]:
    start = ANSWER.format(line=number, name="")
    return {name.removeprefix(start): str(value) for name, value in form.items() if name.startswith(start)}
