"""The Fulu protocol's signatures and cards, against values that it publishes and values made with other tools."""

import pytest

from simulation.suppliers import fulu_signing as theirs
from transactional.suppliers.protocols import fulu_signing as ours

SECRET = "0a091b3aa4324435aab703142518a8f7"
"""The sandbox's, which the platform publishes together with the answer and the cards below."""
REQUEST = {
    "app_key": "K-17",
    "method": "fulu.order.direct.add",
    "timestamp": "2026-11-22 18:30:05",
    "version": "2.0",
    "format": "json",
    "charset": "utf-8",
    "sign_type": "md5",
    "app_auth_token": "",
    "biz_content": (
        '{"customer_order_no":"P20261122-1","charge_account":"玩家7","notify_url":"https://shop.example/n"}'
    ),
}
# { grep -o . request.json | LC_ALL=C sort | tr -d '\n'; printf %s $SECRET; } | openssl md5
REQUEST_SIGN = "a825cfd51a707c66125eb95cd96a5454"


def test_a_request_is_signed_as_openssl_signs_its_sorted_characters() -> None:
    assert ours.of_parameters(REQUEST, SECRET) == REQUEST_SIGN
    assert ours.of_parameters({**REQUEST, "sign": "whatever it was"}, SECRET) == REQUEST_SIGN
    assert theirs.sign(REQUEST, SECRET) == REQUEST_SIGN


def test_an_answer_is_signed_as_the_published_one() -> None:
    result = '{"name":"OpenApi2.0对接专用商户","balance":344283.1608,"is_open":1}'
    assert ours.of_text(result, SECRET) == "af223d55aaab949a4061d651cc4b2765"
    assert theirs.sign_text(result, SECRET) == "af223d55aaab949a4061d651cc4b2765"


@pytest.mark.parametrize(
    ("sealed", "clear"),
    [
        ("12nCp6X/nALmrvr1erxK+D4L8n/kqz/RItKWUfvZrCU=", "CD1000250201906121742434441"),
        ("9HeOgdv+NpLihh2+5Gm0Mj4L8n/kqz/RItKWUfvZrCU=", "CP1000250201906121742434441"),
        # printf 'A1B2C-D3E4F-G5H6J-K7L8M' | openssl enc -aes-256-ecb -K $(printf $SECRET | xxd -p -c 64) -base64
        ("5RWN2qO90vxd8C9c8CyuxAZyiMHUVqUM9FHZ1KrvfGU=", "A1B2C-D3E4F-G5H6J-K7L8M"),
    ],
)
def test_cards_open_as_the_published_ones_and_as_openssl_seals_them(sealed: str, clear: str) -> None:
    assert ours.card(sealed, SECRET) == clear
    assert theirs.seal(clear, SECRET) == sealed


@pytest.mark.parametrize("sealed", ["", "not base64", "AAAA", "5RWN2qO90vxd8C9c8CyuxAZyiMHUVqUM9FHZ1KrvfGQ="])
def test_what_does_not_open_under_the_secret_is_no_card(sealed: str) -> None:
    with pytest.raises(ValueError, match="does not open"):
        ours.card(sealed, SECRET)


def test_a_rearranged_text_bears_the_same_signature_which_is_why_callbacks_are_only_reasons_to_ask() -> None:
    assert ours.of_text('{"order":"12","price":"9.50"}', SECRET) == ours.of_text(
        '{"order":"21","price":"5.90"}', SECRET
    )
    assert ours.of_text('{"order":"12"}', SECRET) != ours.of_text('{"order":"13"}', SECRET)
