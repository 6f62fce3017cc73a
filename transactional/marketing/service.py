"""Takes statements of advertising platforms in: whole or not at all, once, each line posted on its own day."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.db import WriteSession
from transactional.errors import FieldProblem
from transactional.ledger import service as ledger
from transactional.ledger.other_rules import advertised
from transactional.marketing import queries, spend_file
from transactional.marketing.errors import SpendOfOtherPlatformError, UnknownPlatformError
from transactional.marketing.models import AdStatement
from transactional.marketing.platforms import PLATFORMS, platform_code
from transactional.marketing.rules import Spend, spends
from transactional.statement_intake import NewFile, TakenIn, digest_of, late_remarks, one_at_a_time, stored


async def take_in(
    session: WriteSession, new: NewFile, zone: ZoneInfo, currency: str, staff_id: int | None = None
) -> TakenIn:
    """Stores a statement of a platform and posts what it adds; the same file again changes nothing.

    Raises UnknownPlatformError, RefusedFileError naming each bad cell, SpendOfOtherPlatformError.
    """
    platform = platform_code(new.sender)
    if platform is None:
        raise UnknownPlatformError(name=new.sender, known=", ".join(PLATFORMS))
    await one_at_a_time(session, "ad-spend")
    if known := await queries.stored(session, digest_of(new.content)):
        if known.platform != platform:
            raise SpendOfOtherPlatformError(code=known.platform)
        return TakenIn(known.public_id, False, known.line_count, known.total_fen)
    today = clock.business_date(clock.now(), zone)
    lines = spend_file.read(new.file_name, new.content, platform, currency, today)
    statement = AdStatement(platform=platform)
    await stored(session, statement, new, lines, staff_id)
    kept = spends(lines, await queries.posted(session, statement))
    await _post(session, statement, kept, zone)
    taken = await _taken(session, statement, kept)
    detail = {"platform": platform, "lines": len(lines), "posted_fen": taken.posted_fen, "source": new.source}
    await accounts.record_act(
        session, staff_id, "import_ad_spend", f"ad-statement:{statement.public_id}", detail=detail
    )
    return taken


async def _post(session: WriteSession, statement: AdStatement, kept: Sequence[Spend], zone: ZoneInfo) -> None:
    ids = await queries.keep(session, statement, kept)
    postings = [
        advertised(number, each.posted_fen, clock.start_of(each.line.day, zone))
        for number, each in zip(ids, kept, strict=True)
    ]
    await ledger.post(session, postings, zone)


async def _taken(session: WriteSession, statement: AdStatement, kept: Sequence[Spend]) -> TakenIn:
    remarks = await late_remarks(session, [each.line.day for each in kept if each.posted_fen])
    for channel in await queries.unheard_of(session, sorted({each.line.channel for each in kept})):
        remarks.append(
            FieldProblem("file", "No customer came by the channel “{channel}” so far.", (("channel", channel),))
        )
    restated = sum(each.posted_fen not in (0, each.line.amount_fen) for each in kept)
    posted_fen = sum(each.posted_fen for each in kept)
    return TakenIn(
        statement.public_id, True, statement.line_count, statement.total_fen, posted_fen, restated, tuple(remarks)
    )
