"""Which pictures matter where a camera is analysed on motion: what of a picture moved, and what follows of that."""
