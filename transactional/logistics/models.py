"""Parcels: tables."""
