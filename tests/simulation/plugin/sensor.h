/* When a sensor gives its frames, and how long one waits for them. */

#pragma once

#include <gst/video/video.h>

#include "argus.h"

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean unlocked;
  /* Monotonic, in microseconds: from frame to frame; when the next is due, when the first was, since when is none. */
  gint64 length, due, began, quiet;
} Sensor;

void sensor_init (Sensor * self);
void sensor_clear (Sensor * self);

/* From now on at the rate of this video. */
void sensor_begin (Sensor * self, const GstVideoInfo * info);

/* Let go of who waits, until it is called with FALSE. */
void sensor_unlock (Sensor * self, gboolean unlocked);

/* Wait for a frame of the camera. OK: there is one, of what kind says *event. An error is posted as the camera's. */
GstFlowReturn sensor_next (Sensor * self, GstElement * camera, ArgusEvent * event);
