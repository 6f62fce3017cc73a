"""Requests for invoices (发票): tables."""
