"""What the states of invoices are called and mean. Pure; `_` is the reader's translator."""

from dataclasses import dataclass

from mingsuan.i18n import Translator


@dataclass(frozen=True, slots=True)
class Standing:
    name: str
    tone: str
    meaning: str


def invoice_states(_: Translator) -> dict[str, Standing]:
    """By state."""
    return {
        "requested": Standing(_("Invoice asked for"), "warn", _("It is being issued. You are told when it is there.")),
        "issued": Standing(_("Invoice issued"), "good", _("It is issued and can be downloaded here.")),
        "refused": Standing(_("Refused"), "bad", _("It was not issued. You can ask again.")),
        "red_flushed": Standing(
            _("Cancelled by a red invoice"),
            "",
            _("Orders were refunded, so it was cancelled. The rest can be invoiced anew."),
        ),
    }


def kind_names(_: Translator) -> dict[str, str]:
    """By kind of title."""
    return {"person": _("Person"), "company": _("Company or organisation")}
