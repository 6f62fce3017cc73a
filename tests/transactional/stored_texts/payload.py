"""A text that would run, break out or calculate if it could; one of its own for each field, so that it is found again.

What is looked for on pages is in `verdict`; how it comes into the fields is in `overwriting`.
"""

MARK = "x5s"
"""In every such text, and in nothing that the shop itself says."""
COMPUTED = MARK * 3
"""What the template expression in it would come to."""
_WAYS_OUT = "-->]]></title></textarea></option></script></style></template></noscript></svg></math>"
_LIVES = f"<script>{MARK}()</script><img src=x onerror={MARK}()><a href=javascript:{MARK}()>{{{{'{MARK}'*3}}}}"
STARTS = {
    "a formula": "=",
    "a sum": "+",
    "a difference": "-",
    "a function": "@",
    "a blank and a formula": " =",
    "a wide formula": "＝",
    "an address": "javascript:",
}
"""What the texts begin with: an address or a formula is one from its first sign on."""


def payload(field: str, start: str = "=") -> str:
    """`field` is "table.column", or "table.column/part" of a text within."""
    return f"{start}{readable(field)}-{MARK} on{MARK}={MARK}()>{_WAYS_OUT}{_LIVES}"


def readable(field: str) -> str:
    """The part that proves that it was read letter by letter, also where the rest is cut off."""
    return f"{MARK}[{field}]\"'><{MARK}"
