"""What earns chances, how many and for how long. Pure."""

from datetime import date, timedelta

CHECK_IN_VALID = timedelta(days=7)
EARNED_VALID = timedelta(days=30)
MOST_PER_ORDER = 20
"""However dear the order."""
LEAST_INVITED_FEN = 1000
"""Where orders earn a chance each for less, or none."""


def of_order(kept_fen: int, every_fen: int) -> int:
    """How many chances an order earns by the money that was paid for what it delivered and did not come back.

    One for each full `every_fen`; 0 there means none at all.
    """
    return min(max(kept_fen, 0) // every_fen, MOST_PER_ORDER) if every_fen else 0


def invited_fen(every_fen: int) -> int:
    """The least that somebody must have bought in one order for their inviter to be rewarded: what earns one chance."""
    return max(every_fen, LEAST_INVITED_FEN)


def check_in_reference(customer_id: int, day: date) -> str:
    """One check-in a customer and business date."""
    return f"checkin:{customer_id}:{day.isoformat()}"


def free_route_reference(customer_id: int, draw_id: int, day: date) -> str:
    """One free entry a customer, draw and business date."""
    return f"free_route:{draw_id}:{customer_id}:{day.isoformat()}"


def order_reference(order_id: int) -> str:
    """An order earns once."""
    return f"order:{order_id}"


def invitation_reference(invited_id: int) -> str:
    """Somebody is invited once, by one person: there is no second level."""
    return f"invitation:{invited_id}"
