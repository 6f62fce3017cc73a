"""Where the shop advertises, by the code that statements and figures call each by. Pure."""

PLATFORMS: dict[str, tuple[str, str]] = {
    "oceanengine": ("巨量引擎", "Ocean Engine"),
    "tencent": ("腾讯广告", "Tencent Ads"),
    "kuaishou": ("磁力引擎", "Kuaishou"),
    "baidu": ("百度营销", "Baidu"),
    "alimama": ("阿里妈妈", "Alimama"),
    "jd": ("京准通", "JD Ads"),
    "xiaohongshu": ("小红书聚光", "Xiaohongshu"),
    "bilibili": ("哔哩哔哩", "Bilibili"),
    "weibo": ("微博", "Weibo"),
    "zhihu": ("知乎", "Zhihu"),
    "google": ("谷歌广告", "Google Ads"),
    "meta": ("Meta 广告", "Meta Ads"),
    "other": ("其他平台", "Another platform"),
}
"""Code: name in Chinese, in English."""
OTHER_WORDS = {"巨量千川": "oceanengine", "抖音": "oceanengine", "douyin": "oceanengine", "广点通": "tencent"}
OTHER_WORDS |= {"快手": "kuaishou", "百度": "baidu", "小红书": "xiaohongshu", "b站": "bilibili", "google ads": "google"}


def platform_code(written: str) -> str | None:
    """The code of a platform written by code or by name; None for one that is not known."""
    word = written.strip().casefold()
    names = {name.casefold(): code for code, both in PLATFORMS.items() for name in both}
    return word if word in PLATFORMS else names.get(word) or OTHER_WORDS.get(word)
