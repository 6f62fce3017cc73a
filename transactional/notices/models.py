"""Telling customers what happened: tables."""
