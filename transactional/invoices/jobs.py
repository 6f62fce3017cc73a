"""What the worker does: requests for invoices (发票)."""

from collections.abc import Callable

from procrastinate import App

from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""
