"""What the dashboards remember themselves, apart from the shop and its figures: who looked, saved views, thresholds.

One SQLite file for all sessions of a server. Figures do not belong here.
"""
