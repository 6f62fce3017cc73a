"""What a check of the ledger found: each finding a sentence. How it is found is told in the checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import TextClause

from mingsuan.i18n import translator
from transactional.db import ReadSession

DOMAIN = "ledger"
MOST = 20
MORE = "{check}: {count} more of the same kind."


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong. `message` is an English sentence whose braces `values` fill."""

    check: str
    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, language: str = "en") -> str:
        """For people, in "zh_CN" or "en"."""
        return translator(language, DOMAIN)(self.message).format(**self.values)


@dataclass(frozen=True, slots=True)
class BookCheck:
    """A statement whose every row is a finding; its columns fill the message, `found` counts all rows."""

    check: str
    message: str
    statement: TextClause

    async def findings(self, session: ReadSession) -> list[Finding]:
        """The first MOST, and how many more there are."""
        rows: list[dict[str, Any]] = [dict(row._mapping) for row in await session.execute(self.statement)]
        found = [Finding(self.check, self.message, row) for row in rows]
        if rows and rows[0]["found"] > MOST:
            found.append(Finding(self.check, MORE, {"check": self.check, "count": rows[0]["found"] - MOST}))
        return found
