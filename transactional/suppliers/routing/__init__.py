"""Which channel a unit is bought from: rules, estimates, policies, stored decisions, guards of the margin."""
