"""What staff typed into the form of a channel, as the commands of `channels`. Checking it is theirs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.forms import WITHOUT_SUPPLIER, ChannelEdit, NewChannel
from transactional.suppliers.channels.keeping import NewSupplier
from transactional.suppliers.models import Supplier

LONGEST = 2000
MOST_FIELDS = 60
BLANK = {"patience_s": "15", "pull_every_min": "10", "supplier": "new", "terms": "prepaid"}
CREDENTIAL, OPTION = "credential_", "option_"


def typed(form: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a form by field; a file, or what is too long for any of them, is left out."""
    found = {name: value for name, value in form.items() if isinstance(value, str) and len(value) <= LONGEST}
    return dict(list(found.items())[:MOST_FIELDS])


async def supplier_of(session: WriteSession, form: Mapping[str, str], staff_id: int) -> int | None:
    """The supplier that was chosen, or a new one as typed. Raises InvalidInputError, NameTakenError."""
    chosen = form.get("supplier", "")
    if form.get("protocol") in WITHOUT_SUPPLIER or not chosen:
        return None
    if chosen != "new":
        try:
            found = await session.scalar(select(Supplier.id).where(Supplier.public_id == UUID(chosen)))
        except ValueError:
            found = None
        return found
    new = NewSupplier(
        form.get("supplier_name", ""), form.get("supplier_currency", "").strip().upper(), form.get("terms", "")
    )
    try:
        return (await channels.new_supplier(session, new, staff_id)).id
    except InvalidInputError as refusal:
        names = {"name": "supplier_name", "currency": "supplier_currency"}
        found_faults = [
            FieldProblem(names.get(each.place, each.place), each.reason, each.values) for each in refusal.problems
        ]
        raise InvalidInputError(found_faults) from None


def new_channel(form: Mapping[str, str], protocol: str, supplier_id: int | None) -> NewChannel:
    """Raises InvalidInputError for numbers that are none."""
    about = _about(form, protocol)
    return NewChannel(code=form.get("code", "").strip(), protocol=protocol, supplier_id=supplier_id, **about)


def edit(form: Mapping[str, str], protocol: str) -> ChannelEdit:
    """Raises InvalidInputError for numbers that are none."""
    return ChannelEdit(**_about(form, protocol))


def of_row(row: Any) -> dict[str, str]:
    """The form as the channel is; secrets are not in it."""
    return {
        "name": row.name,
        "base_url": row.base_url,
        "regions": " ".join(row.regions),
        "check_on_order": "true" if row.check_on_order else "",
        "patience_s": str(row.patience_s),
        "pull_every_min": f"{row.pull_every_s / 60:g}" if row.pull_every_s else "",
        **{f"{OPTION}{name}": str(value) for name, value in row.options.items()},
    }


def _about(form: Mapping[str, str], protocol: str) -> dict[str, Any]:
    asked = channels.protocol_form(protocol)
    patience, minutes = form.get("patience_s", "").strip() or "15", form.get("pull_every_min", "").strip()
    return {
        "name": form.get("name", ""),
        "base_url": form.get("base_url", "").strip(),
        "credentials": _given(form, CREDENTIAL, [spec.name for spec in asked.credentials]),
        "options": _given(form, OPTION, [spec.name for spec in asked.options]),
        "regions": tuple(form.get("regions", "").replace(",", " ").upper().split()),
        "check_on_order": form.get("check_on_order") == "true",
        "patience_s": int(_number("patience_s", patience)),
        "pull_every_s": round(_number("pull_every_min", minutes) * 60) if minutes else None,
    }


def _given(form: Mapping[str, str], prefix: str, names: list[str]) -> dict[str, str]:
    values = {name: form.get(prefix + name, "").strip() for name in names}
    return {name: value for name, value in values.items() if value}


def _number(field: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 10**6:
        raise InvalidInputError([FieldProblem(field, "Must be a number.")])
    return value
