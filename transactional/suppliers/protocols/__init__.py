"""Protocols of suppliers, an adapter each behind `interface.Supply`."""
