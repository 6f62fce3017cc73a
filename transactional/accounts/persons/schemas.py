"""What a person's own pages and API show and accept."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, SecretStr
from typing_extensions import TypeAliasType

from transactional.schemas import Command, View

IdentityState = TypeAliasType("IdentityState", Literal["none", "checking", "verified", "refused"])


class AddressView(View):
    """Where a parcel goes. Never printed by accident: only its id is in its repr."""

    id: UUID
    recipient: str = Field(repr=False)
    phone: str = Field(repr=False, description="E.164")
    province: str = Field(repr=False)
    city: str = Field(repr=False)
    district: str = Field(repr=False)
    street: str = Field(repr=False)
    postcode: str = Field(repr=False)
    is_default: bool = Field(repr=False)

    @property
    def place(self) -> str:
        """Province to street in one line, as it is written on a parcel."""
        region = self.province if self.city == self.province else f"{self.province}{self.city}"
        return f"{region}{self.district}{self.street}"


class NewAddress(Command):
    recipient: str = Field(max_length=40, examples=["李雷"])
    phone: str = Field(max_length=40, examples=["13800138000"])
    province: str = Field(max_length=40, examples=["浙江省"])
    city: str = Field(max_length=40, examples=["杭州市"])
    district: str = Field(default="", max_length=40, examples=["西湖区"])
    street: str = Field(max_length=160, examples=["文三路 90 号"])
    postcode: str = Field(default="", max_length=40, examples=["310012"])
    is_default: bool = False

    def fields(self) -> dict[str, str]:
        return self.model_dump(exclude={"is_default"})


class AddressSaved(View):
    """Only a name: what an address says is not repeated in stored answers."""

    id: UUID


class AddressList(View):
    items: tuple[AddressView, ...]


class IdentityView(View):
    """What is known of who somebody is; name and number are masked, and there while they are kept."""

    state: IdentityState
    name: str | None = None
    number: str | None = None
    reason: str = Field(default="", description="Of a refusal: mismatch, no_record, unreadable, taken, withdrawn")
    is_adult: bool | None = None
    asked_at: datetime | None = None
    decided_at: datetime | None = None
    kept_until: datetime | None = None


class NewIdentityCheck(Command):
    name: str = Field(max_length=60, examples=["李雷"])
    number: SecretStr = Field(max_length=40, description="18 characters, as on the identity card")
    agreed: bool = Field(description="The separate consent to have name and number checked")
