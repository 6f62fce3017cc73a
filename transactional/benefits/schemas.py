"""What benefits show and accept. Codes are not among it: they are revealed one at a time."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import TypeAliasType

from transactional.catalogue.offers import ProductKind
from transactional.schemas import Command, View

AT_ONCE = 20
"""Benefits that one way to a provider may carry."""

BenefitState = TypeAliasType(
    "BenefitState", Literal["pending", "ready", "revealed", "activated", "used", "expired", "revoked"]
)


class BenefitView(View):
    """Something that a customer owns."""

    id: UUID
    state: BenefitState
    kind: ProductKind
    order_no: str
    fulfilment_id: UUID = Field(description="The unit of the order, for revealing")
    product_slug: str
    product_title_zh: str
    product_title_en: str
    sku_code: str
    sku_name_zh: str
    sku_name_en: str
    delivered_at: datetime
    revealed_at: datetime | None
    activated_at: datetime | None
    used_at: datetime | None = Field(description="When its owner marked it as used")
    expires_at: datetime | None
    replaced_at: datetime | None = Field(description="When its code was replaced by another, the last time")
    on_hold: bool = Field(description="A refund is under way: nothing can be done with it until that ended")
    is_revealable: bool
    provider_key: str | None = Field(default=None, description="Where it can be activated")
    provider_name_zh: str | None = None
    provider_name_en: str | None = None
    provider_paused: bool = False
    attempt: str | None = Field(default=None, description="State of the newest attempt to activate it")

    @property
    def is_waiting(self) -> bool:
        """The provider has it and has confirmed nothing yet."""
        return self.attempt == "unknown" and self.state in ("ready", "revealed")

    @property
    def is_activatable(self) -> bool:
        usable = self.state in ("ready", "revealed") and not self.on_hold
        return usable and self.provider_key is not None and not self.provider_paused and not self.is_waiting

    @property
    def is_markable(self) -> bool:
        """Whether its owner may say that it is used up; a membership runs by itself."""
        return self.state in ("ready", "revealed", "activated", "expired") and self.kind != "membership"


class BenefitEventView(View):
    from_state: str | None
    to_state: BenefitState
    cause: str
    happened_at: datetime


class BenefitDetail(BenefitView):
    """A benefit with how to use it and what happened to it."""

    tutorial_zh: str
    tutorial_en: str
    events: tuple[BenefitEventView, ...]


class BenefitList(View):
    items: tuple[BenefitView, ...]
    total: int


class NewLaunch(Command):
    benefit_ids: tuple[UUID, ...] = Field(min_length=1, max_length=AT_ONCE)


class LaunchView(View):
    """A way to the provider: open the address in the customer's browser, once and before it ends."""

    id: UUID
    address: str
    provider_name_zh: str
    provider_name_en: str
    expires_at: datetime


class UsedMark(Command):
    used: bool


class AccountView(View):
    """A customer's account at a provider, as the provider calls it."""

    id: UUID
    provider_key: str
    provider_name_zh: str
    provider_name_en: str
    label: str
