"""How many cameras a board carries, from published and measured rates."""
