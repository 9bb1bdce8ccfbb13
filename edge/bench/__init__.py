"""What a configuration needs of a machine: measured here, or estimated for a board."""
