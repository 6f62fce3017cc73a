"""What the JSON API of the ways in shows and accepts."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, SecretStr
from typing_extensions import TypeAliasType

from transactional.schemas import Command, View

CodePurpose = TypeAliasType("CodePurpose", Literal["register", "log_in", "reset_password"])
Document = TypeAliasType("Document", Literal["terms", "privacy"])
IDENTIFIER = "E-mail address, or mobile number (with a country code, or of the shop's country)"


class CodeRequest(Command):
    purpose: CodePurpose
    identifier: str = Field(max_length=254, description=IDENTIFIER, examples=["li@example.com"])


class CodeRequested(View):
    flow: str = Field(description="Send it with the code: the code is good only together with it")
    minutes: int = Field(description="How long the code is good")


class NewRegistration(Command):
    identifier: str = Field(max_length=254, description=IDENTIFIER, examples=["li@example.com"])
    flow: str = Field(max_length=100)
    code: str = Field(max_length=20, description="The six digits that were sent", examples=["042137"])
    agreed: tuple[Document, ...] = Field(
        max_length=10, description="Documents that the person has agreed to: both", examples=[["terms", "privacy"]]
    )
    password: SecretStr | None = Field(
        default=None, max_length=1024, description="At least 10 characters; may be left out for a mobile number"
    )
    display_name: str = Field(default="", max_length=80)


class NewSession(Command):
    """Either a password, or a flow and its code."""

    identifier: str = Field(max_length=254, description=IDENTIFIER, examples=["li@example.com"])
    password: SecretStr | None = Field(default=None, max_length=1024)
    flow: str | None = Field(default=None, max_length=100)
    code: str | None = Field(default=None, max_length=20)


class PasswordReset(Command):
    identifier: str = Field(max_length=254, description=IDENTIFIER, examples=["li@example.com"])
    flow: str = Field(max_length=100)
    code: str = Field(max_length=20)
    new_password: SecretStr = Field(max_length=1024, description="At least 10 characters")


class SessionItem(View):
    """A log-in under way."""

    id: UUID
    device: str = Field(description="Browser and system, empty when unknown")
    network: str = Field(description="/24 of IPv4, /48 of IPv6")
    opened_by: str = Field(description="password, code, registration or reset")
    opened_at: datetime
    expires_at: datetime
    is_this: bool = Field(description="The log-in that asks")


class SessionList(View):
    sessions: tuple[SessionItem, ...]
