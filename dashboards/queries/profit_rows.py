"""The rows behind a period's profit: posted document lines that add up to it, and order lines."""

from dashboards.periods import Period
from dashboards.queries.asking import Tables, answers
from dashboards.queries.lines import Lines
from dashboards.sql import among
from dashboards.sql import limit as at_most


@answers("owner", "buyer", "auditor")
def margin_lines(tables: Tables, period: Period, category: str | None, product: str | None, limit: int | None) -> Lines:
    """Posted document lines of a period by ledger date: their `profit_fen` add up to cm3. Newest first."""
    where, bound = among(category_key=category, product_key=product)
    chosen = f"from fct_margin_lines where ledger_date between ? and ?{where}"
    parameters = [period.first, period.last, *bound]
    whole = tables.rows(f"select count(*) as n, coalesce(sum(profit_fen), 0)::bigint as fen {chosen}", parameters)[0]
    frame = tables.frame(
        f"""with chosen as (select * {chosen} order by effective_at desc, document_line_id desc{at_most(limit)})
        select chosen.effective_at, chosen.ledger_date, i.order_no, p.title_zh, p.title_en, chosen.kind,
            chosen.component, chosen.amount_fen, chosen.profit_fen
        from chosen left join dim_products p using (product_key)
        left join fct_order_items i on i.order_item_id = chosen.order_item_id
        order by chosen.effective_at desc, chosen.document_line_id desc""",
        parameters,
    )
    return Lines(frame, whole["n"], whole["fen"])


@answers("owner", "buyer", "auditor")
def order_lines(tables: Tables, period: Period, category: str | None, product: str | None, limit: int | None) -> Lines:
    """Order lines by order date, each with all it earned so far; `total_fen` is the sum of their cm3. Newest first."""
    where, bound = among(category_key=category, product_key=product)
    chosen = f"from fct_order_items where ordered_date between ? and ?{where}"
    parameters = [period.first, period.last, *bound]
    whole = tables.rows(f"select count(*) as n, coalesce(sum(cm3_fen), 0)::bigint as fen {chosen}", parameters)[0]
    frame = tables.frame(
        f"""with chosen as (select * {chosen} order by ordered_at desc, order_item_id{at_most(limit)})
        select chosen.ordered_at, chosen.order_no, chosen.line_no, p.title_zh, p.title_en, chosen.quantity,
            chosen.gross_sales_fen, chosen.discounts_fen, chosen.refunds_fen, chosen.net_sales_fen,
            chosen.cogs_fen, chosen.cm1_fen, chosen.cm2_fen, chosen.cm3_fen
        from chosen left join dim_products p using (product_key)
        order by chosen.ordered_at desc, chosen.order_item_id""",
        parameters,
    )
    return Lines(frame, whole["n"], whole["fen"])
