"""Counsel's opinions on a kind of draw under a place's rules, as an owner recorded them; none is ever changed."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from transactional.accounts.service import record_act
from transactional.db import ReadSession, WriteSession
from transactional.draws.models import LegalOpinion
from transactional.draws.play.errors import ModeForbiddenError
from transactional.draws.play.people import who_may
from transactional.draws.play.profiles import PROFILES
from transactional.errors import FieldProblem, InvalidInputError

SHA256 = re.compile(r"[0-9a-f]{64}")
NO_COUNSEL = "Name who gave the opinion."
NO_SUMMARY = "Say what the opinion says."
NO_DIGEST = "Give the document's SHA-256, 64 hexadecimal digits."
WRONG_TIME = "An opinion is given today or before, and is valid until a later day."


@dataclass(frozen=True, slots=True)
class NewOpinion:
    """`document_sha256` of the signed document, which the operator keeps."""

    profile: str
    mode: str
    counsel: str
    summary: str
    document_sha256: str
    given_on: datetime
    valid_until: datetime


async def record(session: WriteSession, new: NewOpinion, staff_id: int, at: datetime) -> LegalOpinion:
    """Raises NotAllowedError, InvalidInputError; ModeForbiddenError when the profile can never allow the mode."""
    await who_may(session, staff_id, "record_opinions")
    if new.mode not in PROFILES[new.profile].modes:
        raise ModeForbiddenError
    if problems := _problems(new, at):
        raise InvalidInputError(problems)
    opinion = LegalOpinion(
        profile=new.profile,
        mode=new.mode,
        counsel=new.counsel.strip(),
        summary=new.summary.strip(),
        document_sha256=new.document_sha256.lower(),
        given_on=new.given_on,
        valid_until=new.valid_until,
        recorded_by=staff_id,
    )
    session.add(opinion)
    await session.flush()
    detail = {"profile": new.profile, "mode": new.mode, "document": opinion.document_sha256}
    await record_act(session, staff_id, "record_opinion", f"opinion:{opinion.public_id}", detail=detail)
    return opinion


async def newest_valid(session: ReadSession, profile: str, mode: str, at: datetime) -> LegalOpinion | None:
    """The opinion that a switch may rest on at an instant."""
    found: LegalOpinion | None = await session.scalar(
        select(LegalOpinion)
        .where(LegalOpinion.profile == profile, LegalOpinion.mode == mode)
        .where(LegalOpinion.given_on <= at, LegalOpinion.valid_until > at)
        .order_by(LegalOpinion.valid_until.desc(), LegalOpinion.id.desc())
        .limit(1)
    )
    return found


def _problems(new: NewOpinion, at: datetime) -> list[FieldProblem]:
    problems = []
    if not new.counsel.strip():
        problems.append(FieldProblem("counsel", NO_COUNSEL))
    if not new.summary.strip():
        problems.append(FieldProblem("summary", NO_SUMMARY))
    if not SHA256.fullmatch(new.document_sha256.lower()):
        problems.append(FieldProblem("document_sha256", NO_DIGEST))
    if not new.given_on <= at < new.valid_until:
        problems.append(FieldProblem("valid_until", WRONG_TIME))
    return problems
