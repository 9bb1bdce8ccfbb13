/* What a simulated sensor sees. tests/simulation/picture.py paints the same. */

#pragma once

#include <gst/video/video.h>

/* Pictures after which the bright square is where it began. */
#define CAMERA_ROUND 60

/* Paint picture "number" of a sensor, NV12 or P010. */
void camera_paint (GstVideoFrame * frame, gint sensor, guint64 number);
