"""What earns chances, how many and for how long. Pure."""

from datetime import date, timedelta

CHECK_IN_VALID = timedelta(days=7)
EARNED_VALID = timedelta(days=30)
MOST_PER_ORDER = 20
"""However dear the order."""


def of_order(net_fen: int, every_fen: int) -> int:
    """How many chances a delivered order earns: one for each full `every_fen`; 0 there means none at all."""
    return min(net_fen // every_fen, MOST_PER_ORDER) if every_fen else 0


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
