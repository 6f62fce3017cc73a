"""What the worker does: money in and out of wallets: top-ups and withdrawals, as the compliance profile allows."""

from collections.abc import Callable

from procrastinate import App

from transactional.shop import Shop


def register(app: App, shop: Callable[[], Shop]) -> None:
    """Adds the slice's tasks."""
