"""Every request of the shop as sqlmap reads it: each value that a visitor can change is marked to be tried."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

MARK = "*"
LINE = "=" * 54
FRESH = "a-fresh-key"
"""An Idempotency-Key that the trial's app replaces with a new one for every request."""
KEYS = {"idempotency_key"}
"""Sent at random by sqlmap, as each form has its own; tried where a request names its key in a header."""


@dataclass(frozen=True)
class Trial:
    """One request. `names` fill the braces of the path; `body` is JSON; `marked` headers are tried as well."""

    method: str
    path: str
    names: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    file: tuple[str, str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    marked: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> int:
        """How many values sqlmap tries."""
        form = [key for key in self.form if key not in KEYS]
        named = len(self.names) if self.file is None else 0
        return named + len(self.query) + len(form) + _leaves(self.body) + len(self.marked)

    def text(self, host: str) -> str:
        """As a log of requests has it."""
        mark = MARK if self.file is None else ""  # of a form in parts sqlmap marks every part itself
        path = self.path.format(**{name: quote(str(value), safe="") + mark for name, value in self.names.items()})
        query = "&".join(f"{name}={quote(value, safe='')}{MARK}" for name, value in self.query.items())
        kind, body = self._body()
        headers = {"Host": host, "Sec-Fetch-Site": "same-origin", **self.headers}
        headers |= {name: value + MARK for name, value in self.marked.items()}
        headers |= {"Content-Type": kind} if kind else {}
        lines = [f"{self.method} {path}{'?' + query if query else ''} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\n".join([LINE, *lines, "", body, LINE, ""])

    def _body(self) -> tuple[str, str]:
        if self.body is not None:
            return "application/json", json.dumps(self.body)
        if self.file is not None:
            return "multipart/form-data; boundary=part", self._parts(self.file)
        if not self.form:
            return "", ""
        pairs = [(key, each) for key, value in self.form.items() for each in ([value] if _is_one(value) else value)]
        marked = (urlencode({key: each}) + ("" if key in KEYS else MARK) for key, each in pairs)
        return "application/x-www-form-urlencoded", "&".join(marked)

    def _parts(self, file: tuple[str, str, str]) -> str:
        name, file_name, content = file
        parts = [f'--part\nContent-Disposition: form-data; name="{key}"\n\n{each}' for key, each in self.form.items()]
        parts.append(
            f'--part\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\n'
            f"Content-Type: text/csv\n\n{content}"
        )
        return "\n".join([*parts, "--part--"])


def _is_one(value: object) -> bool:
    return not isinstance(value, list | tuple)


def _leaves(body: Any) -> int:
    if isinstance(body, dict):
        return sum(_leaves(each) for each in body.values())
    if isinstance(body, list):
        return sum(_leaves(each) for each in body)
    return 0 if body is None else 1
