"""What the card pool shows and accepts. Codes appear in `RevealedCode` and nowhere else."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field, computed_field

from transactional.schemas import Command, View


class CardBatchView(View):
    id: UUID
    sku_code: str
    card_count: int
    total_cost_fen: int | None
    supplier_name: str
    file_name: str
    imported_at: datetime
    expires_at: datetime | None = None


class PreviewProblem(View):
    """Why a file would be refused; never with a code in it."""

    place: str = Field(examples=["row 3, column code"])
    reason: str


class BatchPreview(View):
    """What an import would take in. It would be refused whole while there is a problem."""

    sku_code: str
    card_count: int
    first_code: str = Field(description="Masked", examples=["AB••••YZ"])
    last_code: str = Field(description="Masked")
    with_secret_count: int
    total_cost_fen: int | None
    least_unit_cost_fen: int | None
    greatest_unit_cost_fen: int | None
    first_expiry_at: datetime | None
    repeated_count: int = Field(description="Rows whose code stands in an earlier row")
    known_count: int = Field(description="Rows whose code was imported before, in any batch")
    problem_count: int
    problems: tuple[PreviewProblem, ...] = Field(description="The first 200")


class NewStockUnits(Command):
    """Units of a physical good that came in."""

    sku_code: str = Field(min_length=1, max_length=200)
    count: int = Field(ge=1, le=100_000)
    total_cost_fen: int | None = Field(default=None, ge=0, le=10_000_000_000, description="Unknown when left out")
    supplier_name: str = Field(default="", max_length=200)
    expires_on: date | None = Field(default=None, description="Last day on which they can be sold")


class BatchAccount(CardBatchView):
    """What became of a batch; the counts add up to `card_count`."""

    sold_count: int = Field(description="With the customers who bought them")
    replacement_count: int = Field(description="Given to customers in place of bad codes")
    defective_count: int
    void_count: int = Field(description="Withdrawn by staff")
    expired_count: int
    remaining_count: int
    held_count: int = Field(description="Of the remaining: held for an order")
    credited_fen: int = Field(description="Given back by the supplier")

    @computed_field(description="Cost less credits, over the codes that worked or still may; null when unknown")  # type: ignore[prop-decorator]
    @property
    def effective_unit_cost_fen(self) -> int | None:
        good = self.sold_count + self.replacement_count + self.remaining_count
        if self.total_cost_fen is None or good == 0:
            return None
        return (2 * (self.total_cost_fen - self.credited_fen) + good) // (2 * good)


class BatchList(View):
    items: tuple[BatchAccount, ...]
    total: int


class NewCredit(Command):
    """Money that a supplier gives back for bad codes of a batch."""

    amount_fen: int = Field(ge=1, le=10_000_000_000)
    reason: str = Field(min_length=1, max_length=500)
    prepaid: bool = Field(default=False, description="Added to the balance kept with the supplier, not set off")


class NewCost(Command):
    """What a batch really cost, whole."""

    total_cost_fen: int = Field(ge=0, le=10_000_000_000)
    reason: str = Field(min_length=1, max_length=500)


class NewVoid(Command):
    """Why codes or units of a batch are taken out of sale: withdrawn, damaged, lost."""

    count: int | None = Field(default=None, ge=1, le=200_000, description="All that is left, when left out")
    reason: str = Field(min_length=1, max_length=500)


class NewExport(Command):
    """Why codes are taken out in clear."""

    reason: str = Field(min_length=1, max_length=500)
    delivered: bool = Field(default=False, description="Also the codes that customers have")


class NewDefect(Command):
    """A code that does not work: the code itself, or the unit of an order that it was delivered for."""

    code: str | None = Field(default=None, min_length=1, max_length=500)
    fulfilment_id: UUID | None = None
    reason: str = Field(min_length=1, max_length=500)


class CardDefectView(View):
    batch_id: UUID
    fulfilment_id: UUID | None
    replaced: bool = Field(description="The customer has another code")
    lost_fen: int | None = Field(description="What the shop lost by it until the supplier makes it good; null: unknown")
    reported_at: datetime


class WrittenOff(View):
    batch_id: UUID
    count: int
    lost_fen: int


class RevealedCode(View):
    """What was handed over for a unit, in clear, shown to its owner by a deliberate act."""

    fulfilment_id: UUID
    code: str = Field(default="", description="The card's code; empty for a delivery by hand")
    secret: str | None = Field(default=None, description="PIN or password of the card, when it has one")
    content: str | None = Field(default=None, description="What staff wrote for a delivery by hand")
    first_revealed_at: datetime
