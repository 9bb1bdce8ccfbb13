"""MP4 files out of the ring: copied as the camera sent it, or masked and encoded anew."""
