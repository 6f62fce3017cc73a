"""What the offline verifier says of a case."""

import io
import json

from mingsuan.draw_verifier import Given, Outcome, policy_of, seen_of, verify
from tests.draws.worlds import Case


def given(case: Case) -> Given:
    policy = policy_of(json.dumps(case.policy).encode())
    receipt = None if case.receipt is None else json.dumps(case.receipt).encode()
    seen = tuple(seen_of(each.encode(), policy.log) for each in case.seen)
    return Given(io.BytesIO(case.bundle), policy, case.now, receipt, seen)


def verdict_of(case: Case) -> Outcome:
    return verify(given(case))
