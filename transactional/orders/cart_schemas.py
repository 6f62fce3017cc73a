"""What carts and checkouts show and accept."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints
from typing_extensions import TypeAliasType

from transactional.orders.schemas import MAX_QUANTITY, OrderState
from transactional.schemas import Command, View

MAX_LINES = 50
CartProblem = TypeAliasType("CartProblem", Literal["not_for_sale", "out_of_stock", "not_enough_stock", "too_many"])
Answers = Annotated[
    dict[Annotated[str, StringConstraints(max_length=40)], Annotated[str, StringConstraints(max_length=500)]],
    Field(max_length=40),
]


class CartLine(View):
    sku_id: UUID
    sku_code: str
    sku_name_zh: str
    sku_name_en: str
    product_slug: str
    product_title_zh: str
    product_title_en: str
    quantity: int
    list_price_fen: int | None = Field(description="Price in force; null when it is not for sale")
    total_fen: int | None
    stock: int | None = Field(description="What can be sold at this moment; null: made to order")
    problem: CartProblem | None = Field(description="Why it cannot be ordered now")


class CartView(View):
    items: tuple[CartLine, ...]
    total_fen: int = Field(description="Of the lines without a problem")


class CartChange(Command):
    sku_id: UUID
    quantity: int = Field(ge=0, le=MAX_QUANTITY, description="0 takes it out")


class NewLine(Command):
    sku_id: UUID
    quantity: int = Field(default=1, ge=1, le=MAX_QUANTITY)
    form_answers: Answers = Field(default_factory=dict, description="By name of the field of the product's form")


class NewCheckout(Command):
    """Items, or what is in the cart; with `from_cart`, items only bring the answers to forms."""

    items: tuple[NewLine, ...] = Field(default=(), max_length=MAX_LINES)
    from_cart: bool = False
    expected_net_fen: int | None = Field(default=None, ge=0, description="Refuse the order at any other total")


class CheckoutView(View):
    """An order that waits for its payment; of nothing to pay, it is fulfilled already."""

    id: UUID
    order_no: str
    state: OrderState
    net_fen: int
    ordered_at: datetime
    pay_by: datetime | None = Field(description="Until then its units are kept; null when nothing is to be paid")


class OrderMoved(View):
    """The order after a command."""

    order_no: str
    state: OrderState


class NewDelivery(Command):
    content: str = Field(min_length=1, max_length=4000, description="What the customer gets; kept sealed")
    cost_fen: int | None = Field(default=None, ge=0, le=100_000_000, description="Null when not known")


class NewParcel(Command):
    courier: str = Field(min_length=1, max_length=80)
    tracking_no: str = Field(min_length=1, max_length=80)


class DeliveryDone(View):
    fulfilment_id: UUID
    order_no: str
    order_state: OrderState
    delivered_at: datetime
