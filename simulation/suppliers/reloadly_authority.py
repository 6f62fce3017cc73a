"""The authority of the simulated Reloadly-like supplier: gives tokens for one audience, and takes them back."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from simulation.suppliers.account import Account

LASTS = timedelta(hours=24)


class Authority:
    """`given` counts the tokens that were ever given."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._until: dict[str, datetime] = {}
        self.given = 0
        self.lasts = LASTS

    def give(self, asked: Mapping[str, Any]) -> dict[str, object] | None:
        """None for whoever is not the client, or asks for another audience."""
        credentials = self._account.credentials
        expected = {
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
            "grant_type": "client_credentials",
            "audience": self._account.base_url,
        }
        if any(asked.get(name) != value for name, value in expected.items()):
            return None
        token = secrets.token_urlsafe(32)
        self._until[token] = self._account.now() + self.lasts
        self.given += 1
        return {
            "access_token": token,
            "scope": "developer",
            "expires_in": int(self.lasts.total_seconds()),
            "token_type": "Bearer",
        }

    def knows(self, token: str) -> bool:
        until = self._until.get(token)
        return until is not None and self._account.now() < until

    def take_all_back(self) -> None:
        self._until.clear()
