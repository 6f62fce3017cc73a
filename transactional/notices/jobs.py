"""What the worker does: telling customers what happened."""

from collections.abc import Callable

from procrastinate import App

from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""
