"""Cases about what was bought: tables."""
