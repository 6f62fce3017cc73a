"""Where gateways send notices and shoppers come back to. Pure."""

from uuid import UUID

from mingsuan.settings import Settings


def public_url(settings: Settings) -> str:
    """Without a slash at its end."""
    return (settings.public_url or f"http://{settings.host}:{settings.shop_port}").rstrip("/")


def notices(settings: Settings, method: str) -> str:
    return f"{public_url(settings)}/gateways/{method}/notices"


def order_page(settings: Settings, order_no: str) -> str:
    return f"{public_url(settings)}/orders/{order_no}"


def top_up_page(settings: Settings, top_up: UUID) -> str:
    return f"{public_url(settings)}/wallet/top-ups/{top_up}"
