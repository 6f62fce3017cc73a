"""What a customer owns, and its life at the provider: tables."""
