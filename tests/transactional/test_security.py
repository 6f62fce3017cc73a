"""Which requests may change something."""

import pytest

from transactional.security import may_change

HOST = {"host": "shop.test"}


@pytest.mark.parametrize(
    ("headers", "with_cookie", "allowed"),
    [
        ({"sec-fetch-site": "same-origin"}, True, True),
        ({"sec-fetch-site": "none"}, True, True),
        ({"sec-fetch-site": "same-site"}, True, False),
        ({"sec-fetch-site": "cross-site"}, True, False),
        ({"sec-fetch-site": "cross-site"}, False, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://shop.test"}, True, False),
        ({"origin": "https://shop.test"}, True, True),
        ({"origin": "http://SHOP.test"}, True, True),
        ({"origin": "https://shop.test.evil.test"}, True, False),
        ({"origin": "https://shop.test:8443"}, True, False),
        ({"origin": "null"}, True, False),
        ({"origin": "null"}, False, False),
        ({"origin": "file://shop.test"}, True, False),
        ({"origin": "https://[broken"}, True, False),
        ({}, True, False),
        ({}, False, True),
    ],
)
def test_a_change_must_come_from_the_shops_own_pages(headers: dict[str, str], with_cookie: bool, allowed: bool) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        assert may_change(method, HOST | headers, with_cookie) is allowed


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_open_to_requests_from_anywhere(method: str) -> None:
    assert may_change(method, HOST | {"sec-fetch-site": "cross-site"}, True)


def test_an_origin_without_a_host_to_compare_is_refused() -> None:
    assert not may_change("POST", {"origin": "https://"}, True)
