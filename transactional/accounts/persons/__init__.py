"""What a customer says of themselves: contacts, addresses, identity, consents; sealing, export and erasure of it."""
