"""How customers come in: registration, log-in, codes, passwords, allowances, and the gate in front of them."""
