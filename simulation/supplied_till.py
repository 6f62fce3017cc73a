"""What lies with each prepaid supplier of a simulated past: taken from, given back to, and topped up in time."""

from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_UP, Decimal
from random import Random

from mingsuan.clock import business_date
from simulation.supplied_law import CURRENCY, VENDORS, Vendor
from simulation.supplied_prices import Rates
from simulation.supplied_records import PlannedPayment
from transactional.suppliers.offers.rate_rules import to_fen

BANK_SPREAD = Decimal("1.0025")
"""What the bank takes for foreign money, above the day's rate."""
ROUND_SUM = {CURRENCY: Decimal(500), "USD": Decimal(100)}
LOW_SHARE = 0.4


class Till:
    """Balances by vendor; a deposit is on its way as soon as one runs low."""

    def __init__(self, rng: Random, known: Rates, zone: tzinfo, deposit_fen: int) -> None:
        self._rng = rng
        self._rates = known
        self._zone = zone
        self._deposit_fen = deposit_fen
        self._balance = {vendor.key: 0 for vendor in VENDORS if vendor.is_prepaid}
        self._under_way: set[str] = set()
        self.payments: list[PlannedPayment] = []

    @property
    def low_fen(self) -> int:
        return int(self._deposit_fen * LOW_SHARE)

    def balance_fen(self, vendor: Vendor) -> int | None:
        """None where nothing has to lie."""
        return self._balance.get(vendor.key)

    def move(self, vendor: Vendor, fen: int) -> None:
        """More lies there (negative: less); nothing where purchases are on account."""
        if vendor.key in self._balance:
            self._balance[vendor.key] += fen

    def due(self, vendor: Vendor, at: datetime) -> datetime | None:
        """When a deposit arrives that is decided upon now; None when there is enough, or one is under way."""
        if vendor.key in self._under_way or self._balance.get(vendor.key, self.low_fen) >= self.low_fen:
            return None
        self._under_way.add(vendor.key)
        return at + timedelta(minutes=self._rng.uniform(5, 25))

    def top_up(self, vendor: Vendor, at: datetime) -> None:
        """A round sum arrives; foreign money cost more than it is worth by the day's rate."""
        rate = self._rates.fen_per(vendor.currency, business_date(at, self._zone))
        step = ROUND_SUM[vendor.currency]
        amount = (Decimal(self._deposit_fen) / rate / step).quantize(Decimal(1), ROUND_UP) * step
        worth_fen = to_fen(amount, rate)
        paid_fen = worth_fen if vendor.currency == CURRENCY else to_fen(amount, rate * BANK_SPREAD)
        reference = f"SIM-TOPUP-{vendor.key.upper()}-{len(self.payments) + 1:04}"
        loss_fen = paid_fen - worth_fen
        self.payments.append(PlannedPayment(vendor.key, "top_up", reference, amount, paid_fen, loss_fen, at))
        self._balance[vendor.key] += worth_fen
        self._under_way.discard(vendor.key)
