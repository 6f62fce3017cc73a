"""The one way to write an object down that is hashed or signed: RFC 8785."""

import json


def canonical(content: object) -> bytes:
    """RFC 8785 form of objects, arrays, strings and integers whose keys are ASCII.

    Raises TypeError or ValueError for anything else.
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
