/* The software that decodes in the decoder's place. */

#pragma once

#include <gst/gst.h>

/* A decoder of this media type that works in its caller's thread and goes on after errors; NULL: none is installed. */
GstElement *codec_make (const gchar * media, gint mpegversion);
