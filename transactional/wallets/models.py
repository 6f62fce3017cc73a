"""Money in and out of wallets: top-ups and withdrawals, as the compliance profile allows: tables."""
