"""What befalls requests to a simulated supplier, whatever its protocol: outages, slowness, answers that get lost."""

import asyncio
from collections.abc import Callable

from fastapi import Response

from simulation.suppliers.account import Account

DOWN = "bad gateway"


async def answered(account: Account, work: Callable[[], Response]) -> Response:
    """What `work` answers, after the supplier's own time; 502 during an outage, in which nothing is done."""
    if account.is_down():
        return Response(DOWN, 502)
    await asyncio.sleep(account.tempo.answer_s * account.time_scale)
    return work()


async def submitted(account: Account, request_no: str, take: Callable[[], Response]) -> Response:
    """An order's answer: `take` books it and writes the answer, which may get lost before or after.

    That an order got lost on its way says nothing of the next one with its number.
    A callback that overtakes the answer has arrived, or was tried once, when this returns.
    """
    if account.is_down():
        return Response(DOWN, 502)
    await asyncio.sleep(account.tempo.answer_s * account.time_scale)
    strikes = account.misbehaviour.strikes
    known = account.book.order(request_no)
    if known is None and account.misbehaviour.strikes_once("timeout_before_accept", request_no):
        return await _hanging(account)
    response = take()
    order = account.book.order(request_no)
    if order is None or order == known:
        return response
    if order.callback_url and strikes("early_callback", request_no):
        await _told_early(account, request_no)
    if strikes("timeout_after_accept", request_no):
        return await _hanging(account)
    return Response(DOWN, 502) if strikes("error_after_accept", request_no) else response


async def _told_early(account: Account, request_no: str) -> None:
    order = account.book.order(request_no)
    if order is not None:
        letter = account.ended_letter(account.finish(order))
        if letter is not None:
            await account.outbox.send(letter)


async def _hanging(account: Account) -> Response:
    await asyncio.sleep(account.tempo.hang_s * account.time_scale)
    return Response("gateway time-out", 504)
