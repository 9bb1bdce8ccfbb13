"""``make bench``: what the daemon costs beside the least that its work could cost, and what cameras that come and go,
or break, cost the others.
"""
