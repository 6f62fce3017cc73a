"""What the public pages of draws say of states, prizes and verdicts. Pure; `_` is the reader's translator."""

from dataclasses import dataclass

from mingsuan.i18n import Translator


@dataclass(frozen=True, slots=True)
class Said:
    """A state in a word and a sentence, and its colour."""

    name: str
    meaning: str
    tone: str = ""


def state_texts(_: Translator) -> dict[str, Said]:
    """By state as people should see it (`showing.SHOWN`)."""
    return {
        "open": Said(_("Taking entries"), _("Entries are being taken."), "good"),
        "closing": Said(_("Closed"), _("No more entries. What is in is now being fixed in the public log.")),
        "closed": Said(_("Closed"), _("No more entries. What is in is now being fixed in the public log.")),
        "committed": Said(
            _("Fixed, waiting"),
            _("All entries are fixed. A public random number that nobody knows yet will decide."),
        ),
        "overdue": Said(
            _("Overdue"),
            _("The deciding number has appeared, and there is no result yet. Anybody may ask for it below."),
            "warn",
        ),
        "late": Said(
            _("Late"),
            _("The result is more than seven days late, so all stakes went back. The draw stands: the prize is owed."),
            "bad",
        ),
        "decided": Said(_("Winners known"), _("The winners are known and can be checked by anybody."), "good"),
        "finished": Said(
            _("Prizes handed over"), _("The prizes are handed over. The draw can still be checked by anybody.")
        ),
        "void": Said(_("Called off"), _("This draw was called off and every stake went back."), "bad"),
    }


def mode_texts(_: Translator) -> dict[str, Said]:
    """By mode: what an entry costs and what becomes of it."""
    return {
        "promotional": Said(
            _("Free to enter"),
            _("Entries are earned or free; they are never sold. Who does not win has lost no money."),
        ),
        "refundable": Said(
            _("Stake comes back"),
            _("Who does not win gets the whole stake back into the wallet."),
        ),
        "paid": Said(
            _("For money"),
            _("Most entries win nothing, and the stake of an entry that does not win is lost."),
        ),
    }


def winner_texts(_: Translator) -> dict[str, str]:
    """By state of a winner."""
    return {
        "notified": _("Not claimed yet"),
        "claimed": _("Claimed, on its way"),
        "delivered": _("Handed over"),
        "forfeited": _("Not claimed in time"),
    }


def kind_texts(_: Translator) -> dict[str, str]:
    """By kind of entry."""
    return {"free": _("Free entry"), "paid": _("Paid entry"), "house": _("The shop’s own entry")}


def source_texts(_: Translator) -> dict[str, str]:
    """By where a chance was earned."""
    return {
        "order": _("From an order"),
        "checkin": _("From checking in"),
        "invitation": _("From an invitation"),
        "free_route": _("Free for everybody"),
    }


def step_texts(_: Translator) -> list[tuple[str, str]]:
    """The checks of docs/draw-bundle.md in their order: code of the fault, and what is checked."""
    return [
        ("FORMAT", _("The file is a whole bundle, and nothing else")),
        ("BROUGHT-KEYS", _("It brings no keys of its own")),
        ("LOG-KEY", _("The public log is signed with the known key")),
        ("NOT-IN-LOG", _("Each statement stands in the log where it should")),
        ("INCONSISTENT", _("Since it was witnessed, the log was only added to")),
        ("SPLIT-VIEW", _("It is the same log that was seen elsewhere")),
        ("BAD-WITNESS", _("The signatures of the witnesses hold")),
        ("SECOND-COMMIT", _("Entries were fixed once, and decided once")),
        ("RULES-CHANGED", _("The rules are those from before the first entry")),
        ("TICKETS-WITHHELD", _("The list of all tickets is there, whole and unchanged")),
        ("GAPS", _("Each number was given exactly once")),
        ("BATCH-ROOT", _("Each second’s entries are those that were logged then")),
        ("ENTRIES-ROOT", _("The entries are those that were fixed")),
        ("KINDS", _("Free, paid and the shop’s own entries are counted rightly")),
        ("CLOSING", _("It closed when it had to, and nothing came in afterwards")),
        ("WRONG-CHAIN", _("The random numbers come from the source that was announced")),
        ("WRONG-ROUND", _("The deciding number is the one that the formula names")),
        ("LATE-COMMIT", _("The entries were fixed before the number could be known")),
        ("BAD-BEACON", _("The random number is genuine")),
        ("WRONG-WINNERS", _("The winners are those that the number picks")),
        ("WRONG-RESERVES", _("The reserves are those that the number picks, none of them the shop’s")),
        ("BAD-OPENING", _("The winning tickets are in the list")),
        ("EARLY-FORFEIT", _("Nobody lost a prize before the time was up")),
        ("WRONG-REPLACEMENT", _("Prizes went to winners or to the next reserve")),
        ("INVALID-VOID", _("It was not called off when the outcome could be known")),
        ("WRONG-RECEIPT", _("Your receipt agrees with the draw")),
    ]


def verdict_texts(_: Translator) -> dict[str, Said]:
    """By verdict that is no fault; a fault says which step failed."""
    return {
        "VALID": Said(
            _("This draw is honest in every step"),
            _(
                "Everything in the bundle was computed again, and it all agrees. That the log holds no second draw for"
                " this prize is shown by reading the whole log: mingsuan verify-log."
            ),
            "good",
        ),
        "VALID-UNTIMED": Said(
            _("All holds, but nobody independent saw it in time"),
            _("No witness saw the entries fixed before the number appeared. They may have been fixed afterwards."),
            "warn",
        ),
        "TEST": Said(
            _("All holds — as a test"),
            _("The random number or the witness is for trying things out. Nothing of value should hang on it."),
        ),
        "OPEN": Said(_("So far all holds"), _("The draw is not decided yet. Check again when it is.")),
        "OVERDUE": Said(
            _("The result is overdue"),
            _("What there is holds, but the number has appeared and the result is missing."),
            "warn",
        ),
        "VOID": Said(_("Called off, and in time"), _("It was called off before its outcome could be known.")),
        "VOID-UNTIMED": Said(
            _("Called off, but nobody independent saw when"),
            _("No witness is known that could have seen it called off before its outcome could be known."),
            "warn",
        ),
    }
