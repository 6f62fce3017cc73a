"""What the worker does: what a customer owns, and its life at the provider."""

from collections.abc import Callable

from procrastinate import App

from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""
