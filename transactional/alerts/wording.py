"""Alerts in words: by kind, a title and what happened, filled from the alert's detail. Pure.

A slice that raises a new kind adds its words here; a kind without words is told by its name.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from mingsuan import money
from mingsuan.i18n import Translator

PLACES = {
    "offer": "/desk/offers/{}",
    "channel": "/desk/channels/{}",
    "purchase": "/desk/purchases/{}",
    "supplier": "/desk/suppliers/{}",
    "statement": "/desk/statements/{}",
    "currency": "/desk/rates",
    "fulfilment": "/desk/purchases/held",
    "draw": "/desk/draws/{}",
}
"""Where a subject such as "offer:019a…" can be looked at."""


def kind_texts(_: Translator) -> dict[str, tuple[str, str]]:
    """By kind: the title, and what happened; braces are filled from the detail, sums are `*_fen` there."""
    return {
        "cost_inversion": (
            _("{sku} costs too much at {channel}"),
            _("{channel} now asks {cost_fen}; sold at {price_fen}, it has to earn {floor_fen} at least."),
        ),
        "offer_quarantined": (
            _("{sku} is not bought from {channel}: its cost is not believed"),
            _("{reason} Look at the offer and accept the cost, or wait for another one."),
        ),
        "channel_unreachable": (
            _("{channel} does not answer"),
            _("Its offers could not be brought up to date {failures} times in a row: {problem}"),
        ),
        "low_balance": (
            _("Little is left with {name}"),
            _("{prepaid_fen} lies there; a deposit is due below {low_balance_fen}."),
        ),
        "statement_unreadable": (
            _("A statement of {code} was refused"),
            _("The file {file} was not stored: {why} Ask the supplier for another one, or upload it mended."),
        ),
        "channel_silent": (
            _("Nothing is bought over {code} for a while"),
            _("{failures} purchases in a row had no answer that can be trusted; one is tried after {minutes} minutes."),
        ),
        "purchase_unclear": (
            _("Purchase {request_no} has no end yet"),
            _("{cost_fen} are set aside and the supplier does not say what became of it. Ask it, or write it off."),
        ),
        "units_held": (
            _("A unit of order {order_no} is on hold"),
            _("It is paid for, and no channel may supply it now; it is tried again by itself."),
        ),
        "sold_before": (
            _("Purchase {request_no} brought a code that was sold before"),
            _("{cost_fen} were charged for it. The order gets another one; claim the money back."),
        ),
        "purchase_contradicted": (
            _("A supplier says the opposite about purchase {request_no}"),
            _("It ended as {state} and is now called {said}; {cost_fen} depend on it. Settle it by the statement."),
        ),
        "purchase_to_refunded": (
            _("Purchase {request_no} reached an order whose money went back"),
            _("{cost_fen} are lost."),
        ),
        "purchase_not_ours": (
            _("A callback of {code} names a purchase that is not the shop's"),
            _("Its number is {request_no}. Somebody else may be buying over this account."),
        ),
        "rate_missing": (
            _("There is no exchange rate of {currency}"),
            _("Offers in {currency} cannot be compared and nothing is bought by them until there is one."),
        ),
        "rate_stale": (
            _("The exchange rate of {currency} is old"),
            _("The newest is of {rate_date}. Costs are computed by it until there is a newer one."),
        ),
        "draw_not_committed": (
            _("Draw {number} has closed and is not committed"),
            _("No relay of the beacon answers, or the log stands still. “{title}” has to be committed in time."),
        ),
        "draw_overdue": (
            _("Draw {number} has no result"),
            _("The beacon's round is due and no relay tells it. “{title}” waits; nothing may take the round's place."),
        ),
        "draw_committed_late": (
            _("Draw {number} was committed too late"),
            _("The shop was down when “{title}” had closed. It goes on, but every verifier will say so."),
        ),
        "draw_contradicted": (
            _("Draw {number} is not what the public log says"),
            _("The books of “{title}” are older than the log, after a restore. It is not decided; look at both."),
        ),
        "draw_clock_ahead": (
            _("Draw {number} is ahead of the clock"),
            _("The last entry of “{title}” lies {seconds} s in the future: a clock was wrong. It takes none now."),
        ),
        "draw_lost": (
            _("Draw {number} is in the public log and not in the books"),
            _("It was opened after the backup that was restored. Its number stays taken, for everybody to see."),
        ),
        "log_stands_still": (
            _("The public log of draws stands still"),
            _("{problem} Nothing is signed until that is mended; draws take entries, but none is decided."),
        ),
    }


def severity_texts(_: Translator) -> dict[str, str]:
    return {"info": _("Note"), "warning": _("Warning"), "critical": _("Critical")}


def sink_texts(_: Translator) -> dict[str, str]:
    return {"log": _("Log"), "email": _("E-mail"), "webhook": _("Webhook")}


def outcome_texts(_: Translator) -> dict[str, str]:
    return {"told": _("Told"), "refused": _("Not told"), "unknown": _("Unclear whether it was told")}


def reason_texts(_: Translator) -> dict[str, str]:
    """Why an offer is not bought by."""
    return {
        "no_cost": _("The supplier names no cost."),
        "zero_cost": _("The supplier names a cost of zero."),
        "jump": _("The cost is more than ten times what it was, or less than a tenth."),
        "currency_changed": _("The currency changed, and no rates compare it."),
        "not_on_sale": _("The supplier does not sell it now."),
        "by_staff": _("Withdrawn by staff."),
        "new": _("Nothing was heard of it yet."),
    }


def title_of(kind: str, detail: Mapping[str, Any], currency: str, _: Translator) -> str:
    """What an alert is about, in a line."""
    known = kind_texts(_).get(kind)
    return _filled(known[0], detail, currency, _) if known else kind


def text_of(kind: str, detail: Mapping[str, Any], currency: str, _: Translator) -> str:
    """What happened, in a sentence; empty for a kind without words."""
    known = kind_texts(_).get(kind)
    return _filled(known[1], detail, currency, _) if known else ""


def place_of(subject: str) -> str:
    """The desk's page about a subject; empty when there is none."""
    kind, _, name = subject.partition(":")
    plain = name.replace("-", "").isalnum() and name.isascii()
    return PLACES[kind].format(name) if kind in PLACES and plain else ""


def _filled(sentence: str, detail: Mapping[str, Any], currency: str, _: Translator) -> str:
    reasons = reason_texts(_)
    values: dict[str, str] = defaultdict(lambda: "–")
    for name, value in detail.items():
        if name.endswith("_fen") and isinstance(value, int):
            values[name] = money.text(value, currency)
        else:
            values[name] = reasons.get(str(value), str(value)) if name == "reason" else str(value)
    return sentence.format_map(values)
