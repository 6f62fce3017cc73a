"""What lies with suppliers and is owed to them: balances, payments, statements, claims."""
