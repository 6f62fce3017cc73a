"""A simulated customer's wallet: what it holds at an instant, so that it never goes below zero at any time."""

from datetime import datetime


class Purse:
    """Payments are asked for in the order of time; credits may lie in the future."""

    def __init__(self) -> None:
        self._balance_fen = 0
        self._coming: list[tuple[datetime, int]] = []

    def credit(self, amount_fen: int, at: datetime) -> None:
        """Money that is there from `at` on."""
        self._coming.append((at, amount_fen))

    def missing(self, amount_fen: int, at: datetime) -> int:
        """How much is wanting at `at` to pay the amount; 0 when it can be paid."""
        self._balance_fen += sum(amount for when, amount in self._coming if when <= at)
        self._coming = [(when, amount) for when, amount in self._coming if when > at]
        return max(amount_fen - self._balance_fen, 0)

    def pay(self, amount_fen: int, at: datetime) -> None:
        """Raises ValueError when the money is not there."""
        if self.missing(amount_fen, at):
            raise ValueError(f"the purse does not hold {amount_fen} fen at {at}")
        self._balance_fen -= amount_fen

    @property
    def final_fen(self) -> int:
        """Balance when every credit has come."""
        return self._balance_fen + sum(amount for _, amount in self._coming)
