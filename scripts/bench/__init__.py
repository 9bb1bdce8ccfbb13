"""``make bench``: what the daemon costs beside the least that its work could cost, as ratios within one run."""
