"""The day's bill as simulated Alipay writes it: a zip with the list (业务明细) and the summary, in GBK, with tabs."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from simulation.gateways import alipay_words as words
from simulation.gateways.entries import BillEntry
from simulation.gateways.keys import ALIPAY_SELLER_ID

ACCOUNT = f"{ALIPAY_SELLER_ID}0156"
COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
LIST = "#-----------------------------------------业务明细列表----------------------------------------"
LIST_END = "#-----------------------------------------业务明细列表结束------------------------------------"


def packed(entries: Sequence[BillEntry], day: date, now: datetime) -> bytes:
    name = f"{ACCOUNT}_{day:%Y%m%d}_业务明细"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.csv", _list(entries, day, now).encode("gbk"))
        archive.writestr(f"{name}(汇总).csv", _summary(entries, day).encode("gbk"))
    return buffer.getvalue()


def _list(entries: Sequence[BillEntry], day: date, now: datetime) -> str:
    until = day + timedelta(days=1)
    paid = [e.amount_fen for e in entries if e.kind == "payment"]
    back = [-e.amount_fen for e in entries if e.kind == "refund"]
    lines = [
        "#支付宝业务明细查询",
        f"#账号：[{ACCOUNT}]",
        f"#起始日期：[{_midnight(day)}]   终止日期：[{_midnight(until)}]",
        LIST,
        COLUMNS,
        *(_row(entry) for entry in entries),
        LIST_END,
        f"#交易合计：{len(paid)}笔，商家实收共{words.yuan(sum(paid))}元，商家优惠共0.00元",
        f"#退款合计：{len(back)}笔，商家实收退款共{words.yuan(sum(back))}元，商家优惠退款共0.00元",
        f"#导出时间：[{now.astimezone(words.BEIJING):%Y年%m月%d日 %H:%M:%S}]",
    ]
    return "\r\n".join(lines) + "\r\n"


def _row(entry: BillEntry) -> str:
    trade = entry.trade
    amount = words.yuan(entry.amount_fen if entry.kind == "payment" else -entry.amount_fen)
    title = trade.title.replace(",", "，").replace('"', "”")
    cells = [
        f"{trade.gateway_trade_no}\t",
        f"{trade.out_trade_no}\t",
        ("交易" if entry.kind == "payment" else "退款") + "\t",
        title.encode("gbk", "replace").decode("gbk"),
        words.written(trade.created_at),
        words.written(entry.happened_at),
        *(["\t"] * 4),
        "*模拟(138****00)\t",
        amount,
        amount,
        *(["0.00"] * 5),
        "",
        "0.00\t",
        "0.00",
        f"{entry.refund.out_refund_no if entry.refund else ''}\t",
        words.yuan(-entry.fee_fen),
        "0.00",
        "",
    ]
    return ",".join(cells)


def _summary(entries: Sequence[BillEntry], day: date) -> str:
    total = sum(e.amount_fen if e.kind == "payment" else -e.amount_fen for e in entries)
    fees = -sum(e.fee_fen for e in entries)
    return "\r\n".join(
        (
            "#支付宝业务汇总查询",
            f"#账号：[{ACCOUNT}]",
            f"#起始日期：[{_midnight(day)}]",
            "#-----------------------------------------业务汇总列表----------------------------------------",
            "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,服务费（元）,实收净额（元）",
            f"合计\t,,{sum(e.kind == 'payment' for e in entries)},{sum(e.kind == 'refund' for e in entries)},"
            f"{words.yuan(total)},{words.yuan(fees)},{words.yuan(total + fees)}",
            "#----------------------------------------业务汇总列表结束-------------------------------------",
        )
    )


def _midnight(day: date) -> str:
    return f"{day:%Y年%m月%d日} 00:00:00"
