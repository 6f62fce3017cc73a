"""An address that a gateway gives is gone to, never run."""

import pytest

from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.interface import PayLink


@pytest.mark.parametrize("kind", ["qr", "redirect", "form"])
@pytest.mark.parametrize(
    "url", ["javascript:x()", " JavaScript:x()", "java\tscript:x()", "\x01vbscript:x", "data:text/html,<script>"]
)
def test_an_address_that_would_run_is_no_answer(kind: str, url: str) -> None:
    with pytest.raises(UnknownOutcomeError):
        PayLink(kind, url)  # type: ignore[arg-type]  # every kind in turn


def test_a_customer_is_sent_over_http_alone() -> None:
    with pytest.raises(UnknownOutcomeError):
        PayLink("redirect", "/orders/1")
    assert PayLink("redirect", "https://wx.tenpay.com/x?a=1").url
    assert PayLink("qr", "weixin://wxpay/bizpayurl?pr=1").url
    assert PayLink("jsapi", "", {"package": "prepay_id=1"}).fields
