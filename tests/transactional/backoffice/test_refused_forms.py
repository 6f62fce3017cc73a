"""Forms of the desk that are refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from transactional.backoffice.forms import RefusedForm, amount_fen


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    yield


@pytest.mark.anyio
@pytest.mark.parametrize("typed", ["twelve", "12.345", "-1", "12\0", "1e3", ""])
async def test_an_amount_that_is_none_is_refused_by_name_out_of_a_transaction_too(typed: str) -> None:
    with pytest.raises(RefusedForm) as refused:
        async with transaction():
            amount_fen("total_cost", typed, "CNY", lambda text: text)
    assert list(refused.value.faults) == ["total_cost"]
