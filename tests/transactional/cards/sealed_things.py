"""A shop in which everything that can be sealed is: codes, a delivery by hand, a notice under a key of its own."""

from dataclasses import dataclass

from tests.transactional.small_shop import PRICE_FEN, Stocked
from transactional.accounts.schemas import CustomerSubject
from transactional.cards import service
from transactional.cards.sealed import DataKey, SealedCode
from transactional.cards.vault import Code, Vault
from transactional.db import writing

NOTICE = b'{"amount": 5000}'
NOTICE_PLACE = b"notice\x007"
LETTER = "account: li / password: s3cret"


@dataclass(frozen=True)
class SealedThings:
    """What there is, in clear."""

    stocked: Stocked
    buyer: CustomerSubject
    codes: list[str]
    notice: tuple[int, bytes]

    async def all_open(self, vault: Vault) -> bool:
        """Whether a process with this vault reads everything."""
        rows = await self.stocked.rows(
            "select c.id, k.id, k.wrapped, c.ciphertext from shop.card as c join shop.data_key as k"
            " on k.id = c.data_key_id order by c.id"
        )
        cards = [SealedCode(card, DataKey(key, bytes(wrapped)), bytes(text)) for card, key, wrapped, text in rows]
        [[unit, key, wrapped, letter]] = await self.stocked.rows(
            "select s.fulfilment_id, k.id, k.wrapped, s.ciphertext from shop.sealed_delivery as s"
            " join shop.data_key as k on k.id = s.data_key_id"
        )
        content = vault.open_bytes(DataKey(key, bytes(wrapped)), service.delivery_place(unit), bytes(letter))
        key_id, body = self.notice
        async with writing(self.stocked.shop.engine) as session:
            notice = vault.open_bytes(await service.data_key(session, key_id), NOTICE_PLACE, body)
        opened = [vault.open_code(card) for card in cards]
        return opened == [Code(code) for code in self.codes] and (content.decode(), notice) == (LETTER, NOTICE)

    async def data_keys(self) -> set[int]:
        """Which data keys the codes and the delivery are under."""
        return {
            key
            for [key] in await self.stocked.rows(
                "select data_key_id from shop.card union select data_key_id from shop.sealed_delivery"
            )
        }


async def seal_things(stocked: Stocked, codes: list[str]) -> SealedThings:
    """One batch of codes, one of which is sold; a delivery by hand; a notice."""
    await stocked.stock(codes, cost_fen=100 * len(codes))
    buyer = await stocked.customer("li", PRICE_FEN)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1")
    [[unit]] = await stocked.rows("select id from shop.fulfilment")
    vault = stocked.shop.vault
    async with writing(stocked.shop.engine) as session:
        await service.seal_delivery(session, vault, unit, LETTER, None)
        key = await service.data_key_for(session, vault, "notices", "2026-11")
        notice = vault.seal_bytes(key, NOTICE_PLACE, NOTICE)
    return SealedThings(stocked, buyer, codes, (key.id, notice))
