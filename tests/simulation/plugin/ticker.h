/* A wait for the next of a camera's pictures, which can be broken off. */

#pragma once

#include <gst/gst.h>

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean unlocked;
} Ticker;

void ticker_init (Ticker * self);
void ticker_clear (Ticker * self);

/* Let go of who waits, until it is called with FALSE. */
void ticker_unlock (Ticker * self, gboolean unlocked);

/* Wait until then, in microseconds of the monotonic clock; FALSE when it is to stop. */
gboolean ticker_wait (Ticker * self, gint64 when);
