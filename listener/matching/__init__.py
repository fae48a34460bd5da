"""Which brands a text means, and why. No I/O."""
