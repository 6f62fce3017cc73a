"""What the JSON API says of notices."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class NoticeFact(BaseModel):
    label: str
    value: str


class NoticeView(BaseModel):
    id: UUID
    kind: str = Field(examples=["delivered"])
    title: str
    text: str
    facts: tuple[NoticeFact, ...]
    link: str = Field(description="Path of the page that it leads to")
    told_at: datetime
    is_read: bool


class NoticeList(BaseModel):
    notices: tuple[NoticeView, ...]
    unread: int = Field(description="How many the customer has not read, on all pages")


class Unread(BaseModel):
    unread: int
