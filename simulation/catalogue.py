"""What the simulated shop sells: four categories, twelve products, forty SKUs. All brands are invented."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    slug: str
    zh: str
    en: str
    weight: float
    tutorial_zh: str
    tutorial_en: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A SKU: its code, names and first list price in fen."""

    code: str
    zh: str
    en: str
    price_fen: int


@dataclass(frozen=True, slots=True)
class Product:
    """`cost_permille`: what the shop pays at first, per mille of the list price."""

    category: str
    slug: str
    zh: str
    en: str
    about_zh: str
    about_en: str
    supplier: str
    cost_permille: int
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Sku:
    """A variant with its product, as the simulation uses it."""

    product: Product
    variant: Variant
    weight: float


CATEGORIES = (
    Category(
        "video",
        "视频会员",
        "Video memberships",
        0.34,
        "1. 在本店「我的权益」中查看卡密。\n"
        "2. 打开{zh}的应用，进入「我的 → 兑换中心」。\n"
        "3. 输入卡密并确认，会员立即生效。",
        "1. Reveal the code under “My benefits”.\n2. Open the {en} app and go to Me → Redeem.\n"
        "3. Enter the code and confirm; the membership starts at once.",
    ),
    Category(
        "games",
        "游戏点卡",
        "Game points",
        0.30,
        "1. 在本店「我的权益」中查看卡密。\n"
        "2. 登录{zh}充值页，选择正确的区服与角色。\n"
        "3. 输入卡密，点数即时到账；到账后无法撤回。",
        "1. Reveal the code under “My benefits”.\n2. Log in to the top-up page of {en}; choose server and character.\n"
        "3. Enter the code. Points arrive at once and cannot be taken back.",
    ),
    Category(
        "mobile",
        "话费流量",
        "Mobile top-ups",
        0.22,
        "1. 在本店「我的权益」中查看充值密码。\n"
        "2. 在{zh}的应用或热线中选择「充值卡充值」。\n"
        "3. 输入手机号与充值密码，一般一分钟内到账。",
        "1. Reveal the code under “My benefits”.\n2. In the {en} app or hotline choose “Top up by card”.\n"
        "3. Enter the phone number and the code; it usually arrives within a minute.",
    ),
    Category(
        "gifts",
        "礼品卡与软件",
        "Gift cards and software",
        0.14,
        "1. 在本店「我的权益」中查看激活码。\n"
        "2. 登录{zh}账户，打开「兑换 / 激活」。\n"
        "3. 输入激活码；请勿把激活码转发给他人。",
        "1. Reveal the code under “My benefits”.\n2. Log in to your {en} account and open Redeem / Activate.\n"
        "3. Enter the code, and do not pass it on.",
    ),
)


def _durations(code: str, month: int, quarter: int, year: int) -> tuple[Variant, ...]:
    return (
        Variant(f"{code}-30D", "月卡（30 天）", "30 days", month),
        Variant(f"{code}-90D", "季卡（90 天）", "90 days", quarter),
        Variant(f"{code}-365D", "年卡（365 天）", "365 days", year),
    )


def _values(code: str, *yuan: int) -> tuple[Variant, ...]:
    return tuple(Variant(f"{code}-{value}", f"{value} 元面值", f"¥{value} face value", value * 100) for value in yuan)


PRODUCTS = (
    Product(
        "video", "yunxiu-video", "云岫影视会员", "Yunxiu Video",
        "电影与剧集全库高清观看，支持手机、平板与电视。",
        "Films and series in full HD on phone, tablet and television.",
        "禾木数字", 880, _durations("YX-V", 2200, 6300, 22800),
    ),
    Product(
        "video", "starcurtain", "星幕剧社会员", "Star Curtain Theatre",
        "话剧、音乐会与脱口秀直播，每周上新。", "Plays, concerts and stand-up, streamed live, new every week.",
        "禾木数字", 865, _durations("XM-T", 1800, 5000, 17800),
    ),
    Product(
        "video", "firefly-anime", "萤火番剧会员", "Firefly Anime",
        "正版番剧与新番抢先看，可离线缓存。", "Licensed anime, new episodes first, offline viewing.",
        "青藤权益", 850, _durations("YH-A", 1200, 3300, 11800),
    ),
    Product(
        "video", "isle-music", "听屿音乐会员", "Isle Music",
        "无损音质，千万曲库，无广告。", "Lossless sound, millions of tracks, no advertising.",
        "青藤权益", 840, _durations("TY-M", 1000, 2800, 9800),
    ),
    Product(
        "games", "shanhai-odyssey", "山海行纪点卡", "Shanhai Odyssey points",
        "全区全服通用点卡，可购买月卡与道具。", "Points for all servers; they buy passes and items.",
        "北辰点卡", 935, _values("SH-P", 30, 50, 100, 300),
    ),
    Product(
        "games", "star-marshal", "星域司令官水晶", "Star Marshal crystals",
        "直充星域水晶，支持双平台账号。", "Crystals for accounts on both platforms.",
        "北辰点卡", 925, _values("XY-C", 25, 60, 128, 328),
    ),
    Product(
        "games", "candy-hamlet", "糖果小村礼包", "Candy Hamlet bundles",
        "轻松消除小游戏的道具礼包，每个账号不限次数。", "Item bundles for the cosy puzzle game, no limit per account.",
        "青藤权益", 900, _values("TG-B", 6, 30, 68),
    ),
    Product(
        "mobile", "swift-credit", "迅鸽话费充值卡", "Swift Dove credit",
        "全国通用话费充值卡，可分次叠加。", "Prepaid credit valid nationwide; cards add up.",
        "通汇卡业", 968, _values("XG-C", 30, 50, 100, 200),
    ),
    Product(
        "mobile", "swift-data", "迅鸽流量包", "Swift Dove data",
        "全国流量，充值后 30 天有效。", "Data valid nationwide for 30 days after activation.",
        "通汇卡业", 915,
        (
            Variant("XG-D-5G", "5 GB 流量", "5 GB", 1500),
            Variant("XG-D-10G", "10 GB 流量", "10 GB", 2500),
            Variant("XG-D-30G", "30 GB 流量", "30 GB", 5800),
        ),
    ),
    Product(
        "gifts", "shanlan-gift", "山岚百货礼品卡", "Shanlan gift card",
        "线上商城与线下门店通用，三年有效，可分次使用。", "Valid online and in stores for three years, in parts too.",
        "通汇卡业", 955, _values("SL-G", 50, 100, 200, 500),
    ),
    Product(
        "gifts", "inkstone-notes", "砚台笔记激活码", "Inkstone Notes licence",
        "跨平台笔记软件，含手写与全文搜索。", "Notes on every platform, with handwriting and full-text search.",
        "墨石软件", 640,
        (
            Variant("YT-N-1Y", "一年订阅", "One year", 6800),
            Variant("YT-N-3Y", "三年订阅", "Three years", 16800),
            Variant("YT-N-LIFE", "永久授权", "Perpetual", 29800),
        ),
    ),
    Product(
        "gifts", "mothshield", "墨盾安全激活码", "Mothshield Security licence",
        "一年防护，含勒索软件拦截与网页防护。", "One year of protection against ransomware and bad sites.",
        "墨石软件", 580,
        (
            Variant("MD-S-2", "2 台设备一年", "2 devices, one year", 5900),
            Variant("MD-S-5", "5 台设备一年", "5 devices, one year", 9900),
            Variant("MD-S-10", "10 台设备一年", "10 devices, one year", 15900),
        ),
    ),
)  # fmt: skip

LOSS_MAKER = "SH-P-100"
"""The SKU whose supplier raises its cost above the list price for some weeks, until the shop follows."""


LOSS_MAKER_WEIGHT = 1.5


def all_skus() -> list[Sku]:
    """Every SKU; cheap variants sell best, after the loss maker, which is the shop's draw."""
    return [
        Sku(product, variant, LOSS_MAKER_WEIGHT if variant.code == LOSS_MAKER else 1 / (1 + place))
        for product in PRODUCTS
        for place, variant in enumerate(product.variants)
    ]
