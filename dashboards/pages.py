"""All pages, in the order in which the navigation lists them. A new page is its module and a line here."""

from dashboards.app_pages import bridge, channels, data_health, profit, repurchase
from dashboards.page import Page

PAGES: tuple[Page, ...] = (
    profit.PAGE,
    bridge.PAGE,
    repurchase.PAGE,
    channels.PAGE,
    data_health.PAGE,
)
