"""Delivery: from what waits in the spool, and the retained states, to a broker that may be away."""
