"""What a card of the Reloadly-like supplier costs, against figures made by hand, and how its goods are named."""

from decimal import Decimal

import pytest

from transactional.suppliers.protocols.interface import FieldSpec
from transactional.suppliers.protocols.reloadly_goods import ProductSaid, faces, numbers_of, supplier_sku, wanted

FIXED = {
    "productId": 1,
    "productName": "1-800-PetSupplies",
    "denominationType": "FIXED",
    "senderFee": Decimal("205.29"),
    "discountPercentage": Decimal("7.5"),
    "recipientCurrencyCode": "USD",
    "senderCurrencyCode": "NGN",
    "fixedRecipientDenominations": [Decimal("25.00"), Decimal("50.00")],
    "fixedRecipientToSenderDenominationsMap": [{"25.00": Decimal("10264.50")}, {"50.00": Decimal("20529.00")}],
}
"""The supplier's own example."""
RANGE = {
    "productId": 5,
    "productName": "Any value",
    "denominationType": "RANGE",
    "senderFee": Decimal("0.5"),
    "senderFeePercentage": 2,
    "discountPercentage": 4,
    "recipientCurrencyCode": "EUR",
    "senderCurrencyCode": "USD",
    "recipientCurrencyToSenderCurrencyExchangeRate": Decimal("1.083333"),
    "minRecipientDenomination": 5,
    "maxRecipientDenomination": 200,
}


def costs(told: dict[str, object], *values: str) -> dict[str, Decimal | None]:
    product = ProductSaid.model_validate(told)
    return {offer.supplier_sku: offer.unit_cost for offer in product.offers([Decimal(value) for value in values])}


def test_a_fixed_card_costs_its_price_and_fee_less_the_discount() -> None:
    """10264.50 + 205.29 − 7.5 % of 10264.50 (769.8375) = 9699.9525; 20529 + 205.29 − 1539.675 = 19194.615."""
    assert costs(FIXED) == {"1:25": Decimal("9699.9525"), "1:50": Decimal("19194.615")}


def test_a_ranged_card_costs_its_value_at_the_rate_and_percentages_of_that() -> None:
    """30 × 1.083333 = 32.49999; + 0.5 + 2 % − 4 % (−0.6499998) = 32.3499902, rounded half up to five places."""
    assert costs(RANGE, "30") == {"5:30": Decimal("32.34999")}


def test_the_map_may_be_one_object_and_write_its_values_in_any_way() -> None:
    one = {**FIXED, "fixedRecipientToSenderDenominationsMap": {"25.0": "100", "5E+1": 200, "nonsense": 1}}
    assert costs({**one, "discountPercentage": 0, "senderFee": 0}) == {"1:25": Decimal(100), "1:50": Decimal(200)}


@pytest.mark.parametrize("told", [{}, {"25.0": None}, {"25.0": 0}, None, []])
def test_a_price_of_zero_or_none_is_no_cost_even_where_there_is_a_fee(told: object) -> None:
    assert costs({**FIXED, "fixedRecipientToSenderDenominationsMap": told})["1:25"] is None
    assert costs({**RANGE, "recipientCurrencyToSenderCurrencyExchangeRate": None}, "30") == {"5:30": None}


def test_a_ranged_product_is_sold_within_its_range_only() -> None:
    assert list(costs(RANGE, "4.99", "5", "200", "200.01")) == ["5:5", "5:200"]
    assert ProductSaid.model_validate(RANGE).ends() == (5, 200)
    assert ProductSaid.model_validate(FIXED).ends() == ()


def test_an_offer_says_whether_it_is_sold_and_what_it_must_be_told() -> None:
    told = {**FIXED, "status": "INACTIVE", "additionalRequirements": {"userIdRequired": True}}
    offer = ProductSaid.model_validate(told).offers([])[0]
    assert (offer.on_sale, offer.stock, offer.currency, offer.name) == (False, None, "NGN", "1-800-PetSupplies 25 USD")
    assert offer.fields == (FieldSpec("userId", "User ID"),)


@pytest.mark.parametrize(
    "bad",
    [
        {"discountPercentage": 101},
        {"senderFee": -1},
        {"denominationType": "ANY"},
        {"senderCurrencyCode": "dollars"},
        {"productId": 0},
    ],
)
def test_a_product_that_cannot_be_is_not_read(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="ProductSaid"):
        ProductSaid.model_validate({**FIXED, **bad})


def test_a_good_is_named_by_product_and_value() -> None:
    assert supplier_sku(10, Decimal("25.00")) == "10:25"
    assert supplier_sku(10, Decimal("100")) == "10:100"
    assert numbers_of("10:25.50") == (10, Decimal("25.5"))
    assert wanted(["10:25", "10:50", "12-345", "11:5"]) == {
        10: {Decimal(25): "10:25", Decimal(50): "10:50"},
        11: {Decimal(5): "11:5"},
    }


@pytest.mark.parametrize("sku", ["", "10", "10:", ":25", "10:0", "10:-5", "10:NaN", "10:Infinity", "ten:25", "-1:25"])
def test_what_is_no_name_is_refused(sku: str) -> None:
    with pytest.raises(ValueError, match="face value"):
        numbers_of(sku)


def test_values_are_listed_with_commas() -> None:
    assert faces(" 10, 20.5,,") == (10, Decimal("20.5"))
    assert faces("") == ()
    for bad in ("ten", "10;20", "-1", "0", "NaN"):
        with pytest.raises(ValueError, match="positive"):
            faces(bad)
