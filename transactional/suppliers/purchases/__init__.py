"""Buying a unit: claimed, sent, asked after, delivered or failed; what suppliers tell, breakers."""
