"""Delivers notices by HTTP, again and again on each gateway's schedule until the shop accepts one.

What a notice says and how it is signed belongs to the protocols, which hand in a `Letter`.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from simulation.gateways.entries import Method
from simulation.gateways.misbehaviour import Misbehaviour, Tampering

LOG = logging.getLogger(__name__)
MINUTE, HOUR = 60, 3600
RETRIES_S: Mapping[str, tuple[int, ...]] = {
    "wechat": (
        15, 15, 30, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 30 * MINUTE, 30 * MINUTE, HOUR,
        3 * HOUR, 3 * HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR,
    ),
    "alipay": (4 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR),
    "unionpay": (2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE),
}  # fmt: skip
"""Seconds from each try to the next."""
PATIENCE_S = 5.0  # a gateway waits so long for the shop's answer, whatever the time scale


@dataclass(frozen=True, slots=True)
class Message:
    """A notice as it goes over the wire."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice to be delivered. `write` makes it afresh for every try, as the gateways sign anew each time."""

    method: Method
    name: str
    url: str
    write: Callable[[Tampering], Message]
    accepted: Callable[[httpx.Response], bool]


@dataclass(frozen=True, slots=True)
class Sent:
    """One try and what came of it; `status` is None when the shop could not be reached."""

    name: str
    tampering: Tampering
    status: int | None
    accepted: bool


@dataclass(order=True, slots=True)
class _Due:
    at: float
    number: int
    letter: Letter = field(compare=False)
    tampering: Tampering = field(compare=False)
    tries: int = field(compare=False)


class Deliveries:
    """Sends in threads of its own. `time_scale` 1 keeps the real schedule, 0.001 makes 15 s to 15 ms.

    `letters` keeps every notice that the gateways ever wrote, sent or not: with `held` nothing goes out by itself, and
    a test renders or sends each as it likes. `sent` is the history of tries.
    """

    def __init__(
        self, misbehaviour: Misbehaviour | None = None, *, time_scale: float = 1.0, held: bool = False
    ) -> None:
        self.misbehaviour = misbehaviour or Misbehaviour()
        self.time_scale, self.held = time_scale, held
        self.letters: dict[str, Letter] = {}
        self.sent: list[Sent] = []
        self._due: list[_Due] = []
        self._flying = 0
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._ended = False
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="notices")
        self._client = httpx.Client(timeout=PATIENCE_S, trust_env=False)
        self._clockwork = threading.Thread(target=self._run, name="notices", daemon=True)
        self._clockwork.start()

    def post(self, letter: Letter) -> None:
        """Deliver as the misbehaviour says; at once and until accepted when it says nothing."""
        with self._changed:
            self.letters[letter.name] = letter
        if self.held or not letter.url:
            return
        for copy in self.misbehaviour.copies(letter.name):
            self._schedule(letter, copy.tampering, copy.after_s, tries=0)

    def send(self, name: str, tampering: Tampering = "none") -> Sent:
        """Deliver a notice now, once, and say what came of it. KeyError when there is no such notice."""
        return self._attempt(self.letters[name], tampering)

    def message(self, name: str, tampering: Tampering = "none") -> Message:
        """The notice as it would go over the wire, for a test that carries it there itself."""
        return self.letters[name].write(tampering)

    def drain(self, timeout_s: float = 10.0) -> bool:
        """Wait until nothing is due or on the way; False when that takes too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due and not self._flying, timeout_s)

    def close(self) -> None:
        """Stop; what is still due is never sent."""
        with self._changed:
            self._ended = True
            self._due.clear()
            self._changed.notify_all()
        self._clockwork.join()
        self._pool.shutdown()
        self._client.close()

    def _schedule(self, letter: Letter, tampering: Tampering, after_s: float, tries: int) -> None:
        at = time.monotonic() + after_s * self.time_scale
        with self._changed:
            if not self._ended:
                heapq.heappush(self._due, _Due(at, next(self._numbers), letter, tampering, tries))
                self._changed.notify_all()

    def _run(self) -> None:
        with self._changed:
            while not self._ended:
                wait = self._due[0].at - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                self._flying += 1
                self._pool.submit(self._deliver, heapq.heappop(self._due))

    def _deliver(self, due: _Due) -> None:
        try:
            accepted = self._attempt(due.letter, due.tampering).accepted
            schedule = RETRIES_S[due.letter.method]
            if not accepted and due.tampering == "none" and due.tries < len(schedule):
                self._schedule(due.letter, due.tampering, schedule[due.tries], due.tries + 1)
        except Exception:
            LOG.exception("notice %s could not be written", due.letter.name)
        finally:
            with self._changed:
                self._flying -= 1
                self._changed.notify_all()

    def _attempt(self, letter: Letter, tampering: Tampering) -> Sent:
        message = letter.write(tampering)
        try:
            answer = self._client.post(letter.url, headers=dict(message.headers), content=message.body)
            sent = Sent(letter.name, tampering, answer.status_code, letter.accepted(answer))
        except httpx.HTTPError as error:
            LOG.info("notice %s did not reach the shop: %s", letter.name, error)
            sent = Sent(letter.name, tampering, None, accepted=False)
        with self._changed:
            self.sent.append(sent)
        return sent
