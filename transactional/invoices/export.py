"""Requests for invoices as a table for tax software.

Columns follow the batch form of the electronic tax bureau (电子发票服务平台 · 批量开票导入模板), its two
sheets 发票基本信息 and 发票明细信息 joined on 发票流水号: one row a goods line. Amounts include tax; tax codes and
rates are the taxpayer's own and are filled in there.
"""

from collections.abc import Sequence
from decimal import Decimal

from mingsuan import money
from transactional.backoffice.exports import Cell
from transactional.invoices.schemas import Buyer, GoodsLine, InvoiceView

HEADING = (
    "发票流水号",
    "发票类型",
    "是否含税",
    "受票方自然人标识",
    "购买方名称",
    "购买方纳税人识别号",
    "购买方邮箱",
    "项目名称",
    "商品和服务税收编码",
    "规格型号",
    "单位",
    "数量",
    "单价",
    "金额",
    "税率",
    "备注",
)


def rows(invoice: InvoiceView, buyer: Buyer, lines: Sequence[GoodsLine], currency: str) -> list[list[Cell]]:
    """One row a goods line; a discount is in the line's amount, so no unit price is given: the software divides."""
    serial = invoice.id.hex
    is_person = "是" if buyer.kind == "person" else "否"
    head: list[Cell] = [serial, "普通发票", "是", is_person, buyer.title, buyer.tax_no, buyer.email]
    return [
        [
            *head,
            line.title_zh or line.title_en,
            None,
            line.name_zh or line.name_en,
            None,
            line.quantity,
            None,
            Decimal(money.plain(line.amount_fen, currency)),
            None,
            line.order_no,
        ]
        for line in lines
    ]
