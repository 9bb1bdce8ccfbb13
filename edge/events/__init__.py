"""Events and how they reach the broker."""
