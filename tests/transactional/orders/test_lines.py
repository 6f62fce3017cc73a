"""How bundles split: to the fen, over parts and units, none beyond its price."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.catalogue.offers import Good, Offer
from transactional.orders.lines import lines_of

KINDS = ("card_code", "api_topup", "manual_service", "physical", "membership")
goods = st.lists(
    st.builds(
        Good, st.integers(1, 99), st.sampled_from(KINDS), st.integers(1, 7), st.integers(0, 100_000), st.just(())
    ),
    min_size=1,
    max_size=6,
)


def bundle(parts: list[Good], price_fen: int) -> Offer:
    return Offer(UUID(int=1), 500, "bundle", price_fen, 100, tuple(parts), ())


@given(goods, st.integers(1, 100), st.data())
def test_lines_and_units_of_a_bundle_add_up_to_its_price_exactly(
    parts: list[Good], quantity: int, data: st.DataObject
) -> None:
    list_fen = sum(part.list_price_fen * part.quantity for part in parts)
    price_fen = data.draw(st.integers(0, list_fen))
    lines = lines_of(bundle(parts, price_fen), quantity, {})
    assert sum(line.net_fen for line in lines) == price_fen * quantity
    assert sum(line.gross_fen for line in lines) == list_fen * quantity
    for line, part in zip(lines, parts, strict=True):
        assert line.quantity == part.quantity * quantity
        assert sum(unit.gross_fen for unit in line.units) == line.gross_fen
        assert sum(unit.discount_fen for unit in line.units) == line.discount_fen
        assert sum(unit.quantity for unit in line.units) == line.quantity
        assert all(0 <= unit.discount_fen <= unit.gross_fen for unit in line.units)
        assert max(u.discount_fen for u in line.units) - min(u.discount_fen for u in line.units) <= 1


def test_a_worked_bundle() -> None:
    """2 × 30.00 and 1 × 40.01 for 90.00: 10.01 off, 60.00 : 40.01 → 6.01 (by its larger remainder) and 4.00."""
    parts = [Good(1, "card_code", 2, 3000, ()), Good(2, "membership", 1, 4001, ())]
    cards, membership = lines_of(bundle(parts, 9000), 1, {})
    assert (cards.gross_fen, cards.discount_fen, [u.discount_fen for u in cards.units]) == (6000, 601, [301, 300])
    assert (membership.gross_fen, membership.discount_fen) == (4001, 400)


def test_a_bundle_dearer_than_its_parts_has_no_lines() -> None:
    with pytest.raises(ValueError, match="more than its parts"):
        lines_of(bundle([Good(1, "card_code", 1, 100, ())], 101), 1, {})


def test_a_service_is_one_thing_a_line_and_codes_are_units() -> None:
    for kind, units in (("manual_service", 1), ("card_code", 3), ("physical", 3), ("membership", 3)):
        offer = Offer(UUID(int=1), 1, kind, 100, 100, (Good(1, kind, 1, 100, ()),), ())
        [line] = lines_of(offer, 3, {})
        assert (len(line.units), line.net_fen, line.bundle_sku_id) == (units, 300, None)
