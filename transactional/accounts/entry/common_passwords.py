"""Passwords that everybody tries first: found at the head of every published list of breached passwords. Pure.

Only those are listed that are long enough to be taken otherwise; shorter ones fail by their length. Compared in lower
case, without spaces around; a run or a repetition of the same few characters is refused without being listed.
"""

import re

LIST = """
    password12 password123 password1234 password12345 password123456 passw0rd123 p@ssw0rd123 p@ssword123 p@ssw0rd12
    mypassword mypassword1 newpassword newpassword1 changeme123 changeme1234 letmein123 letmein1234 welcome123
    welcome1234 welcome2023 welcome2024 welcome2025 welcome2026 iloveyou123 iloveyou12 iloveyou1314 iloveyou520
    iloveyouforever qwerty1234 qwerty12345 qwerty123456 qwertyuiop qwertyuiop1 qwertyuiop123 qwertyuiop[] asdfghjkl1
    asdfghjkl123 asdfghjkl; zxcvbnm123 zxcvbnm1234 zxcvbnm,./ 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qaz2wsx3edc4rfv
    qazwsxedc123 qazwsxedcrfv zaq12wsxcde3 q1w2e3r4t5 q1w2e3r4t5y6 abc1234567 abc12345678 abc123456789 a123456789
    a1234567890 aa123456789 aaa123456789 a12345678a qq123456789 qq1234567890 qwe123456789 asd123456789 zxc123456789
    woaini1314 woaini520 woaini5201314 woaini123 woaini521 woaini123456 5201314520 1314520520 5201314123 5201314asd
    woaiwojia1 woaiwojia123 wodemima123 wodemima888 mima123456 mima12345678 nihao123456 zhongguo123 zhongguo888
    zhongguo1949 woshishui123 wangyi123456 taobao123456 alipay123456 weixin123456 xiaoming123 admin12345 admin123456
    admin1234567 administrator administrator1 root123456 test123456 testtest123 user123456 guest123456 1234qwerasdf
    123qweasdzxc qweasdzxc123 123456qwerty 123456789a 123456789abc 123456789q 123456789qq 12345678910 123456abcdef
    123456asdfgh 987654321a 1234567890a 1234567890q 0987654321 147258369a 1472583690 14725836900 0147258369 3692581470
    1597534862 7894561230 9876543210 1123581321 3141592653 31415926535 football123 baseball123 superman123 batman1234
    dragon12345 monkey12345 shadow12345 master12345 sunshine123 princess123 michael123 jordan12345 pokemon1234
    starwars123 whatever123 trustno1trustno1 computer123 internet123 samsung123 hello123456 helloworld helloworld1
    helloworld123 secret12345 correcthorsebatterystaple abcdefghij abcdefghijk abcd123456 abcd12345678 abcde12345
    abcdef123456 88888888aa 888888888a 666666666a 520520520a aptx4869aptx
"""
COMMON = frozenset(LIST.split())
ONE_THING_AGAIN = re.compile(r"(.{1,4}?)\1+.?")
DIGITS = "01234567890"
RUNS = (DIGITS, DIGITS[::-1], "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def is_common(password: str) -> bool:
    """Whether it is among the first that a stranger tries."""
    plain = password.strip().casefold()
    return plain in COMMON or bool(ONE_THING_AGAIN.fullmatch(plain)) or any(plain in run * 2 for run in RUNS)
