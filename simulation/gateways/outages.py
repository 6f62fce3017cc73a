"""Answers of a simulated API that fail as a test or the demo planned: before or after what was asked has been done."""

import time
from collections.abc import Callable

from fastapi import Response

from simulation.gateways.entries import Method
from simulation.gateways.misbehaviour import AnswerFault
from simulation.gateways.state import State


def answer(state: State, method: Method, operation: str, work: Callable[[AnswerFault | None], Response]) -> Response:
    """What `work` answers, unless a fault is planned. `work` itself leaves a signature out or spoils it."""
    fault = state.faults.take(method, operation)
    if fault in ("hang_before", "server_error", "frequency_limited"):
        return _failure(state, fault)
    response = work(fault)
    return _failure(state, fault) if fault in ("hang_after", "server_error_after") else response


def _failure(state: State, fault: AnswerFault) -> Response:
    if fault.startswith("hang"):
        time.sleep(state.hang_s)
        return Response("gateway time-out", 504)
    return Response("bad gateway", 429 if fault == "frequency_limited" else 502)
