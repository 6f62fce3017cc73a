"""What channels offer, at which price: pulls, pushes, sheets, exchange rates."""
