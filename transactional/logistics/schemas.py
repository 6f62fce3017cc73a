"""What pages and JSON API say of parcels."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from transactional.schemas import View


class ParcelView(View):
    """A parcel; its courier has a name in Chinese and in English. `last_word` is empty where it was not opened."""

    id: UUID
    courier: str = Field(examples=["shunfeng"])
    courier_zh: str
    courier_en: str
    tracking_no: str
    state: str = Field(examples=["in_transit"])
    sent_at: datetime
    last_word: str
    last_event_at: datetime | None
    confirmed_at: datetime | None


class ParcelEvent(View):
    happened_at: datetime
    word: str = Field(description="The courier's own words")


class ParcelDetail(ParcelView):
    """A parcel with what happened to it, newest first."""

    purpose: str
    reference: str = Field(description="The order's number, or the prize's")
    events: tuple[ParcelEvent, ...]
    can_confirm: bool
