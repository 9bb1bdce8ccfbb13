"""A JPEG of the very picture that was analysed, decoded out of the ring when somebody asks for it."""
