"""The file of tickets is whole or not there, and its hashes are those of what is in it."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from transactional import merkle
from transactional.draws import rules, ticket_file
from transactional.draws.ticket_file import TicketsTornError

pytestmark = pytest.mark.anyio
DRAW = UUID(int=7)
TICKETS = [sha256(bytes([number])).digest() for number in range(5)]


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_hashes_are_those_of_the_file_however_it_was_cut(tmp_path: Path) -> None:
    path = ticket_file.folder_of(tmp_path, DRAW) / ticket_file.NAME
    whole = b"".join(TICKETS)
    for parts in ((whole,), (whole[:40], whole[40:41], whole[41:]), tuple(TICKETS)):
        written = await ticket_file.write(path, DRAW, pieces(*parts), 5)
        assert path.read_bytes() == whole
        assert written.sha256 == sha256(whole).digest()
        leaves = [merkle.leaf_hash(rules.entry(DRAW, index, ticket)) for index, ticket in enumerate(TICKETS)]
        assert written.root == merkle.root(leaves)
    assert [file.name for file in path.parent.iterdir()] == [ticket_file.NAME]


@pytest.mark.parametrize("count", [4, 6])
async def test_what_is_not_whole_is_not_there(tmp_path: Path, count: int) -> None:
    path = tmp_path / ticket_file.NAME
    with pytest.raises(TicketsTornError):
        await ticket_file.write(path, DRAW, pieces(*TICKETS), count)
    assert list(tmp_path.iterdir()) == []
