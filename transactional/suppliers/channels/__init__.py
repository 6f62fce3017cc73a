"""Suppliers and the channels to them, with their credentials."""
