"""``make chaos``: a daemon with eight cameras, and a thousand faults that end with everything as it was."""
