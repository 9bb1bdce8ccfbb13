"""``make chaos-delivery``: a daemon, its broker and the network between them are broken, and no event may be lost."""
