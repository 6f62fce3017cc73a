-- Why profit moved between two periods; the algebra is in docs/decisions/profit-bridge.md. Both ends are included.

-- n ÷ d to the nearest whole number, halves away from zero, for d > 0. Whole numbers only: fen never become floats.
create macro profit_bridge_nearest(n, d) as cast(sign(n) as hugeint) * ((2 * abs(n) + d) // (2 * d));

-- What the earlier period's units come to at the later period's amount per unit; a SKU that was not delivered then
-- keeps its earlier one.
create macro profit_bridge_repriced(earlier_units, earlier_fen, later_units, later_fen) as case
    when earlier_units = 0 then 0
    when later_units = 0 then earlier_fen
    else profit_bridge_nearest(earlier_units * later_fen, later_units)
end;

-- The steps in their order; interactions belong to the earlier one.
create macro profit_bridge_steps() as table
select step_no, step
from (
    values
        (1, 'volume'),
        (2, 'mix'),
        (3, 'list_price'),
        (4, 'discount'),
        (5, 'refunds'),
        (6, 'other_income'),
        (7, 'unit_cost'),
        (8, 'fees'),
        (9, 'delivery_and_losses'),
        (10, 'commissions'),
        (11, 'marketing_and_goodwill'),
        (12, 'prizes')
) as steps (step_no, step);

create macro profit_bridge_by_sku(earlier_from, earlier_until, later_from, later_until) as table
with posted as (

    select
        periods.is_later,
        mart.sku_key,
        mart.product_key,
        sum(mart.delivered_units) as units,
        sum(mart.gross_sales_fen) as list_price,
        sum(mart.discounts_fen) as discount,
        sum(coalesce(mart.cogs_fen, 0)) as unit_cost,
        sum(mart.refunds_fen) as refunds,
        sum(mart.draw_income_fen + mart.membership_income_fen + mart.other_income_fen) as other_income,
        sum(mart.payment_fees_fen) as fees,
        sum(
            mart.delivery_costs_fen + mart.supplier_losses_fen + mart.card_losses_fen + mart.chargebacks_fen
        ) as delivery_and_losses,
        sum(mart.commissions_fen) as commissions,
        sum(mart.marketing_fen + mart.goodwill_fen) as marketing_and_goodwill,
        sum(mart.draw_prizes_fen) as prizes
    from mart_profit_sku_daily as mart
    inner join (
        values
            (false, cast(earlier_from as date), cast(earlier_until as date)),
            (true, cast(later_from as date), cast(later_until as date))
    ) as periods (is_later, from_date, until_date)
        on mart.ledger_date between periods.from_date and periods.until_date
    group by periods.is_later, mart.sku_key, mart.product_key

),

-- A SKU without postings in a period has zeros there.
compared as (

    select
        sku_key,
        product_key,
        sum(case when is_later then 0 else units end) as units_0,
        sum(case when is_later then units else 0 end) as units_1,
        sum(case when is_later then 0 else list_price end) as list_price_0,
        sum(case when is_later then list_price else 0 end) as list_price_1,
        sum(case when is_later then 0 else discount end) as discount_0,
        sum(case when is_later then discount else 0 end) as discount_1,
        sum(case when is_later then 0 else unit_cost end) as unit_cost_0,
        sum(case when is_later then unit_cost else 0 end) as unit_cost_1,
        sum(case when is_later then -refunds else refunds end) as refunds,
        sum(case when is_later then other_income else -other_income end) as other_income,
        sum(case when is_later then -fees else fees end) as fees,
        sum(case when is_later then -delivery_and_losses else delivery_and_losses end) as delivery_and_losses,
        sum(case when is_later then -commissions else commissions end) as commissions,
        sum(case when is_later then -marketing_and_goodwill else marketing_and_goodwill end)
            as marketing_and_goodwill,
        sum(case when is_later then -prizes else prizes end) as prizes
    from posted
    group by sku_key, product_key

),

-- What units brought in each period, and what the earlier units would have brought at each later amount per unit.
repriced as (

    select
        *,
        case when units_0 > 0 then list_price_0 - discount_0 - unit_cost_0 else 0 end as margin_0,
        case when units_1 > 0 then list_price_1 - discount_1 - unit_cost_1 else 0 end as margin_1,
        sum(units_0) over () as all_units_0,
        sum(units_1) over () as all_units_1,
        profit_bridge_repriced(units_0, list_price_0, units_1, list_price_1) as list_price_repriced,
        profit_bridge_repriced(units_0, discount_0, units_1, discount_1) as discount_repriced,
        profit_bridge_repriced(units_0, unit_cost_0, units_1, unit_cost_1) as unit_cost_repriced
    from compared

),

-- The later period's units, fewer or more in proportion until they are as many as the earlier period's.
rescaled as (

    select
        *,
        case
            when all_units_1 = 0 then margin_0
            else profit_bridge_nearest(all_units_0 * margin_1, all_units_1)
        end as margin_rescaled
    from repriced

),

-- Amounts of a SKU without units in a period have no amount per unit and move their own step.
steps as (

    select
        *,
        margin_1 - margin_rescaled as volume,
        margin_rescaled - (list_price_repriced - discount_repriced - unit_cost_repriced) as mix,
        case when units_1 = 0 then list_price_1 else 0 end + list_price_repriced - list_price_0 as list_price,
        discount_0 - discount_repriced - case when units_1 = 0 then discount_1 else 0 end as discount,
        unit_cost_0 - unit_cost_repriced - case when units_1 = 0 then unit_cost_1 else 0 end as unit_cost
    from rescaled

)

select
    steps.sku_key,
    steps.product_key,
    cast(steps.units_0 as bigint) as earlier_units,
    cast(steps.units_1 as bigint) as later_units,
    named.step_no,
    named.step,
    cast(
        case named.step
            when 'volume' then steps.volume
            when 'mix' then steps.mix
            when 'list_price' then steps.list_price
            when 'discount' then steps.discount
            when 'refunds' then steps.refunds
            when 'other_income' then steps.other_income
            when 'unit_cost' then steps.unit_cost
            when 'fees' then steps.fees
            when 'delivery_and_losses' then steps.delivery_and_losses
            when 'commissions' then steps.commissions
            when 'marketing_and_goodwill' then steps.marketing_and_goodwill
            when 'prizes' then steps.prizes
        end as bigint
    ) as amount_fen
from steps
cross join profit_bridge_steps() as named;

create macro profit_bridge_by_product(earlier_from, earlier_until, later_from, later_until) as table
select
    product_key,
    cast(sum(earlier_units) as bigint) as earlier_units,
    cast(sum(later_units) as bigint) as later_units,
    step_no,
    step,
    cast(sum(amount_fen) as bigint) as amount_fen
from profit_bridge_by_sku(earlier_from, earlier_until, later_from, later_until)
group by product_key, step_no, step;

-- One row per step, in order: `profit_before_fen` of the first is the earlier cm3, `profit_after_fen` of the last the
-- later one.
create macro profit_bridge(earlier_from, earlier_until, later_from, later_until) as table
with earlier as (

    select coalesce(sum(cm3_fen), 0) as cm3_fen
    from mart_profit_sku_daily
    where ledger_date between cast(earlier_from as date) and cast(earlier_until as date)

),

summed as (

    select
        named.step_no,
        named.step,
        coalesce(sum(by_sku.amount_fen), 0) as amount_fen
    from profit_bridge_steps() as named
    left join profit_bridge_by_sku(earlier_from, earlier_until, later_from, later_until) as by_sku
        on named.step_no = by_sku.step_no
    group by named.step_no, named.step

),

running as (

    select
        summed.step_no,
        summed.step,
        summed.amount_fen,
        earlier.cm3_fen + sum(summed.amount_fen) over (order by summed.step_no) as profit_after_fen
    from summed
    cross join earlier

)

select
    step_no,
    step,
    cast(amount_fen as bigint) as amount_fen,
    cast(profit_after_fen - amount_fen as bigint) as profit_before_fen,
    cast(profit_after_fen as bigint) as profit_after_fen
from running
order by step_no;
