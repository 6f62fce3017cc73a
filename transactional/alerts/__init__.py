"""What somebody of the shop must hear of soon: once while it lasts, through sinks that the settings switch on."""
