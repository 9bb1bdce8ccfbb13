/* When a sensor gives its frames, and how long one waits for them. */

#pragma once

#include <gst/video/video.h>

#include "argus.h"
#include "ticker.h"

typedef struct
{
  Ticker ticker;
  /* Monotonic, in microseconds: from frame to frame; when the next is due, when the first was, since when is none. */
  gint64 length, due, began, quiet;
} Sensor;

/* From now on at the rate of this video. */
void sensor_begin (Sensor * self, const GstVideoInfo * info);

/* Wait for a frame of the camera. OK: there is one, of what kind says *event. An error is posted as the camera's. */
GstFlowReturn sensor_next (Sensor * self, GstElement * camera, ArgusEvent * event);
