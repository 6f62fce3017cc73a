"""How a call to the outside can end other than well: refused for certain, or nobody knows. Pure."""


class RefusedError(Exception):
    """The other side said no, for certain: nothing happened. `code` is its own word."""

    def __init__(self, code: str, reason: str, http_status: int | None = None) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason, self.http_status = code, reason, http_status


class UnknownOutcomeError(Exception):
    """No answer, or none that can be trusted (time-out, 5xx, unsigned): it may or may not have happened. Query."""

    def __init__(self, reason: str, http_status: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.http_status = reason, http_status
