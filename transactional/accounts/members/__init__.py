"""Staff: who they are, how they join and come in, their second step, devices and log-ins."""
