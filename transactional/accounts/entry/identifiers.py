"""What somebody types to say who they are: an e-mail address or a mobile telephone number, in one spelling.

Whether anybody has it is not known here.
"""

from dataclasses import dataclass
from typing import Literal

from transactional.accounts.persons import contacts
from transactional.accounts.rules import email_problems
from transactional.errors import FieldProblem, InvalidInputError

Channel = Literal["email", "sms"]
FIELD = "identifier"


@dataclass(frozen=True, slots=True)
class Identifier:
    """`value` is an address as it was typed, or a number in E.164. Personal: never printed by accident."""

    channel: Channel
    value: str

    @property
    def subject(self) -> str:
        """The same for every spelling: what is hashed for allowances and attempts."""
        return f"{self.channel}:{self.value.lower()}"

    @property
    def masked(self) -> str:
        return contacts.masked_email(self.value) if self.channel == "email" else contacts.masked(self.value)

    def __repr__(self) -> str:
        return f"Identifier({self.channel})"


def identified(text: str) -> Identifier:
    """Where a code can be sent. Raises InvalidInputError."""
    text = text.strip()
    if "@" in text:
        if email_problems(text):
            raise InvalidInputError([FieldProblem(FIELD, "This is not an e-mail address.")])
        return Identifier("email", text)
    if not any(character.isdigit() for character in text):
        raise InvalidInputError([FieldProblem(FIELD, "Enter an e-mail address or a mobile phone number.")])
    return Identifier("sms", contacts.parse_phone(text, field=FIELD))


def claimed(text: str) -> Identifier:
    """Like `identified`, but what is neither is an address that nobody has: it is refused as a wrong password is."""
    try:
        return identified(text)
    except InvalidInputError:
        return Identifier("email", text.strip())
