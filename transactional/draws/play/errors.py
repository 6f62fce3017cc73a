"""What the rules of play refuse, in words for people: each says which rule, and what can be done."""

from transactional.errors import ShopError


class ModeForbiddenError(ShopError):
    type, status = "draw-mode-forbidden", 409
    title = "Not lawful there"
    message = "The rules of this place forbid draws of this kind, whatever can be proven about them."


class ModeOffError(ShopError):
    type, status = "draw-mode-off", 409
    title = "Switched off"
    message = "Draws of this kind are switched off here. Nothing was charged."


class PrizeTooDearError(ShopError):
    type, status = "prize-too-dear", 409
    title = "Prize too dear"
    message = "Under these rules a prize is worth {cap} at most."


class CapUnknownError(ShopError):
    type, status = "prize-cap-in-other-currency", 409
    title = "Largest prize unknown"
    message = "Under these rules a prize has a largest value in {cap_currency}, and this shop reckons in {currency}."


class FreeRouteMissingError(ShopError):
    type, status = "free-route-missing", 409
    title = "No way in for free"
    message = "Under these rules everybody must be able to enter for free, just as easily: say how."


class RulesMissingError(ShopError):
    type, status = "draw-rules-missing", 409
    title = "No rules yet"
    message = "The rules of a draw are published before the first entry and never changed: write them first."


class NotInYourCountryError(ShopError):
    type, status = "draw-not-in-your-country", 403
    title = "Not in your country"
    message = "The rules of your country do not let you take part in this draw. Nothing was charged."


class NotVerifiedAdultError(ShopError):
    type, status = "adults-only-draw", 403
    title = "Adults only"
    message = (
        "This draw is for people of {age} and over whose identity was checked. "
        "Have yours checked in your account first."
    )


class PausedFromPlayError(ShopError):
    type, status = "paused-from-draws", 403
    title = "You paused draws"
    message = "You asked to be kept out of draws until {until}. This cannot be taken back before."


class LimitsFirstError(ShopError):
    type, status = "limits-first", 409
    title = "Set your limits first"
    message = (
        "Before your first stake, say how much you want to spend on draws at most, in your account under “Play safe”."
    )


class OwnLimitError(ShopError):
    type, status = "own-limit-reached", 409
    title = "Your own limit"
    message = "You limited yourself to {limit} within {days} day(s), and {left} of it are left. Nothing was charged."


class LossLimitError(ShopError):
    type, status = "loss-limit-reached", 409
    title = "Your own limit"
    message = "You limited your losses to {limit} within {days} day(s), and {left} of it are left. Nothing was charged."


class CeilingError(ShopError):
    type, status = "stake-ceiling-reached", 409
    title = "The most there is"
    message = (
        "Nobody may stake more than {limit} within {days} day(s) here, and {left} of it are left to you. "
        "Nothing was charged."
    )


class HouseRuleMissingError(ShopError):
    type, status = "house-rule-missing", 409
    title = "Not announced"
    message = "This draw did not announce that the shop itself enters, so it must not."


class SamePersonError(ShopError):
    type, status = "second-person-needed", 409
    title = "A second person is needed"
    message = "Whoever asked for it cannot confirm it: somebody else must."


class NewMemberError(ShopError):
    type, status = "member-too-new", 409
    title = "Too new for this"
    message = "Whoever was added less than {days} days ago cannot take part in switching a kind of draw on."


class OpinionMissingError(ShopError):
    type, status = "opinion-missing", 409
    title = "No valid legal opinion"
    message = "Record a legal opinion on this kind of draw first; the one on record is missing or has expired."


class SwitchDecidedError(ShopError):
    type, status = "switch-decided", 409
    title = "Already decided"
    message = "This request was confirmed, withdrawn or overtaken; nothing was changed."
