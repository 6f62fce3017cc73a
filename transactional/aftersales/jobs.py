"""What the worker does: cases about what was bought."""

from collections.abc import Callable

from procrastinate import App

from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""
