"""How well and how fast objects are followed: our tracker and supervision's ByteTrack, on the same boxes."""
