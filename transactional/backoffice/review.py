"""What staff decide about cases and failed jobs, each with its record. Money is moved by payments alone."""

from uuid import UUID

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.backoffice import review_queries, service
from transactional.backoffice.errors import JobNotFailedError
from transactional.backoffice.once_at_desk import Done
from transactional.db import WriteSession
from transactional.errors import NotFoundError


async def resolve(session: WriteSession, case: UUID, staff_id: int, resolution: str) -> Done:
    """Closes an open case. Raises NotFoundError when it is closed or unknown."""
    await service.resolve_case(session, case, staff_id, resolution)
    await record_act(session, staff_id, "resolve_case", str(case), reason=resolution)
    return Done(said="resolved")


async def try_again(session: WriteSession, job_id: int, staff_id: int, reason: str) -> Done:
    """A failed job waits again, from now on. Raises NotFoundError, JobNotFailedError."""
    job = await review_queries.locked_job(session, job_id)
    if job is None:
        raise NotFoundError
    if job.status != "failed":
        raise JobNotFailedError
    await review_queries.retry_job(session, job_id, clock.now())
    await record_act(session, staff_id, "retry_job", f"job:{job_id}", reason=reason, detail={"task": job.task_name})
    return Done(said="job_waits")
