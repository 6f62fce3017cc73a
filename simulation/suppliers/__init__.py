"""Simulated suppliers over HTTP: their protocols, their books, and how they misbehave."""
