"""When a failed job is tried again: soon at first, then at ever longer intervals, then never."""

import random
from asyncio import CancelledError

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

FIRST_S = 5
LONGEST_S = 3600


class Patience(BaseRetryStrategy):
    """`attempts` runs in all, the pauses doubling from 5 s up to an hour, spread so that many do not return at once.

    A job that was cut off by the worker's shutdown is tried again at once.
    """

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        if job.attempts + 1 >= self.attempts:
            return None
        pause = min(FIRST_S * 2 ** min(job.attempts, 20), LONGEST_S)
        return RetryDecision(retry_in={"seconds": round(pause * random.uniform(0.8, 1.2))})  # noqa: S311
