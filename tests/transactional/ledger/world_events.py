"""Everything that can happen to a `World`, each with the postings that the rules make of it.

An event takes two numbers and a switch from the test and does nothing where it cannot happen.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from mingsuan.money import split
from tests.transactional.ledger.world import Code, Owed, Purchase, Unit, World
from transactional.ledger import gateway_rules, other_rules, rules, stock_rules, supplier_rules
from transactional.ledger.rules import Account, Delivered, Posting

AT = datetime(2026, 1, 2, 3, tzinfo=UTC)
METHODS = ("wallet", "wechat", "alipay", "unionpay", "bank")
GATEWAYS = METHODS[1:4]
Event = Callable[[World, int, int, bool], list[Posting]]
Thing = TypeVar("Thing")


def pick(things: Sequence[Thing], number: int) -> Thing | None:
    return things[number % len(things)] if things else None


def codes_come_in(world: World, a: int, b: int, paid: bool) -> list[Posting]:
    costs = split(b, [1] * (a % 4 + 1))
    world.codes += [Code(cost) for cost in costs]
    number = next(world.numbers)
    if not paid:
        world.payable += b
        return [rules.codes_bought(number, b, AT)]
    world.cash -= b
    return [rules.codes_bought(number, b, AT), rules.batch_paid(number, b, AT)]


def money_to_wallet(world: World, a: int, b: int, goodwill: bool) -> list[Posting]:
    customer, number = a % 3, next(world.numbers)
    world.wallets[customer] += b
    if a % 2:
        world.gateway += b
        return [gateway_rules.wallet_topped_up(number, customer, "wechat", b, AT)]
    world.cash += 0 if goodwill else b
    return [rules.wallet_credited(str(number), customer, b, "goodwill" if goodwill else "bank", AT)]


def money_from_wallet(world: World, a: int, b: int, lapses: bool) -> list[Posting]:
    customer = a % 3
    amount, reference = min(b, world.wallets[customer]), str(next(world.numbers))
    world.wallets[customer] -= amount
    if lapses:
        return [gateway_rules.balance_lapsed(reference, customer, amount, AT)]
    withdrawal = Owed(int(reference), amount, customer)
    world.withdrawals.append(withdrawal)
    return [gateway_rules.withdrawal_requested(withdrawal.number, customer, amount, AT)]


def withdrawal_ends(world: World, a: int, b: int, by_bank: bool) -> list[Posting]:
    withdrawal = pick(world.withdrawals, a)
    if withdrawal is None:
        return []
    world.withdrawals.remove(withdrawal)
    about = (withdrawal.number, withdrawal.customer)
    if b % 3 == 0:
        world.wallets[withdrawal.customer] += withdrawal.amount
        return [gateway_rules.withdrawal_returned(*about, withdrawal.amount, AT)]
    method = "bank" if by_bank else "alipay"
    world.money(method, withdrawal.customer, -withdrawal.amount)
    return [gateway_rules.withdrawal_paid(*about, method, withdrawal.amount, AT)]


def order_is_paid(world: World, a: int, b: int, with_membership: bool) -> list[Posting]:
    customer, method, order = a % 3, METHODS[a % 5], next(world.numbers)
    bought = _bought(world, customer, method, order, (a % 3 + 1, b, with_membership))
    net, membership = (sum(each.net for each in bought if each.is_membership or not only) for only in (False, True))
    if method == "wallet" and net > world.wallets[customer]:
        return []
    world.units += bought
    world.money(method, customer, net)
    paid = rules.order_paid(order, order, customer, method, net, AT, membership)
    if method not in GATEWAYS:
        return [paid]
    fees = split(net * 6 // 1000, [unit.net for unit in bought])
    world.gateway -= sum(fees)
    shares = [(unit.item, fee) for unit, fee in zip(bought, fees, strict=True)]
    return [paid, rules.fee_charged(order, order, customer, shares, AT)]


def _bought(world: World, customer: int, method: str, order: int, wanted: tuple[int, int, bool]) -> list[Unit]:
    units, gross, with_membership = wanted
    grosses = split(gross, [1] * units)
    discounts = split(gross // 10, grosses)
    return [
        Unit(next(world.numbers), order, next(world.numbers), customer, method, *amounts, with_membership and not at)
        for at, amounts in enumerate(zip(grosses, discounts, strict=True))
    ]


def unit_is_delivered(world: World, a: int, b: int, by_supplier: bool) -> list[Posting]:
    unit = pick([each for each in world.units if not each.delivered and each.unearned == each.net], a)
    if unit is None:
        return []
    if unit.is_membership:
        unit.delivered = True
        return []
    purchase = pick([each for each in world.purchases if each.state == "open"], b) if by_supplier else None
    code = None if purchase else pick([each for each in world.codes if each.state == "available"], b)
    if not (purchase or code):
        return []
    unit.delivered, unit.code = True, code
    if purchase:
        purchase.state = "delivered"
    elif code:
        code.state = "delivered"
    cost = purchase.cost if purchase else code.cost if code else None
    source = Account.PURCHASES_IN_FLIGHT if purchase else Account.CARD_INVENTORY
    return [rules.item_delivered(_as_delivered(unit, cost, source))]


def _as_delivered(unit: Unit, cost: int | None = None, source: Account = Account.CARD_INVENTORY) -> Delivered:
    about = (unit.number, unit.item, unit.order, unit.customer)
    return Delivered(*about, unit.gross, unit.discount, cost, AT, source)


def membership_is_earned(world: World, a: int, b: int, _: bool) -> list[Posting]:
    unit = pick([each for each in world.units if each.is_membership and each.delivered and each.unearned], a)
    if unit is None:
        return []
    amount, before = min(b % 500 + 1, unit.unearned), unit.released
    unit.released += amount
    return [other_rules.membership_released(unit.number, before, amount, unit.customer, unit.item, AT)]


def refund_is_granted(world: World, a: int, b: int, whole: bool) -> list[Posting]:
    unit = pick([each for each in world.units if each.net > each.taken_back], a)
    if unit is None:
        return []
    left = unit.net - unit.taken_back
    amount = left if whole or not unit.delivered else b % left + 1
    unearned = min(amount, unit.unearned)
    unit.taken_back += amount
    unit.unearned_back += unearned
    account = Account.UNEARNED_MEMBERSHIP if unit.is_membership else Account.UNEARNED_SALES
    postings = []
    for part, earned in ((unearned, False), (amount - unearned, True)):
        if part:
            refund = Owed(next(world.numbers), part, unit.customer, unit.method, unit.order)
            world.refunds.append(refund)
            postings.append(rules.refund_granted(refund.number, _as_delivered(unit), part, earned, AT, account))
    return postings


def refund_is_paid(world: World, a: int, _: int, to_wallet: bool) -> list[Posting]:
    refund = pick(world.refunds, a)
    if refund is None:
        return []
    world.refunds.remove(refund)
    method = "wallet" if to_wallet else refund.method
    world.money(method, refund.customer, -refund.amount)
    return [rules.refund_paid_out(refund.number, refund.done, refund.customer, method, refund.amount, AT)]


def money_is_charged_back(world: World, a: int, b: int, _: bool) -> list[Posting]:
    unit = pick([each for each in world.units if each.method in GATEWAYS and each.net > each.taken_back], a)
    if unit is None:
        return []
    amount, fee = unit.net - unit.taken_back, b % 50
    unearned = min(amount, unit.unearned)
    unit.taken_back += amount
    unit.unearned_back += unearned
    world.gateway -= amount + fee
    parts = [(unit.item, unit.number, unearned, False), (unit.item, unit.number, amount - unearned, True)]
    number, memberships = next(world.numbers), {unit.number} if unit.is_membership else set()
    return [gateway_rules.charged_back(number, unit.order, unit.customer, parts, fee, AT, memberships)]


def fee_is_corrected(world: World, a: int, b: int, returned: bool) -> list[Posting]:
    unit = pick([each for each in world.units if each.method in GATEWAYS], a)
    if unit is None:
        return []
    difference = -(b % 20) if returned else b % 20
    world.gateway -= difference
    reference = f"bill:{next(world.numbers)}"
    return [gateway_rules.fee_corrected(reference, unit.order, unit.customer, [(unit.item, difference)], AT)]


def money_fits_nowhere(world: World, a: int, b: int, _: bool) -> list[Posting]:
    receipt = Owed(next(world.numbers), b + 1, a % 3, GATEWAYS[a % 3])
    world.receipts.append(receipt)
    world.gateway += receipt.amount
    return [gateway_rules.receipt_unapplied(receipt.number, receipt.method, receipt.amount, AT)]


def receipt_is_settled(world: World, a: int, b: int, applied: bool) -> list[Posting]:
    receipt = pick(world.receipts, a)
    if receipt is None:
        return []
    world.receipts.remove(receipt)
    about = (receipt.number, receipt.amount)
    if not applied:
        world.gateway -= receipt.amount
        return [gateway_rules.receipt_returned(receipt.number, receipt.method, receipt.amount, AT)]
    numbers = (next(world.numbers), receipt.number, next(world.numbers))
    unit = Unit(*numbers, receipt.customer, receipt.method, receipt.amount, 0, bool(b % 2))
    world.units.append(unit)
    membership = unit.net if unit.is_membership else 0
    return [gateway_rules.receipt_applied(about[0], unit.order, receipt.customer, about[1], AT, membership)]


def profit_is_shared(world: World, a: int, b: int, back: bool) -> list[Posting]:
    if back:
        share = pick(world.shares, a)
        if share is None:
            return []
        world.shares.remove(share)
        world.gateway += share.amount
        return [gateway_rules.profit_share_returned(share.number, 1, [(1, share.amount)], AT)]
    share = Owed(next(world.numbers), b % 1000, 0)
    world.shares.append(share)
    world.gateway -= share.amount
    return [gateway_rules.profit_shared(share.number, 1, [(1, share.amount)], AT)]


def gateway_pays_out(world: World, _a: int, b: int, _: bool) -> list[Posting]:
    amount = min(b, max(world.gateway, 0))
    world.gateway -= amount
    world.cash += amount
    return [gateway_rules.gateway_settled(next(world.numbers), amount, AT)]


def code_is_lost(world: World, a: int, b: int, replaces: bool) -> list[Posting]:
    code = pick([each for each in world.codes if each.state == "available"], a)
    if code is None:
        return []
    code.state = "lost"
    unit = pick([each for each in world.units if each.code], b) if replaces else None
    about = (unit.item, unit.number, unit.customer) if unit else None
    return [stock_rules.code_lost(f"lost:{next(world.numbers)}", code.cost, AT, about)]


def supplier_credits(world: World, _a: int, b: int, prepaid: bool) -> list[Posting]:
    world.supplier(prepaid, -b)
    return [stock_rules.batch_credited(next(world.numbers), b, AT, prepaid)]


def cost_is_corrected(world: World, a: int, b: int, up: bool) -> list[Posting]:
    difference = b % 50 if up else -(b % 50)
    in_stock = [each for each in world.codes if each.state == "available" and each.cost + difference >= 0]
    for code in in_stock:
        code.cost += difference
    sold = [(each.item, each.number, each.customer, difference) for each in world.units if each.code][: a % 3]
    lost = difference * (a % 2)
    world.payable += difference * (len(in_stock) + len(sold)) + lost
    number = next(world.numbers)
    return [stock_rules.batch_cost_corrected(number, difference * len(in_stock), lost, sold, AT)]


def supplier_is_paid(world: World, _a: int, b: int, ahead: bool) -> list[Posting]:
    world.cash -= b
    world.supplier(ahead, -b)
    pay = supplier_rules.prepaid_topped_up if ahead else supplier_rules.statement_paid
    return [pay(next(world.numbers), b, AT)]


def purchase_is_submitted(world: World, _a: int, b: int, prepaid: bool) -> list[Posting]:
    purchase = Purchase(next(world.numbers), b, prepaid)
    world.purchases.append(purchase)
    world.supplier(prepaid, b)
    return [supplier_rules.purchase_submitted(purchase.number, b, prepaid, AT)]


def purchase_ends(world: World, a: int, b: int, _: bool) -> list[Posting]:
    purchase = pick([each for each in world.purchases if each.state == "open"], a)
    if purchase is None:
        return []
    about = (purchase.number, purchase.cost)
    purchase.state = ("failed", "written off", "to stock")[b % 3]
    if purchase.state == "failed":
        world.supplier(purchase.prepaid, -purchase.cost)
        return [supplier_rules.purchase_failed(*about, purchase.prepaid, AT)]
    if purchase.state == "written off":
        return [supplier_rules.purchase_written_off(*about, None, AT)]
    world.codes.append(Code(purchase.cost))
    return [supplier_rules.purchase_succeeded_after_refund(*about, AT)]


def written_off_purchase_is_heard_of(world: World, a: int, _b: int, failed: bool) -> list[Posting]:
    purchase = pick([each for each in world.purchases if each.state == "written off"], a)
    if purchase is None:
        return []
    purchase.state = "heard of"
    if failed:
        world.supplier(purchase.prepaid, -purchase.cost)
        return [supplier_rules.written_off_purchase_failed(purchase.number, purchase.cost, purchase.prepaid, None, AT)]
    world.codes.append(Code(purchase.cost))
    return [supplier_rules.written_off_purchase_delivered(purchase.number, purchase.cost, None, AT)]


def purchase_costs_another_amount(world: World, a: int, b: int, more: bool) -> list[Posting]:
    purchase = pick([each for each in world.purchases if each.state == "open" and not each.is_priced], a)
    if purchase is None:
        return []
    difference = b % 90 + 1 if more else -min(b % 90 + 1, purchase.cost)
    purchase.cost, purchase.is_priced = purchase.cost + difference, True
    world.supplier(purchase.prepaid, difference)
    return [supplier_rules.purchase_cost_settled(purchase.number, difference, purchase.prepaid, AT)]


def supplier_makes_good(world: World, a: int, b: int, credits_code: bool) -> list[Posting]:
    """A credit for a bad code, or a line of the supplier's statement that the shop accepts."""
    number, prepaid = next(world.numbers), a % 2 == 0
    if credits_code:
        world.supplier(prepaid, -b)
        return [supplier_rules.purchase_credited(number, b, prepaid, None, AT)]
    difference = b % 100 - 50
    world.supplier(prepaid, difference)
    return [supplier_rules.statement_difference_accepted(number, difference, prepaid, None, AT)]


def exchange_differs(world: World, _a: int, b: int, prepaid: bool) -> list[Posting]:
    loss = b % 100 - 50
    world.supplier(prepaid, loss)
    return [supplier_rules.exchange_difference(next(world.numbers), loss, prepaid, AT)]


def slot_is_sold_or_earned(world: World, a: int, b: int, earned: bool) -> list[Posting]:
    if earned:
        slot = pick(world.slots, a)
        amount = min(b, slot.amount - slot.done) if slot else 0
        if slot:
            slot.done += amount
        return [other_rules.slot_released(str(next(world.numbers)), amount, AT)]
    slot = Owed(next(world.numbers), b, a % 3)
    world.slots.append(slot)
    world.gateway += b
    return [other_rules.slot_sold(str(slot.number), slot.customer, "alipay", b, AT)]


def commission_is_earned_or_lost(world: World, a: int, b: int, back: bool) -> list[Posting]:
    if back:
        commission = pick(world.commissions, a)
        if commission is None:
            return []
        world.commissions.remove(commission)
        about = (commission.number, commission.customer, None, commission.amount)
        return [other_rules.commission_clawed_back(*about, AT)]
    commission = Owed(next(world.numbers), b, a % 3)
    world.commissions.append(commission)
    return [other_rules.commission_earned(commission.number, commission.customer, None, b, AT)]


def money_is_spent(world: World, _a: int, b: int, on_courier: bool) -> list[Posting]:
    world.cash -= b
    number = next(world.numbers)
    return [other_rules.courier_paid(number, b, None, AT) if on_courier else other_rules.advertised(number, b, AT)]


def stake_is_taken(world: World, a: int, b: int, by_wallet: bool) -> list[Posting]:
    customer, method = a % 3, "wallet" if by_wallet else "wechat"
    amount = min(b, world.wallets[customer]) if by_wallet else b
    stake = Owed(next(world.numbers), amount, customer)
    world.stakes.append(stake)
    world.money(method, customer, amount)
    return [other_rules.stake_taken(stake.number, customer, method, amount, AT)]


def stakes_are_settled(world: World, a: int, b: int, _: bool) -> list[Posting]:
    if b % 3 == 0:
        total = sum(each.amount for each in world.stakes)
        world.stakes.clear()
        return [other_rules.draw_decided(next(world.numbers), total, AT)]
    stake = pick(world.stakes, a)
    if stake is None:
        return []
    world.stakes.remove(stake)
    if b % 3 == 1:
        world.wallets[stake.customer] += stake.amount
        return [other_rules.stake_returned(stake.number, stake.customer, stake.amount, AT)]
    order = next(world.numbers)
    unit = Unit(next(world.numbers), order, order, stake.customer, "bank", stake.amount, 0, is_membership=False)
    world.units.append(unit)
    return [other_rules.stake_set_off(stake.number, order, stake.customer, stake.amount, AT)]


def prize_is_handed_over(world: World, a: int, b: int, from_stock: bool) -> list[Posting]:
    number = next(world.numbers)
    if not from_stock:
        world.cash -= b
        return [other_rules.prize_handed_over(number, b, False, AT)]
    code = pick([each for each in world.codes if each.state == "available"], a)
    if code is None:
        return []
    code.state = "prize"
    return [other_rules.prize_handed_over(number, code.cost, True, AT)]


EVENTS: tuple[Event, ...] = (
    codes_come_in,
    money_to_wallet,
    money_from_wallet,
    withdrawal_ends,
    order_is_paid,
    unit_is_delivered,
    membership_is_earned,
    refund_is_granted,
    refund_is_paid,
    money_is_charged_back,
    fee_is_corrected,
    money_fits_nowhere,
    receipt_is_settled,
    profit_is_shared,
    gateway_pays_out,
    code_is_lost,
    supplier_credits,
    cost_is_corrected,
    supplier_is_paid,
    purchase_is_submitted,
    purchase_costs_another_amount,
    purchase_ends,
    written_off_purchase_is_heard_of,
    supplier_makes_good,
    exchange_differs,
    slot_is_sold_or_earned,
    commission_is_earned_or_lost,
    money_is_spent,
    stake_is_taken,
    stakes_are_settled,
    prize_is_handed_over,
)
