"""Where goods come from that the shop buys when they are sold: suppliers, channels, offers, routing, purchases."""
