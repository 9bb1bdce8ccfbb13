"""The last seconds of a camera's stream as it was sent, kept in memory while somebody may ask for them."""
